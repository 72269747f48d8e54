// What AWS refuses although the shape is right: lengths of names, values out of a closed list or a range, pairs that exclude each
// other. Only what terraform/ relies on. The sources are AWS's API references.
import { policyProblems } from './iam-rules.mjs';
import { UNKNOWN } from './msgpack.mjs';

/** @returns {Promise<string[]>} what AWS would refuse; values that are not known yet are passed over */
export async function problemsOf(type, values) {
  const problems = [];
  const say = (problem) => problems.push(problem);
  const given = (name) => (values[name] === UNKNOWN || values[name] === null ? undefined : values[name]);
  const check = {
    block: (name) => (Array.isArray(values[name]) ? (values[name][0] ?? undefined) : undefined),
    given,
    matches: (name, pattern) => {
      const value = given(name);
      if (value !== undefined && !pattern.test(value))
        say(`${name} is ${JSON.stringify(value)}, and must match ${pattern}`);
    },
    oneOf: (name, list, value = given(name)) => {
      if (value !== undefined && value !== null && value !== UNKNOWN && !list.includes(value)) {
        say(`${name} is ${JSON.stringify(value)}, and must be one of ${list.join(', ')}`);
      }
    },
    range: (name, from, to, value = given(name)) => {
      if (
        value !== undefined &&
        value !== null &&
        value !== UNKNOWN &&
        !(Number(value) >= from && Number(value) <= to)
      ) {
        say(`${name} is ${value}, and must be from ${from} to ${to}`);
      }
    },
    say,
  };
  RULES[type]?.(check, values);
  for (const name of ['policy', 'assume_role_policy']) {
    const text = given(name);
    if (text !== undefined && type !== 'aws_ecr_lifecycle_policy') problems.push(...(await policyProblems(type, text)));
  }
  return problems;
}

const SSL_POLICIES = [
  'ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09',
  'ELBSecurityPolicy-TLS13-1-2-PQ-2025-09',
  'ELBSecurityPolicy-TLS13-1-2-Res-2021-06',
  'ELBSecurityPolicy-TLS13-1-2-2021-06',
  'ELBSecurityPolicy-TLS13-1-3-2021-06',
];
const RETENTION_DAYS = [
  0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];
