import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Check } from '../../src/doctor/check.js';
import { doctor } from '../../src/doctor.js';
import type { NamedFinding } from '../../src/doctor/run-checks.js';
import { DynamoDbStore } from '../../src/handover/dynamodb-store.js';
import { startEmbeddedDynamoDb } from '../../src/handover/embedded-dynamodb.js';
import { AwsApi } from '../../sim/aws/server.js';
import type { LambdaFunctionState } from '../../sim/aws/functions.js';
import { ConnectApi } from '../../sim/connect-api/server.js';
import { startLambda } from '../../sim/connect/lambda.js';
import { LeakWatch } from './leaks.js';

export const INSTANCE = '0a1b2c3d-1111-2222-3333-444455556666';
export const NUMBER = '7c8d9e0f-1111-2222-3333-444455556666';
export const FUNCTION = 'tandem-redeem';
export const ALIAS_ARN = `arn:aws:lambda:us-east-1:123456789012:function:${FUNCTION}:live`;
export const DEFINITION = 'arn:aws:ecs:us-east-1:123456789012:task-definition/tandem-gateway:7';
export const IMAGE = '123456789012.dkr.ecr.us-east-1.amazonaws.com/tandem:v0.1.0';
const PEPPER = '6f1ed002ab5595859014ebf0951522d9ac35f9e0b1f2a87c';
const TABLE = 'tandem-handovers';
const FLOW = JSON.stringify({
  Actions: [{ Type: 'InvokeLambdaFunction', Parameters: { LambdaFunctionARN: ALIAS_ARN } }],
});

/** What the doctor said of the deployment. */
export interface Said {
  code: 0 | 1;
  findings: readonly NamedFinding[];
  /** The findings that are not fine, as `result id`. */
  ids: string[];
  /** Their texts. */
  text: string;
}

/** For tests of `doctor --deployment`: a deployment in which all is well, with the built Lambda and a real table. */
export class DeployedAws {
  readonly aws = new AwsApi();
  readonly connect = new ConnectApi({ instanceId: INSTANCE });
  outputs: Record<string, unknown> = {};
  private readonly saved = { ...process.env };
  private readonly closers: (() => Promise<unknown>)[] = [];
  private env: Record<string, string> = {};
  private file = '';
  private tableUrl = '';
  private lambda: LambdaFunctionState | undefined;

