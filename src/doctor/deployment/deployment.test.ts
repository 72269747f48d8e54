import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import {
  ALIAS_ARN,
  DEFINITION,
  DeployedAws,
  FUNCTION,
  IMAGE,
  NUMBER,
  ofAnotherInstance,
} from '../../../test/support/deployed-aws.js';
import { fault } from '../finding.js';

const OTHER_PEPPER = 'c35f9e0b1f2a87c6f1ed002ab5595859d4c3b2a1908f7e6d';

/** Deploys the Lambda with another pepper than the gateway's, and with this table. */
function withOtherPepper(deployed: DeployedAws, table: string): void {
  const { functions } = deployed.aws;
  functions.byName.set(
    FUNCTION,
    deployed.startFunction({ HANDOVER_TOKEN_PEPPER: OTHER_PEPPER, DYNAMODB_TABLE_NAME: table }),
  );
}

describe("the doctor's look at a deployment", () => {
  let scene: DeployedAws;
  before(async () => {
    scene = await new DeployedAws().start();
  });
  beforeEach(() => scene.reset());
  after(() => scene.close());

  test('a deployment in which all is well has no note and no fault, and its Lambda redeems a token', async () => {
    const { code, findings, ids, text } = await scene.ask();
    assert.deepEqual([code, ids.filter((id) => !id.endsWith(' settings'))], [0, []], text);
    const texts = findings.map(({ id, text: one }) => `${id}: ${one}`).join('\n');
    assert.match(texts, /deployment-secrets: All 2 secrets in use have a value\./);
    assert.match(texts, /deployment-image: The service runs tandem-gateway:7 with \S+:v0\.1\.0, as Terraform wants\./);
    assert.match(texts, /deployment-service: 2 tasks run, and 2 are wanted\./);
    assert.match(texts, /lambda-ready: tandem-redeem, version 7 redeemed a token of this gateway in \d+\.\d s\./);
    assert.match(texts, /flow-ready: The three flows .* are published, and the number leads to them\./);
  });

  /** The settings and secrets of the deployment reach the other checks. */
  test('the other checks run with the settings and secrets of the deployment, whatever is set here', async () => {
    let seen: Record<string, string | undefined> = {};
    await scene.ask({
      env: { DYNAMODB_TABLE_NAME: 'of-the-laptop', TWILIO_AUTH_TOKEN: 'of-the-laptop', LOG_LEVEL: 'warn' },
      checks: [
        {
          name: 'one',
          run: ({ env }) => {
            seen = env;
            return [];
          },
        },
      ],
    });
    assert.deepEqual(
      [seen['DYNAMODB_TABLE_NAME'], seen['TWILIO_AUTH_TOKEN'], seen['LOG_LEVEL']],
      ['tandem-handovers', 'twilio-secret-one', 'warn'],
    );
  });

  type Change = (scene: DeployedAws) => void;
  const FAULTS: readonly (readonly [what: string, id: string, text: RegExp, change: Change])[] = [
    [
      'a secret without a value',
      'fault deployment-secrets',
      /tandem\/TWILIO_AUTH_TOKEN has no value.*terraform\/fill-secrets\.sh TWILIO_AUTH_TOKEN/,
      ({ aws }) => aws.secrets.values.delete('tandem/TWILIO_AUTH_TOKEN'),
    ],
    [
      'an older task definition that runs',
      'fault deployment-image',
      /runs tandem-gateway:6 with \S+:v0\.0\.9, and Terraform wants tandem-gateway:7 with \S+:v0\.1\.0.*turned back.*aws ecs describe-services/,
      ({ aws }) => {
        const older = DEFINITION.replace(/7$/, '6');
        Object.assign(aws.ecs.services[0] ?? {}, { taskDefinition: older });
        aws.ecs.images.set(older, IMAGE.replace('v0.1.0', 'v0.0.9'));
      },
    ],
    [
      'older settings that run with the same image',
      'fault deployment-image',
      /runs tandem-gateway:6 with \S+:v0\.1\.0, and Terraform wants tandem-gateway:7/,
      ({ aws }) => {
        const older = DEFINITION.replace(/7$/, '6');
        Object.assign(aws.ecs.services[0] ?? {}, { taskDefinition: older });
        aws.ecs.images.set(older, IMAGE);
      },
    ],
    [
      'a deployment that has failed',
      'fault deployment-image',
      /has failed, and its tasks do not start/,
      ({ aws }) => Object.assign(aws.ecs.services[0] ?? {}, { rollout: 'FAILED' }),
    ],
    [
      'tasks of before that still have calls',
      'advice deployment-image',
      /is changing to tandem-gateway:7 .*Tasks of tandem-gateway:6 still have calls/,
      ({ aws }) =>
        Object.assign(aws.ecs.services[0] ?? {}, {
          older: { taskDefinition: DEFINITION.replace(/7$/, '6'), running: 1 },
        }),
    ],
    [
      'a service without a running task',
      'fault deployment-service',
      /No task runs, so every call goes to the fallback.*aws ecs describe-services/,
      ({ aws }) => Object.assign(aws.ecs.services[0] ?? {}, { running: 0 }),
    ],
    [
      'a service with too few tasks',
      'advice deployment-service',
      /1 of 2 tasks run/,
      ({ aws }) => Object.assign(aws.ecs.services[0] ?? {}, { running: 1 }),
    ],
    [
      'a service that is not there',
      'fault deployment-service',
      /no active service tandem-gateway.*terraform/,
      ({ aws }) => Object.assign(aws.ecs.services[0] ?? {}, { name: 'another' }),
    ],
    [
      'no permission to ask ECS',
      'fault deployment-service',
      /AccessDeniedException.*ecs:DescribeServices/,
      ({ aws }) => aws.denied.add('ecs:DescribeServices'),
    ],
    [
      'a Lambda that is not there',
      'fault lambda-missing',
      /no Lambda tandem-redeem:live.*context.*terraform -chdir=terraform apply/,
      ({ aws }) => aws.functions.byName.clear(),
    ],
    [
      'an alias that is not there',
      'fault lambda-missing',
      /no Lambda tandem-redeem:live/,
      ({ aws }) => {
        const state = aws.functions.byName.get(FUNCTION);
        if (state !== undefined) aws.functions.byName.set(FUNCTION, { ...state, aliases: new Map() });
      },
    ],
    [
      'no permission to invoke the Lambda',
      'fault lambda-access',
      /AccessDeniedException.*InvokeFunction/,
      ({ aws }) => aws.denied.add('lambda:InvokeFunction'),
    ],
    [
      'no permission to read who may invoke the Lambda',
      'advice lambda-permission',
      /AccessDeniedException.*lambda:GetPolicy/,
      ({ aws }) => aws.denied.add('lambda:GetPolicy'),
    ],
    [
      'a Lambda that Connect may not invoke',
      'fault lambda-permission',
      /may not invoke.*aws lambda add-permission .*--qualifier live .*instance\/0a1b2c3d/,
      ({ aws }) => aws.functions.byName.get(FUNCTION)?.policies.clear(),
    ],
    [
      'a Lambda that only another instance may invoke',
      'fault lambda-permission',
      /may not invoke/,
      ({ aws }) => aws.functions.byName.get(FUNCTION)?.policies.set('live', { Statement: [ofAnotherInstance] }),
    ],
    [
      'a Lambda with another pepper',
      'fault lambda-pepper',
      /has another pepper.*without their context.*fill-secrets\.sh HANDOVER_TOKEN_PEPPER/,
      (deployed) => withOtherPepper(deployed, 'tandem-handovers'),
    ],
    [
      'a Lambda that throws',
      'fault lambda-failed',
      /ends with an error.*aws logs tail \/aws\/lambda\/tandem-redeem/,
      ({ aws }) => {
        const state = aws.functions.byName.get(FUNCTION);
        const invoke = (): Promise<never> => Promise.reject(new Error('broken'));
        if (state !== undefined) aws.functions.byName.set(FUNCTION, { ...state, invoke });
      },
    ],
    [
      'a Lambda whose table cannot be read',
      'fault lambda-failed',
      /answers a token with "error"/,
      (deployed) => withOtherPepper(deployed, 'not-there'),
    ],
    [
      'a flow that was saved and never published',
      'fault flow-unpublished',
      /flow inbound is saved and not published.*Publish it/,
      ({ connect }) =>
        connect.flows.byId.set('flow-1', { name: 'tandem-inbound', type: 'CONTACT_FLOW', published: undefined }),
    ],
    [
      'a flow that is archived',
      'fault flow-unpublished',
      /flow whisper is archived/,
      ({ connect }) =>
        connect.flows.byId.set('flow-2', { name: 'w', type: 'AGENT_WHISPER', published: '{}', isArchived: true }),
    ],
    [
      'a flow that is not there',
      'fault flow-missing',
      /no flow flow-3 \(guide\)/,
      ({ connect }) => connect.flows.byId.delete('flow-3'),
    ],
    [
      'a flow that asks another Lambda',
      'fault flow-lambda',
      /asks arn:aws:lambda:us-east-1:123456789012:function:older and not arn\S+:live/,
      ({ connect }) => {
        const flow = connect.flows.byId.get('flow-1');
        const published = flow?.published?.replace(ALIAS_ARN, 'arn:aws:lambda:us-east-1:123456789012:function:older');
        if (flow !== undefined) connect.flows.byId.set('flow-1', { ...flow, published });
      },
    ],
    [
      'an instance that does not know the Lambda',
      'fault flow-lambda',
      /does not list.*aws connect associate-lambda-function .*--function-arn arn/,
      ({ connect }) => connect.flows.functions.splice(0),
    ],
    [
      'a number with another flow',
      'fault flow-number',
      new RegExp(`number ${NUMBER} does not lead.*associate-phone-number-contact-flow .*--contact-flow-id flow-1`),
      ({ connect }) => connect.flows.ofNumbers.set(NUMBER, 'flow-9'),
    ],
    [
      'no permission to read the flows',
      'advice flow-access',
      /AccessDeniedException.*connect:DescribeContactFlow/,
      ({ connect }) => connect.flows.denied.add('DescribeContactFlow'),
    ],
    [
      'an output that Terraform does not have yet',
      'advice deployment-outputs',
      /no output connect.*terraform -chdir=terraform apply/,
      (deployed) => delete deployed.outputs['connect'],
    ],
  ];
  for (const [what, id, text, change] of FAULTS) {
    test(`the doctor finds ${what} in a deployment, and says what to do`, async () => {
      change(scene);
      const said = await scene.ask();
      assert.deepEqual(
        said.ids.filter((one) => !one.endsWith(' settings')),
        [id],
        said.text,
      );
      assert.match(said.text, text);
      assert.equal(said.code, id.startsWith('fault') ? 1 : 0);
    });
  }

  test('a Lambda that reads another table is told from one with another pepper', async () => {
    const state = scene.startFunction({ HANDOVER_TOKEN_PEPPER: OTHER_PEPPER });
    const environment = { ...state.environment, DYNAMODB_TABLE_NAME: 'older-handovers' };
    scene.aws.functions.byName.set(FUNCTION, { ...state, environment });
    const { text } = await scene.ask();
    assert.match(text, /reads the table older-handovers, and the gateway writes to tandem-handovers/);
  });

  test('secrets that may not be read are a note, and those of here are used in their place', async () => {
    scene.aws.denied.add('secretsmanager:GetSecretValue');
    const env = { HANDOVER_TOKEN_PEPPER: OTHER_PEPPER, TWILIO_AUTH_TOKEN: 'of-the-laptop' };
    const { ids, text } = await scene.ask({ env });
    assert.deepEqual(
      ids.filter((id) => !id.endsWith(' settings')),
      ['advice deployment-secrets', 'advice deployment-secrets', 'fault lambda-pepper'],
    );
    assert.match(text, /cannot be read \(AccessDeniedException\).*secretsmanager:GetSecretValue.*kms:Decrypt/);
  });

  test('a Redis in the network of the deployment is a note from outside, and another one stays a fault', async () => {
    const redis = { name: 'Redis', run: () => [fault('redis-unreachable', 'Redis does not answer.')] };
    const settings = scene.outputs['settings'] as Record<string, string>;
    for (const [url, expected, what] of [
      ['rediss://gateway:x@master.tandem.abc.euc1.cache.amazonaws.com:6379', 'advice redis-unreachable', /in a task/],
      ['redis://redis.example.com:6379', 'fault redis-unreachable', /does not answer/],
    ] as const) {
      const JOURNAL_KEY = Buffer.alloc(32, 1).toString('base64');
      scene.outputs = { ...scene.outputs, settings: { ...settings, REDIS_URL: url, JOURNAL_KEY } };
      const { ids, text } = await scene.ask({ checks: [redis] });
      assert.ok(ids.includes(expected), text);
      assert.match(text, what);
    }
  });

  test('without outputs the doctor says how to get them, and asks what the settings name', async () => {
    scene.outputs = {};
    const asked: string[] = [];
    const said = await scene.ask({
      checks: [
        {
          name: 'one',
          run: () => {
            asked.push('one');
            return [];
          },
        },
      ],
    });
    assert.equal(said.code, 1);
    assert.ok(said.ids.includes('fault deployment-outputs'));
    assert.match(said.text, /lacks what the doctor needs: region.*terraform output -json > outputs\.json/);
    assert.deepEqual(asked, ['one']);
  });
});