/** Memory in MiB that Fargate allows with CPU units. */
const FARGATE = {
  256: [512, 1024, 2048],
  512: steps(1024, 4096),
  1024: steps(2048, 8192),
  2048: steps(4096, 16_384),
  4096: steps(8192, 30_720),
};
const BALANCER_NAME = /^(?!internal-)[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?$/;

function steps(from, to) {
  return Array.from({ length: (to - from) / 1024 + 1 }, (_, index) => from + index * 1024);
}

const securityRule = ({ say }, values) => {
  const { cidr_ipv4: v4, cidr_ipv6: v6, prefix_list_id: list, referenced_security_group_id: group } = values;
  if ([v4, v6, list, group].filter((value) => value !== null).length !== 1) {
    say('exactly one of cidr_ipv4, cidr_ipv6, prefix_list_id and referenced_security_group_id is needed');
  }
  if (values.ip_protocol !== '-1' && (values.from_port === null || values.to_port === null)) {
    say('from_port and to_port are needed unless ip_protocol is -1');
  }
};

const RULES = {
  aws_appautoscaling_target: ({ given, say }) => {
    if (given('min_capacity') > given('max_capacity')) say('min_capacity is above max_capacity');
  },
  aws_budgets_budget: ({ matches, oneOf }) => {
    matches('name', /^[^:\\]{1,100}$/);
    oneOf('budget_type', ['COST', 'USAGE']);
    oneOf('time_unit', ['MONTHLY', 'QUARTERLY', 'ANNUALLY', 'DAILY']);
  },
  aws_cloudfront_function: ({ matches, oneOf }) => {
    matches('name', /^[A-Za-z0-9_-]{1,64}$/);
    oneOf('runtime', ['cloudfront-js-1.0', 'cloudfront-js-2.0']);
  },
  aws_cloudwatch_log_group: ({ matches, oneOf }) => {
    matches('name', /^[A-Za-z0-9_./#-]{1,512}$/);
    oneOf('retention_in_days', RETENTION_DAYS);
  },
  aws_cloudwatch_metric_alarm: ({ given, oneOf, range, say }, values) => {
    oneOf('comparison_operator', [
      'GreaterThanOrEqualToThreshold',
      'GreaterThanThreshold',
      'LessThanThreshold',
      'LessThanOrEqualToThreshold',
    ]);
    oneOf('statistic', ['SampleCount', 'Average', 'Sum', 'Minimum', 'Maximum']);
    oneOf('treat_missing_data', ['missing', 'ignore', 'breaching', 'notBreaching']);
    range('alarm_description', 0, 1024, given('alarm_description')?.length);
    const period = given('period');
    if (period !== undefined && ![10, 20, 30].includes(period) && period % 60 !== 0)
      say('period is 10, 20, 30 or minutes');
    if (period * given('evaluation_periods') > 86_400) say('period × evaluation_periods is more than a day');
    if (given('datapoints_to_alarm') > given('evaluation_periods'))
      say('datapoints_to_alarm is above evaluation_periods');
    const kinds = [values.statistic, values.extended_statistic].filter((value) => value !== null).length;
    if (values.metric_query.length === 0 && kinds !== 1)
      say('exactly one of statistic and extended_statistic is needed');
    if (values.metric_query.length > 0 && (kinds > 0 || values.metric_name !== null)) {
      say('metric_query excludes metric_name and statistic');
    }
  },
  aws_connect_contact_flow: ({ given, matches, oneOf, say }) => {
    matches('name', /^.{1,127}$/);
    oneOf('type', [
      'CONTACT_FLOW',
      'CUSTOMER_QUEUE',
      'CUSTOMER_HOLD',
      'CUSTOMER_WHISPER',
      'AGENT_HOLD',
      'AGENT_WHISPER',
    ]);
    const content = given('content');
    if (content !== undefined && !isJson(content)) say('content is no JSON');
    if (content?.includes('${')) say('content has a placeholder that nothing has filled in');
  },
  aws_dynamodb_table: ({ block, matches, oneOf, say }, values) => {
    matches('name', /^[A-Za-z0-9_.-]{3,255}$/);
    oneOf('billing_mode', ['PAY_PER_REQUEST', 'PROVISIONED']);
    if (values.billing_mode === 'PAY_PER_REQUEST' && values.read_capacity !== null)
      say('on demand has no read_capacity');
    if (block('ttl')?.enabled && !block('ttl').attribute_name) say('ttl needs attribute_name');
    const days = block('point_in_time_recovery')?.recovery_period_in_days;
    if (typeof days === 'number' && (days < 1 || days > 35)) say('recovery_period_in_days is from 1 to 35');
  },
  aws_ecr_repository: ({ matches, oneOf }) => {
    matches('name', /^(?=.{2,256}$)[a-z0-9]+(?:[._/-][a-z0-9]+)*$/);
    oneOf('image_tag_mutability', ['MUTABLE', 'IMMUTABLE', 'IMMUTABLE_WITH_EXCLUSION', 'MUTABLE_WITH_EXCLUSION']);
  },
  aws_ecs_service: ({ given, oneOf, range, say }) => {
    oneOf('availability_zone_rebalancing', ['ENABLED', 'DISABLED']);
    oneOf('propagate_tags', ['SERVICE', 'TASK_DEFINITION', 'NONE']);
    range('deployment_maximum_percent', 100, 200);
    if (given('availability_zone_rebalancing') === 'ENABLED' && given('deployment_maximum_percent') <= 100) {
      say('availability_zone_rebalancing needs deployment_maximum_percent above 100');
    }
  },
  aws_ecs_task_definition: ({ given, oneOf, say }) => {
    const memory = FARGATE[given('cpu')];
    if (memory === undefined && given('cpu') !== undefined) say(`Fargate has no tasks with ${given('cpu')} CPU units`);
    else if (memory !== undefined) oneOf('memory', memory.map(String));
    const text = given('container_definitions');
    if (text === undefined) return;
    if (!isJson(text)) say('container_definitions is no JSON');
    else for (const container of JSON.parse(text)) containerProblems(container, say);
  },
  aws_elasticache_replication_group: ({ given, matches, say }, values) => {
    matches('replication_group_id', /^(?!.*--)[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?$/);
    if (values.automatic_failover_enabled && given('num_cache_clusters') < 2) say('failover needs two nodes');
    if (values.multi_az_enabled && !values.automatic_failover_enabled)
      say('multi_az_enabled needs automatic_failover_enabled');
    if (values.user_group_ids !== null && !values.transit_encryption_enabled)
      say('users need transit_encryption_enabled');
    if (values.user_group_ids !== null && values.auth_token !== null) say('users exclude auth_token');
  },
  aws_elasticache_user: ({ given, matches, oneOf, range, say }, values) => {
    matches('user_id', /^[a-z][a-z0-9-]{0,39}$/);
    oneOf('engine', ['valkey', 'redis']);
    matches('access_string', /^(on|off)( [~&%+-]\S+)+$/);
    range('the length of passwords_wo', 16, 128, given('passwords_wo')?.length);
    if (values.passwords_wo !== null && values.passwords_wo_version === null)
      say('passwords_wo needs passwords_wo_version');
  },
  aws_elasticache_user_group: ({ matches, oneOf }) => {
    matches('user_group_id', /^[a-z][a-z0-9-]{0,39}$/);
    oneOf('engine', ['valkey', 'redis']);
  },
  aws_iam_role: ({ matches }) => matches('name', /^[\w+=,.@-]{1,64}$/),
  aws_kms_alias: ({ matches }) => matches('name', /^alias\/(?!aws\/)[A-Za-z0-9/_-]{1,250}$/),
  aws_kms_key: ({ range }) => {
    range('deletion_window_in_days', 7, 30);
    range('rotation_period_in_days', 90, 2560);
  },
  aws_lambda_function: ({ matches, oneOf, range }, values) => {
    matches('function_name', /^[A-Za-z0-9_-]{1,64}$/);
    oneOf('runtime', ['nodejs20.x', 'nodejs22.x', 'nodejs24.x']);
    oneOf('architectures', ['arm64', 'x86_64'], values.architectures?.[0]);
    range('timeout', 1, 900);
    range('memory_size', 128, 10_240);
  },
  aws_lb: ({ matches, range }) => {
    matches('name', BALANCER_NAME);
    range('idle_timeout', 1, 4000);
    range('client_keep_alive', 60, 604_800);
  },
  aws_lb_listener: ({ given, oneOf, say }, values) => {
    oneOf('ssl_policy', SSL_POLICIES);
    if (given('protocol') === 'HTTPS' && values.certificate_arn === null) say('HTTPS needs certificate_arn');
    if (given('protocol') === 'HTTPS' && values.ssl_policy === null)
      say('without ssl_policy AWS takes the one of 2016-08');
    if (given('protocol') === 'HTTP' && values.ssl_policy !== null) say('HTTP has no ssl_policy');
  },
  aws_lb_listener_rule: ({ range }, values) => {
    range('priority', 1, 50_000);
    const count = values.condition.flatMap((each) => Object.values(each).flatMap((of) => of?.[0]?.values ?? [])).length;
    range('the number of values in conditions', 1, 5, count);
  },
  aws_lb_target_group: ({ block, given, matches, oneOf, range, say }) => {
    matches('name', BALANCER_NAME);
    range('deregistration_delay', 0, 3600);
    oneOf('load_balancing_algorithm_type', ['round_robin', 'least_outstanding_requests', 'weighted_random']);
    if (given('slow_start') > 0 && given('load_balancing_algorithm_type') !== 'round_robin') {
      say('slow_start needs round_robin');
    }
    const { interval, timeout } = block('health_check') ?? {};
    range('interval', 5, 300, interval);
    range('timeout', 2, 120, timeout);
    if (timeout >= interval) say('the timeout of the health check must be below its interval');
  },
  aws_s3_bucket: ({ matches }) => matches('bucket', /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/),
  aws_secretsmanager_secret: ({ matches, range }) => {
    matches('name', /^[A-Za-z0-9/_+=.@-]{1,512}$/);
    range('recovery_window_in_days', 7, 30);
  },
  aws_sns_topic: ({ matches }) => matches('name', /^[A-Za-z0-9_-]{1,256}$/),
  aws_vpc_endpoint: ({ oneOf, say }, values) => {
    oneOf('vpc_endpoint_type', ['Gateway', 'Interface']);
    const isGateway = values.vpc_endpoint_type === 'Gateway';
    if (isGateway && (values.subnet_ids !== null || values.private_dns_enabled)) say('Gateway has route tables only');
    if (!isGateway && values.route_table_ids !== null) say('Interface has no route tables');
  },
  aws_vpc_security_group_egress_rule: securityRule,
  aws_vpc_security_group_ingress_rule: securityRule,
  aws_wafv2_web_acl: ({ matches, say }, values) => {
    matches('name', /^[\w-]{1,128}$/);
    const priorities = values.rule.map(({ priority }) => priority);
    if (new Set(priorities).size !== priorities.length) say('two rules have the same priority');
    for (const { name, action, override_action: override, statement } of values.rule) {
      const isGroup = statement?.[0]?.managed_rule_group_statement?.length > 0;
      if (isGroup === action.length > 0 || isGroup !== override.length > 0) {
        say(`${name}: a managed group has override_action, every other rule has action`);
      }
    }
  },
};

function containerProblems(container, say) {
  const { healthCheck = {}, image, logConfiguration, name, secrets = [], stopTimeout, ulimits = [], user } = container;
  if (!/^[\w-]{1,255}$/.test(name)) say('a container needs a name');
  if (!/^\S+$/.test(image ?? '')) say(`${name} needs an image`);
  if (stopTimeout > 120) say(`${name}: stopTimeout is at most 120 on Fargate`);
  if (healthCheck.interval < 5 || healthCheck.interval > 300)
    say(`${name}: the interval of the health check is 5 to 300`);
  if (healthCheck.timeout < 2 || healthCheck.timeout > 60) say(`${name}: the timeout of the health check is 2 to 60`);
  if (healthCheck.startPeriod > 300) say(`${name}: the start period of the health check is at most 300`);
  if (user !== undefined && !/^\d+(:\d+)?$/.test(user)) say(`${name}: the user is not a number`);
  if (ulimits.some(({ name: limit }) => limit !== 'nofile')) say(`${name}: Fargate sets only nofile`);
  if (
    logConfiguration?.logDriver === 'awslogs' &&
    !/^\d+[kmg]$/.test(logConfiguration.options['max-buffer-size'] ?? '4m')
  ) {
    say(`${name}: max-buffer-size is a number with k, m or g`);
  }
  for (const { name: variable, valueFrom } of secrets) {
    if (!valueFrom.startsWith('arn:')) say(`${name}: ${variable} has no ARN`);
  }
}

function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