  async start(): Promise<this> {
    const folder = await mkdtemp(join(tmpdir(), 'tandem-outputs-'));
    this.file = join(folder, 'outputs.json');
    const embedded = await startEmbeddedDynamoDb();
    this.tableUrl = embedded.endpointUrl;
    const store = new DynamoDbStore({
      tableName: TABLE,
      region: 'us-east-1',
      endpointUrl: this.tableUrl,
      localCredentials: true,
    });
    await store.createTable();
    const { accessKeyId, secretAccessKey } = this.aws.credentials;
    // The SDK finds credentials here and nowhere else.
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey });
    this.env = { ...(await this.aws.start()), AWS_ENDPOINT_URL_CONNECT: await this.connect.start() };
    this.closers.push(
      () => store.close(),
      () => embedded.close(),
      () => this.aws.close(),
      () => this.connect.close(),
      () => rm(folder, { recursive: true }),
    );
    this.reset(this.startFunction({ HANDOVER_TOKEN_PEPPER: PEPPER }));
    return this;
  }

  /** Starts the built Lambda with these variables over those that are right. */
  startFunction(changes: Readonly<Record<string, string>>): LambdaFunctionState {
    const environment = {
      DYNAMODB_TABLE_NAME: TABLE,
      DYNAMODB_ENDPOINT_URL: this.tableUrl,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      ...changes,
    };
    const running = startLambda(environment);
    this.closers.push(() => running.close());
    return {
      aliases: new Map([['live', '7']]),
      environment,
      policies: new Map([['live', { Statement: [statement()] }]]),
      invoke: running.invoke,
    };
  }

  /** Puts everything right again. */
  reset(lambda: LambdaFunctionState | undefined = this.lambda): void {
    const { aws, connect } = this;
    this.lambda = lambda;
    aws.denied.clear();
    aws.asked.length = 0;
    aws.ecs.services.splice(0, Infinity, {
      cluster: 'tandem',
      name: 'tandem-gateway',
      taskDefinition: DEFINITION,
      desired: 2,
      running: 2,
    });
    aws.ecs.images.set(DEFINITION, IMAGE);
    aws.secrets.values.clear();
    aws.secrets.values.set('tandem/HANDOVER_TOKEN_PEPPER', PEPPER).set('tandem/TWILIO_AUTH_TOKEN', 'twilio-secret-one');
    aws.functions.byName.clear();
    if (lambda !== undefined) {
      lambda.policies.set('live', { Statement: [statement()] });
      aws.functions.byName.set(FUNCTION, lambda);
    }
    connect.fault = undefined;
    connect.flows.denied.clear();
    connect.flows.byId
      .set('flow-1', { name: 'tandem-inbound', type: 'CONTACT_FLOW', published: FLOW })
      .set('flow-2', { name: 'tandem-whisper', type: 'AGENT_WHISPER', published: '{}' })
      .set('flow-3', { name: 'tandem-guide', type: 'CONTACT_FLOW', published: '{}' });
    connect.flows.functions.splice(0, Infinity, ALIAS_ARN);
    connect.flows.ofNumbers.clear();
    connect.flows.ofNumbers.set(NUMBER, 'flow-1');
    this.outputs = {
      region: 'us-east-1',
      settings: {
        AWS_REGION: 'us-east-1',
        USE_LOCAL_DYNAMODB: 'false',
        DYNAMODB_TABLE_NAME: TABLE,
        DYNAMODB_ENDPOINT_URL: this.tableUrl,
      },
      secret_names: {
        HANDOVER_TOKEN_PEPPER: 'tandem/HANDOVER_TOKEN_PEPPER',
        TWILIO_AUTH_TOKEN: 'tandem/TWILIO_AUTH_TOKEN',
      },
      secrets_in_use: ['HANDOVER_TOKEN_PEPPER', 'TWILIO_AUTH_TOKEN'],
      service: { cluster: 'tandem', name: 'tandem-gateway', task_definition: DEFINITION },
      image: IMAGE,
      lambda_alias_arn: ALIAS_ARN,
      connect: {
        instance_id: INSTANCE,
        phone_number_id: NUMBER,
        flows: { inbound: 'flow-1', whisper: 'flow-2', guide: 'flow-3' },
      },
    };
  }

  /** Runs `doctor --deployment` with the outputs as Terraform writes them, and looks for secrets in its report. */
  async ask(options: { checks?: readonly Check[]; env?: Record<string, string> } = {}): Promise<Said> {
    const { checks = [], env = {} } = options;
    const written = Object.entries(this.outputs).map(([name, value]) => [name, { sensitive: false, value }]);
    await writeFile(this.file, JSON.stringify(Object.fromEntries(written)));
    const lines: string[] = [];
    const code = await doctor(
      { answers: '', json: true, live: false, deployment: true, outputs: this.file },
      { env: { ...this.env, ...env }, checks, write: (line) => lines.push(line) },
    );
    const leaks = new LeakWatch();
    leaks.settings({ HANDOVER_TOKEN_PEPPER: PEPPER, TWILIO_AUTH_TOKEN: 'twilio-secret-one' });
    leaks.secret(this.aws.credentials.secretAccessKey);
    leaks.wrote('the report', lines.join('\n'));
    leaks.check();
    const { findings } = JSON.parse(lines.join('')) as { findings: NamedFinding[] };
    const wrong = findings.filter(({ result }) => result !== 'fine');
    return {
      code,
      findings,
      ids: wrong.map(({ id, result }) => `${result} ${id}`),
      text: wrong.map(({ text }) => text).join('\n'),
    };
  }

  async close(): Promise<void> {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) {
      if (this.saved[name] === undefined) delete process.env[name];
      else process.env[name] = this.saved[name];
    }
    for (const close of this.closers.toReversed()) await close();
  }
}

/** As terraform/modules/connect allows Connect to invoke the alias. */
function statement(instance = INSTANCE): unknown {
  return {
    Sid: 'connect',
    Effect: 'Allow',
    Principal: { Service: 'connect.amazonaws.com' },
    Action: 'lambda:InvokeFunction',
    Resource: ALIAS_ARN,
    Condition: {
      StringEquals: { 'AWS:SourceAccount': '123456789012' },
      ArnLike: { 'AWS:SourceArn': `arn:aws:connect:us-east-1:123456789012:instance/${instance}` },
    },
  };
}

/** The same for another instance. */
export const ofAnotherInstance = statement('another');
