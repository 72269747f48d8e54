// What the commands of the deployment guide, of docs/OPERATIONS.md and of docs/operate/going-live.md would do in AWS, without AWS: `aws`,
// `docker`, `npm` and `curl` in this folder call it. A command, an option or a value that the real one would refuse ends with an error. Secrets are kept in the folder OFFLINE_CLOUD.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [program, ...args] = process.argv.slice(2);
const folder = process.env['OFFLINE_CLOUD'];
const file = join(folder, 'cloud.json');
const cloud = existsSync(file)
  ? JSON.parse(readFileSync(file, 'utf8'))
  : { buckets: [], images: [], secrets: {}, tables: [] };
const fail = (message) => {
  console.error(`${program}: ${message}`);
  process.exit(2);
};

/** The options that each command of the AWS CLI accepts here, besides --region, --query and --output. */
const AWS = {
  'sts get-caller-identity': [],
  's3api create-bucket': ['bucket', 'create-bucket-configuration'],
  's3api put-bucket-versioning': ['bucket', 'versioning-configuration'],
  's3api put-public-access-block': ['bucket', 'public-access-block-configuration'],
  'secretsmanager create-secret': ['name', 'secret-string'],
  'secretsmanager describe-secret': ['secret-id'],
  'secretsmanager get-secret-value': ['secret-id'],
  'secretsmanager put-secret-value': ['secret-id', 'secret-string'],
  'ecr get-login-password': [],
  'ecs wait': ['cluster', 'services'],
  'ecs describe-services': ['cluster', 'services'],
  'ecs update-service': ['cluster', 'service', 'force-new-deployment'],
  'ecs list-tasks': ['cluster', 'service-name'],
  'ecs stop-task': ['cluster', 'task'],
  'ecs run-task': ['cluster', 'launch-type', 'task-definition', 'network-configuration', 'overrides'],
  'lambda update-alias': ['function-name', 'name', 'function-version'],
  'logs tail': ['since', 'filter-pattern'],
  'cloudwatch describe-alarms': ['state-value'],
  'acm list-certificates': [],
  'acm describe-certificate': ['certificate-arn'],
  'elasticache describe-replication-groups': [],
  'dynamodb create-table': ['table-name', 'billing-mode', 'attribute-definitions', 'key-schema'],
  'dynamodb update-time-to-live': ['table-name', 'time-to-live-specification'],
  'iam create-role': ['role-name', 'assume-role-policy-document'],
  'iam attach-role-policy': ['role-name', 'policy-arn'],
  'iam put-role-policy': ['role-name', 'policy-name', 'policy-document'],
  'lambda create-function': [
    'function-name',
    'runtime',
    'architectures',
    'handler',
    'timeout',
    'memory-size',
    'zip-file',
    'role',
    'environment',
  ],
  'lambda add-permission': ['function-name', 'statement-id', 'action', 'principal', 'source-account', 'source-arn'],
  'connect associate-lambda-function': ['instance-id', 'function-arn'],
  'connect create-contact-flow': ['instance-id', 'type', 'name', 'content'],
  'connect list-phone-numbers-v2': ['target-arn'],
  'connect associate-phone-number-contact-flow': ['instance-id', 'phone-number-id', 'contact-flow-id'],
  'dynamodb restore-table-to-point-in-time': ['source-table-name', 'target-table-name', 'use-latest-restorable-time'],
  'dynamodb wait': ['table-name'],
  'dynamodb scan': ['table-name', 'filter-expression', 'expression-attribute-values'],
  'dynamodb delete-table': ['table-name'],
};
/** Options without a value. */
const FLAGS = ['force-new-deployment', 'use-latest-restorable-time'];
const ARN = 'arn:aws:ecs:eu-central-1:111122223333:task/tandem/0a1b2c3d';

