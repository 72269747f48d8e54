// Applies terraform.tfvars.example for real over the offline provider, and looks at everything that it made: what tests of single
// modules cannot see, because it holds for all resources.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyOfProject, run } from './guide.mjs';

const PASSWORD = 'a0password0that0nobody0should0see';

/**
 * @param {Record<string, string>} env
 * @returns {Promise<[title: string, problem: string | undefined][]>}
 */
export async function applyExample(env) {
  const { terraform, remove } = copyOfProject();
  const results = [];
  const terraformRun = async (title, args, expected = 0, more = {}) => {
    const { code, output } = await run('terraform', args, terraform, { ...env, TF_INPUT: '0', ...more });
    results.push([title, code === expected ? undefined : output.slice(-3000)]);
    return output;
  };
  try {
    copyFileSync(join(terraform, 'terraform.tfvars.example'), join(terraform, 'terraform.tfvars'));
    writeFileSync(join(terraform, 'backend_override.tf'), 'terraform {\n  backend "local" {}\n}\n');
    const secret = { TF_VAR_redis_password: PASSWORD };
    await terraformRun('the root is initialised', ['init']);
    await terraformRun('terraform.tfvars.example is applied', ['apply', '-auto-approve'], 0, secret);
    const shown = await terraformRun('the state can be read', ['show', '-json']);
    const state = readFileSync(join(terraform, 'terraform.tfstate'), 'utf8');
    results.push(...problemsIn(resourcesOf(JSON.parse(shown).values.root_module), state));
    await terraformRun('a second plan, without the password, changes nothing', ['plan', '-detailed-exitcode']);
    await terraformRun('what was made is destroyed', ['destroy', '-auto-approve']);
    return results;
  } finally {
    remove();
  }
}

function resourcesOf({ resources = [], child_modules: modules = [] }) {
  return [...resources, ...modules.flatMap(resourcesOf)];
}

/** Returns what is wrong if a Lambda writes elsewhere than the gateway, or an alarm of the project's own metrics looks elsewhere. */
function oneNamespace(gateway, lambdas, alarms) {
  const own = alarms.filter((namespace) => namespace.startsWith('Tandem'));
  const all = [...lambdas, ...own];
  const isOne = lambdas.length > 0 && own.length > 5 && all.every((namespace) => namespace === gateway);
  return isOne ? undefined : `${gateway}: ${all.join(', ')}`;
}

/** Looks at all resources of a state. */
function problemsIn(resources, state) {
  const of = (...types) => resources.filter(({ mode, type }) => mode === 'managed' && types.includes(type));
  /** A result of the resources that break a rule. */
  const none = (title, broken) => [
    title,
    broken.length === 0 ? undefined : broken.map(({ address }) => address).join(', '),
  ];
  const policies = resources.filter(({ type }) => type === 'aws_iam_role_policy');
  const isOpen = ({ values }) => values.cidr_ipv4 === '0.0.0.0/0' || values.cidr_ipv6 === '::/0';
  const task = of('aws_ecs_task_definition').map(({ values }) => JSON.parse(values.container_definitions)[0])[0];
  const setting = (name) => task.environment.find((each) => each.name === name)?.value;
  const group = of('aws_lb_target_group')[0].values;
  const keyArn = of('aws_kms_key')[0].values.arn;
  return [
    ['there are more than a hundred resources', resources.length > 100 ? undefined : String(resources.length)],
    none(
      'names that AWS limits to 32 characters are no longer',
      of('aws_lb', 'aws_lb_target_group').filter(({ values }) => values.name.length > 32),
    ),
    none(
      'nothing but 443, and 80 for its redirect, is open to the internet',
      of('aws_vpc_security_group_ingress_rule').filter(
        (rule) =>
          isOpen(rule) && !(rule.values.from_port === rule.values.to_port && [80, 443].includes(rule.values.to_port)),
      ),
    ),
    none(
      'no security group has rules of another kind, where they could not be seen',
      [...of('aws_security_group', 'aws_default_security_group')].filter(
        ({ values }) => values.ingress?.length > 0 || values.egress?.length > 0,
      ),
    ),
    none(
      'no policy of a role has an action that is a pattern, or all resources where it can name them',
      policies.filter(({ values }) =>
        JSON.parse(values.policy).Statement.some(
          ({ Action: actions, Resource: resource }) =>
            [actions].flat().some((action) => action.includes('*')) ||
            ([resource].flat().includes('*') && actions !== 'ecr:GetAuthorizationToken'),
        ),
      ),
    ),
    none(
      'every log is encrypted with the key and is forgotten',
      of('aws_cloudwatch_log_group').filter(
        ({ values }) => values.kms_key_id !== keyArn || !(values.retention_in_days > 0),
      ),
    ),
    none(
      'roles have the region in their names, because they belong to the account',
      of('aws_iam_role').filter(({ values }) => !values.name.includes('eu-central-1')),
    ),
    none(
      'everything that can have tags has those of the deployment',
      of(
        'aws_lb',
        'aws_ecs_service',
        'aws_dynamodb_table',
        'aws_kms_key',
        'aws_lambda_function',
        'aws_vpc',
        'aws_secretsmanager_secret',
        'aws_cloudfront_distribution',
      ).filter(({ values }) => values.tags_all.application !== 'tandem' || values.tags_all.owner !== 'telephony'),
    ),
    none('secrets are made empty', of('aws_secretsmanager_secret_version')),
    [
      'drain, kill and deregistration follow each other',
      Number(setting('DRAIN_SECONDS')) < task.stopTimeout &&
      task.stopTimeout <= 120 &&
      Number(group.deregistration_delay) >= 300
        ? undefined
        : `${setting('DRAIN_SECONDS')}, ${task.stopTimeout}, ${group.deregistration_delay}`,
    ],
    [
      'the gateway keeps idle connections longer than the load balancer',
      Number(setting('KEEP_ALIVE_SECONDS')) > of('aws_lb')[0].values.idle_timeout
        ? undefined
        : setting('KEEP_ALIVE_SECONDS'),
    ],
    [
      'the gateway and the Lambda write their metrics where the alarms look',
      oneNamespace(
        setting('METRICS_EMF_NAMESPACE'),
        of('aws_lambda_function').map(
          ({ values }) => values.environment?.[0]?.variables.METRICS_EMF_NAMESPACE ?? 'none',
        ),
        of('aws_cloudwatch_metric_alarm').map(({ values }) => values.namespace ?? ''),
      ),
    ],
    [
      'the fallback and its alarm are in us-east-1',
      of('aws_cloudwatch_metric_alarm').some(({ values }) =>
        values.arn.startsWith('arn:aws:cloudwatch:us-east-1:111122223333:alarm:tandem-eu-central-1-fallback'),
      )
        ? undefined
        : 'no alarm is',
    ],
    ['the password of Valkey is not in the state', state.includes(PASSWORD) ? 'it is' : undefined],
  ];
}
