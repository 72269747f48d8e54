import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { credentials, loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

// Tests the offline provider that `npm run check:terraform` uses, without the terraform command that the check needs.
const OFFLINE = resolve('terraform/offline');
const SCHEMA = readFileSync(`${OFFLINE}/aws-schema.json`, 'utf8');
const AWS = 'registry.terraform.io/hashicorp/aws';

const load = async <Module>(file: string): Promise<Module> =>
  (await import(pathToFileURL(`${OFFLINE}/${file}`).href)) as Module;

interface Codec {
  UNKNOWN: symbol;
  decode: (bytes: Buffer) => unknown;
  encode: (value: unknown) => Buffer;
}

interface OfflineProvider {
  startOfflineProvider: () => Promise<{ reattach: string; close: () => void }>;
}

type Values = Record<string, unknown>;

interface Answer {
  resource_schemas: Record<string, { block: { attributes: { name: string; type: Buffer; required: boolean }[] } }>;
  /** Missing if there are none. */
  diagnostics?: { severity: string; summary: string }[];
  planned_state: { msgpack: Buffer };
  new_state: { msgpack: Buffer };
  state: { msgpack: Buffer };
}

type Method = (request: object, answer: (error: Error | null, answer: Answer) => void) => void;
type Client = Record<string, Method> & { close: () => void };

describe('terraform/offline', () => {
  let codec: Codec;
  let provider: { reattach: string; close: () => void };
  let client: Client;

  before(async () => {
    codec = await load<Codec>('msgpack.mjs');
    provider = await (await load<OfflineProvider>('provider.mjs')).startOfflineProvider();
    client = connect();
  });
  after(() => {
    client.close();
    provider.close();
  });

  /** A connection like that of one `provider` block. */
  function connect(): Client {
    const plugins = JSON.parse(provider.reattach) as Record<string, { Addr: { String: string } }>;
    const { tfplugin5 } = loadPackageDefinition(
      loadSync(`${OFFLINE}/tfplugin5.proto`, { keepCase: true }),
    ) as unknown as { tfplugin5: { Provider: new (address: string, secret: unknown) => Client } };
    return new tfplugin5.Provider(plugins[AWS]?.Addr.String ?? '', credentials.createInsecure());
  }

  const ask = (method: string, request: object, by = client): Promise<Answer> =>
    new Promise((done, failed) => {
      by[method]?.(request, (error, answer) => (error === null ? done(answer) : failed(error)));
    });
  const message = (value: unknown) => ({ msgpack: codec.encode(value) });

  /** All attributes and blocks of a resource, empty, with `values` in them. */
  function full(type: string, values: Values): Values {
    const { block } = (
      JSON.parse(SCHEMA) as {
        provider_schemas: Record<
          string,
          { resource_schemas: Record<string, { block: { attributes: object; block_types?: object } }> }
        >;
      }
    ).provider_schemas[AWS]?.resource_schemas[type] ?? { block: { attributes: {} } };
    const empty = (names: object, value: unknown) => Object.keys(names).map((name) => [name, value] as const);
    return {
      ...Object.fromEntries([...empty(block.attributes, null), ...empty(block.block_types ?? {}, [])]),
      ...values,
    };
  }
  const refused = async (type: string, values: Values): Promise<string[]> => {
    const request = { type_name: type, config: message(full(type, values)) };
    return ((await ask('ValidateResourceTypeConfig', request)).diagnostics ?? []).map(({ summary }) => summary);
  };

  test('the offline provider tells Terraform the shape of each resource in use', async () => {
    const { resource_schemas: resources } = await ask('GetSchema', {});
    const code = resources['aws_cloudfront_function']?.block.attributes.find(({ name }) => name === 'code');
    assert.deepEqual([code?.required, code?.type.toString()], [true, '"string"']);
    const used = readdirSync('terraform', { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.tf') && !name.includes('.terraform/'))
      .flatMap((name) =>
        Array.from(
          readFileSync(`terraform/${name}`, 'utf8').matchAll(/^resource "(aws_\w+)"/gm),
          ([, type = '']) => type,
        ),
      );
    assert.deepEqual(Object.keys(resources).toSorted(), [...new Set(used)].toSorted());
  });

  test('applying gives a resource the ids of the region of its provider block, and keeps a secret out of the state', async () => {
    const frankfurt = connect();
    await ask('Configure', { config: message({ region: 'eu-central-1', default_tags: [] }) }, frankfurt);
    const values = full('aws_elasticache_user', {
      user_id: 'gateway',
      user_name: 'gateway',
      engine: 'valkey',
      access_string: 'on ~tandem:call:* -@all +eval',
      passwords_wo: 'a-password-that-is-secret',
      passwords_wo_version: 1,
    });
    const request = { type_name: 'aws_elasticache_user', prior_state: message(null), config: message(values) };
    const { planned_state: planned } = await ask(
      'PlanResourceChange',
      { ...request, proposed_new_state: message(values) },
      frankfurt,
    );
    const plan = codec.decode(planned.msgpack) as Values;
    assert.equal(plan['arn'], codec.UNKNOWN);
    const { new_state: made } = await ask('ApplyResourceChange', { ...request, planned_state: planned }, frankfurt);
    frankfurt.close();
    const state = codec.decode(made.msgpack) as Values;
    assert.equal(state['arn'], 'arn:aws:elasticache:eu-central-1:111122223333:user:gateway');
    assert.deepEqual([plan['passwords_wo'], state['passwords_wo']], [null, null]);
    assert.ok(!made.msgpack.toString('latin1').includes('secret'));
  });

  test('a policy document becomes the JSON of IAM', async () => {
    const statement = {
      sid: 'Read',
      effect: null,
      actions: ['dynamodb:GetItem'],
      not_actions: null,
      resources: ['arn:aws:dynamodb:us-east-1:111122223333:table/a', 'arn:aws:dynamodb:us-east-1:111122223333:table/b'],
      not_resources: null,
      condition: [{ test: 'StringEquals', variable: 'aws:SourceAccount', values: ['111122223333'] }],
      principals: [{ type: 'Service', identifiers: ['ecs-tasks.amazonaws.com'] }],
      not_principals: [],
    };
    const { state } = await ask('ReadDataSource', {
      type_name: 'aws_iam_policy_document',
      config: message({ version: null, policy_id: null, statement: [statement] }),
    });
    assert.deepEqual(JSON.parse(String((codec.decode(state.msgpack) as Values)['json'])), {
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'Read',
          Effect: 'Allow',
          Principal: { Service: 'ecs-tasks.amazonaws.com' },
          Action: 'dynamodb:GetItem',
          Resource: statement.resources.toReversed(),
          Condition: { StringEquals: { 'aws:SourceAccount': '111122223333' } },
        },
      ],
    });
  });

  const allow = (more: Values): string => JSON.stringify({ Statement: [{ Effect: 'Allow', ...more }] });
  for (const [what, type, values, problem] of [
    ['a name of 33 characters', 'aws_lb_target_group', { name: 'a'.repeat(33) }, /name is "a{33}", and must match/],
    [
      'a TLS policy that does not exist',
      'aws_lb_listener',
      { protocol: 'HTTPS', certificate_arn: 'arn:aws:acm:x', ssl_policy: 'ELBSecurityPolicy-TLS13' },
      /ssl_policy is "ELBSecurityPolicy-TLS13", and must be one of/,
    ],
    [
      'slow_start with least_outstanding_requests',
      'aws_lb_target_group',
      { slow_start: 30, load_balancing_algorithm_type: 'least_outstanding_requests' },
      /slow_start needs round_robin/,
    ],
    [
      'a stopTimeout that Fargate does not allow',
      'aws_ecs_task_definition',
      {
        cpu: '1024',
        memory: '2048',
        container_definitions: '[{"name":"gateway","image":"x","stopTimeout":300}]',
      },
      /stopTimeout is at most 120 on Fargate/,
    ],
    [
      'memory that Fargate does not have',
      'aws_ecs_task_definition',
      { cpu: '1024', memory: '1024', container_definitions: '[]' },
      /memory is "1024", and must be one of 2048/,
    ],
    ['an old runtime', 'aws_lambda_function', { runtime: 'nodejs18.x' }, /runtime is "nodejs18.x"/],
    [
      'a flow with a placeholder left in it',
      'aws_connect_contact_flow',
      { content: '{"Id":"${region}"}' },
      /placeholder/,
    ],
    [
      'an action that IAM does not know',
      'aws_iam_role_policy',
      { policy: allow({ Action: 'bedrock:InvokeModelWithBidirectionalStream', Resource: 'arn:aws:bedrock:x' }) },
      /IAM knows no action bedrock:InvokeModelWithBidirectionalStream/,
    ],
    [
      'an action that is a pattern',
      'aws_iam_role_policy',
      { policy: allow({ Action: ['bedrock:*'], Resource: 'arn:aws:bedrock:x' }) },
      /bedrock:\* is a pattern/,
    ],
    [
      'all resources for an action that can be limited',
      'aws_iam_role_policy',
      { policy: allow({ Action: 'secretsmanager:GetSecretValue', Resource: '*' }) },
      /secretsmanager:GetSecretValue can be limited to resources, and is not/,
    ],
    [
      'a service that may act for every account',
      'aws_iam_role',
      {
        assume_role_policy: allow({
          Action: 'sts:AssumeRole',
          Principal: { Service: 'ecs-tasks.amazonaws.com' },
        }),
      },
      /ecs-tasks.amazonaws.com is not bound to this account/,
    ],
  ] as const) {
    test(`the offline provider refuses ${what}, as AWS or a reviewer would`, async () => {
      const problems = await refused(type, values);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] ?? '', problem);
    });
  }

  test('an action that cannot be limited may have all resources', async () => {
    const policy = allow({ Action: 'ecr:GetAuthorizationToken', Resource: '*' });
    assert.deepEqual(await refused('aws_iam_role_policy', { policy }), []);
  });

  test('what the codec writes it reads again', () => {
    const value = { a: [null, true, false, 'é'.repeat(400), 1.5, -3, 70_000], b: { c: codec.UNKNOWN } };
    assert.deepEqual(codec.decode(codec.encode(value)), value);
    assert.deepEqual(codec.decode(Buffer.from('93ccff d1ff00 a16101'.replaceAll(' ', ''), 'hex').subarray(0, -1)), [
      255,
      -256,
      'a',
    ]);
  });

  test('reduce-schema keeps only what is in use, and names what the provider lacks', () => {
    const reduce = (schema: string) =>
      spawnSync(process.execPath, [`${OFFLINE}/reduce-schema.mjs`], { input: schema, encoding: 'utf8' });
    const real = JSON.parse(SCHEMA) as {
      provider_schemas: Record<
        string,
        { resource_schemas: Record<string, unknown>; data_source_schemas: Record<string, unknown> }
      >;
    };
    const { resource_schemas: resources = {}, data_source_schemas: data = {} } = real.provider_schemas[AWS] ?? {};
    const unused = { version: 1, block: { description: 'Not used here.', attributes: {} } };
    resources['aws_instance'] = unused;
    data['aws_ami'] = unused;
    assert.equal(reduce(JSON.stringify(real)).stdout, SCHEMA);
    delete resources['aws_cloudfront_function'];
    delete data['aws_iam_policy_document'];
    const { status, stderr } = reduce(JSON.stringify(real));
    assert.deepEqual(
      [status, stderr],
      [1, 'The provider does not have aws_cloudfront_function, aws_iam_policy_document.\n'],
    );
  });
});