function awsCli() {
  const words = args.filter((word, index) => !word.startsWith('--') && !args[index - 1]?.startsWith('--'));
  const command = words.slice(0, 2).join(' ');
  const accepted = AWS[command] ?? fail(`does not know "${command}"`);
  const options = Object.fromEntries(
    args.flatMap((word, index) => (word.startsWith('--') ? [[word.slice(2), args[index + 1]]] : [])),
  );
  for (const name of Object.keys(options)) {
    if (![...accepted, 'region', 'query', 'output'].includes(name)) fail(`${command} has no option --${name}`);
  }
  for (const [name, value] of Object.entries(options)) {
    if (!FLAGS.includes(name) && (value === undefined || value === '')) fail(`--${name} has no value`);
  }
  switch (command) {
    case 'sts get-caller-identity':
      return '111122223333';
    case 's3api create-bucket':
      cloud.buckets.push(options.bucket);
      return undefined;
    case 's3api put-bucket-versioning':
    case 's3api put-public-access-block':
      if (!cloud.buckets.includes(options.bucket)) fail(`there is no bucket ${options.bucket}`);
      return undefined;
    case 'secretsmanager describe-secret':
      return options['secret-id'] in cloud.secrets ? '1' : '0';
    case 'secretsmanager get-secret-value':
      return cloud.secrets[options['secret-id']] ?? fail(`${options['secret-id']} has no value`);
    case 'secretsmanager put-secret-value':
      if (options['secret-string'] !== 'file:///dev/stdin') fail('a secret must not be an argument');
      cloud.secrets[options['secret-id']] = readFileSync(0, 'utf8');
      return '{}';
    case 'secretsmanager create-secret':
      if (options['secret-string'] !== 'file:///dev/stdin') fail('a secret must not be an argument');
      cloud.secrets[options.name] = readFileSync(0, 'utf8');
      return `arn:aws:secretsmanager:us-east-1:111122223333:secret:${options.name}-aaaaaa`;
    case 'dynamodb create-table':
      cloud.tables.push(options['table-name']);
      return '{}';
    case 'dynamodb update-time-to-live':
      return restored(options['table-name']);
    case 'iam create-role':
    case 'iam put-role-policy':
      note(command, {
        ...options,
        policy: JSON.parse(options['policy-document'] ?? options['assume-role-policy-document']),
      });
      return '{}';
    case 'lambda create-function':
      if (!existsSync(options['zip-file'].replace('fileb://', ''))) fail(`there is no ${options['zip-file']}`);
      note(command, options);
      return '{}';
    case 'connect create-contact-flow': {
      const content = readFileSync(options.content.replace('file://', ''), 'utf8');
      note(command, { ...options, content });
      return `arn:aws:connect:us-east-1:111122223333:instance/${options['instance-id']}/contact-flow/${options.name}`;
    }
    case 'iam attach-role-policy':
    case 'lambda add-permission':
    case 'connect associate-lambda-function':
    case 'connect associate-phone-number-contact-flow':
      note(command, options);
      return '{}';
    case 'ecr get-login-password':
      return 'password';
    case 'acm list-certificates':
      return 'arn:aws:acm:eu-central-1:111122223333:certificate/0a1b2c3d';
    case 'ecs list-tasks':
      return ARN;
    case 'ecs stop-task':
      if (options.task !== ARN) fail(`there is no task ${options.task}`);
      return '{}';
    case 'ecs run-task':
      if (JSON.parse(options['network-configuration']).awsvpcConfiguration === undefined)
        fail('no awsvpcConfiguration');
      if (JSON.parse(options.overrides).containerOverrides[0].name !== 'gateway') fail('there is no such container');
      return '{}';
    case 'dynamodb restore-table-to-point-in-time':
      if (options['source-table-name'] !== tableName()) fail(`there is no table ${options['source-table-name']}`);
      cloud.tables.push(options['target-table-name']);
      return '{}';
    case 'dynamodb wait':
    case 'dynamodb scan':
      return restored(options['table-name']);
    case 'dynamodb delete-table':
      restored(options['table-name']);
      cloud.tables = cloud.tables.filter((name) => name !== options['table-name']);
      return '{}';
    case 'ecs describe-services':
      if (options.query?.includes('networkConfiguration')) return '{"awsvpcConfiguration":{"subnets":["subnet-1"]}}';
      if (options.query?.includes('events')) return '(service tandem-gateway) has reached a steady state.';
      // What Terraform wants is what runs, because here nothing is ever turned back.
      return JSON.parse(execFileSync('terraform', ['output', '-json', 'service'])).task_definition;
    default:
      return undefined;
  }
}

/** Keeps what a command was told, for those who look at it afterwards. */
function note(command, options) {
  cloud.told = [...(cloud.told ?? []), { command, options }];
}

function tableName() {
  return execFileSync('terraform', ['output', '-raw', 'table_name']).toString();
}

function restored(name) {
  if (!cloud.tables.includes(name)) fail(`there is no table ${name}`);
  return '{"Items":[]}';
}

function docker() {
  if (args[0] === 'login') {
    if (!args.includes('--password-stdin')) fail('login needs --password-stdin');
    return 'Login Succeeded';
  }
  if (args[0] !== 'buildx' || args[1] !== 'build') fail(`does not know "${args.join(' ')}"`);
  const after = (option) => args[args.indexOf(option) + 1];
  if (after('--platform') !== 'linux/arm64') fail('the tasks need linux/arm64');
  const tag = after('--tag');
  if (!/^\d{12}\.dkr\.ecr\.[\w-]+\.amazonaws\.com\/[\w-]+:[\w.-]+$/.test(tag)) fail(`${tag} is no tag of the registry`);
  if (cloud.images.includes(tag)) fail(`${tag} is there already, and tags are immutable`);
  if (!existsSync(join(args.at(-1), 'package.json'))) fail(`${args.at(-1)} is not the project`);
  cloud.images.push(tag);
  return undefined;
}

function npm() {
  if (args[0] === 'ci') return undefined;
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  if (args[0] !== 'run' || !(args[1] in scripts)) fail(`does not know "${args.join(' ')}"`);
  return undefined;
}

const run = { aws: awsCli, docker, npm, curl: () => '403' }[program];
const answer = run();
writeFileSync(file, JSON.stringify(cloud));
if (answer !== undefined) console.log(answer);
