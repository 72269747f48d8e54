// hashicorp/aws without AWS: ids, ARNs and addresses in the forms that AWS gives them, in the account 111122223333.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { UNKNOWN } from './msgpack.mjs';
import { policyDocument } from './policy-document.mjs';
import { problemsOf } from './rules.mjs';

const SOURCE = 'registry.terraform.io/hashicorp/aws';
const ACCOUNT = '111122223333';

/** @returns {import('./provider.mjs').Provider} */
export function aws() {
  const text = readFileSync(new URL('aws-schema.json', import.meta.url), 'utf8');
  const schema = JSON.parse(text).provider_schemas[SOURCE];
  let count = 0;
  return {
    source: SOURCE,
    schema,
    problems: problemsOf,
    follows: (type) => FOLLOWS[type] ?? [],
    make: (type, values, settings, old) => {
      count += 1;
      const region = known(values.region) ?? settings.region ?? 'us-east-1';
      const id = createHash('sha256').update(`${type} ${count}`).digest('hex').slice(0, 17);
      const given = { ...values, region };
      const made = { id: `${PREFIXES[type] ?? ''}${id}`, ...MADE[type]?.(given, id, region, old) };
      made.arn ??= `arn:aws:${type.split('_')[1]}:${region}:${ACCOUNT}:${type.slice(4).replaceAll('_', '-')}/${made.id}`;
      const tags = { ...settings.default_tags?.[0]?.tags, ...known(values.tags) };
      const { attributes } = schema.resource_schemas[type].block;
      const filled = { ...made, region, tags_all: tags };
      return Object.fromEntries(
        Object.entries(values).map(([name, value]) => {
          if (!(name in attributes) || !(name in filled)) return [name, value];
          return [name, value === UNKNOWN || name === 'tags_all' ? filled[name] : value];
        }),
      );
    },
    read: (type, values, settings) => {
      const region = values.region ?? settings.region ?? 'us-east-1';
      if (type === 'aws_iam_policy_document') return policyDocument(values);
      if (type === 'aws_partition') return { ...values, id: 'aws', partition: 'aws', dns_suffix: 'amazonaws.com' };
      if (type === 'aws_availability_zones') {
        return { ...values, id: region, names: ['a', 'b', 'c'].map((zone) => `${region}${zone}`) };
      }
      return {
        ...values,
        id: ACCOUNT,
        account_id: ACCOUNT,
        arn: `arn:aws:iam::${ACCOUNT}:user/operator`,
        user_id: 'AIDA',
      };
    },
  };
}

const known = (value) => (value === UNKNOWN || value === null ? undefined : value);

const PREFIXES = {
  aws_vpc: 'vpc-',
  aws_subnet: 'subnet-',
  aws_security_group: 'sg-',
  aws_default_security_group: 'sg-',
  aws_internet_gateway: 'igw-',
  aws_nat_gateway: 'nat-',
  aws_eip: 'eipalloc-',
  aws_route_table: 'rtb-',
  aws_vpc_endpoint: 'vpce-',
  aws_flow_log: 'fl-',
  aws_vpc_security_group_ingress_rule: 'sgr-',
  aws_vpc_security_group_egress_rule: 'sgr-',
};

/** What has versions gets a new one with every change. */
const FOLLOWS = {
  aws_ecs_task_definition: ['arn', 'revision'],
  aws_lambda_function: ['version', 'qualified_arn'],
};

const arn = (service, region, rest) => `arn:aws:${service}:${region}:${ACCOUNT}:${rest}`;
const uuid = (id) => `${id.slice(0, 8)}-${id.slice(8, 12)}-4000-8000-${id.slice(4, 16)}`;
/** The id of a resource is its ARN, its name, or made up. */
const byArn = (value, more = {}) => ({ id: value, arn: value, ...more });
const byName = (name, value, more = {}) => ({ id: name, arn: value, ...more });

/** What AWS adds to a resource. */
const MADE = {
  aws_acm_certificate: ({ domain_name: name }, id, region) =>
    byArn(arn('acm', region, `certificate/${uuid(id)}`), {
      domain_validation_options: [
        {
          domain_name: name,
          resource_record_name: `_${id}.${name}.`,
          resource_record_type: 'CNAME',
          resource_record_value: `_${id}.acm-validations.aws.`,
        },
      ],
    }),
  aws_cloudfront_distribution: (_values, id) => {
    const name = `E${id.slice(0, 13).toUpperCase()}`;
    return byName(name, `arn:aws:cloudfront::${ACCOUNT}:distribution/${name}`, {
      domain_name: `d${id.slice(0, 13)}.cloudfront.net`,
    });
  },
  aws_cloudfront_function: ({ name }) => byName(name, `arn:aws:cloudfront::${ACCOUNT}:function/${name}`),
  aws_cloudwatch_log_group: ({ name }, _id, region) => byName(name, arn('logs', region, `log-group:${name}`)),
  aws_cloudwatch_metric_alarm: ({ alarm_name: name }, _id, region) =>
    byName(name, arn('cloudwatch', region, `alarm:${name}`)),
  aws_connect_contact_flow: ({ instance_id: instance }, id, region) => ({
    id: `${instance}:${uuid(id)}`,
    contact_flow_id: uuid(id),
    arn: arn('connect', region, `instance/${instance}/contact-flow/${uuid(id)}`),
  }),
  aws_dynamodb_table: ({ name }, _id, region) => byName(name, arn('dynamodb', region, `table/${name}`)),
  aws_ecr_repository: ({ name }, _id, region) =>
    byName(name, arn('ecr', region, `repository/${name}`), {
      registry_id: ACCOUNT,
      repository_url: `${ACCOUNT}.dkr.ecr.${region}.amazonaws.com/${name}`,
    }),
  aws_ecs_cluster: ({ name }, _id, region) => byArn(arn('ecs', region, `cluster/${name}`)),
  aws_ecs_service: ({ name, cluster }, _id, region) =>
    byArn(arn('ecs', region, `service/${String(cluster).split('/').at(-1)}/${name}`)),
  aws_ecs_task_definition: ({ family }, _id, region, old) => {
    const revision = (old?.revision ?? 0) + 1;
    return {
      id: family,
      arn: arn('ecs', region, `task-definition/${family}:${revision}`),
      arn_without_revision: arn('ecs', region, `task-definition/${family}`),
      revision,
    };
  },
  aws_elasticache_replication_group: ({ replication_group_id: name }, id, region) =>
    byName(name, arn('elasticache', region, `replicationgroup:${name}`), {
      primary_endpoint_address: `master.${name}.${id.slice(0, 6)}.use1.cache.amazonaws.com`,
      reader_endpoint_address: `replica.${name}.${id.slice(0, 6)}.use1.cache.amazonaws.com`,
    }),
  aws_elasticache_user: ({ user_id: name }, _id, region) => byName(name, arn('elasticache', region, `user:${name}`)),
  aws_elasticache_user_group: ({ user_group_id: name }, _id, region) =>
    byName(name, arn('elasticache', region, `usergroup:${name}`)),
  aws_elasticache_parameter_group: ({ name }) => ({ id: name }),
  aws_elasticache_subnet_group: ({ name }) => ({ id: name }),
  aws_eip: (_values, id) => ({ id: `eipalloc-${id}`, allocation_id: `eipalloc-${id}`, public_ip: '203.0.113.10' }),
  aws_iam_role: ({ name }, id) => byName(name, `arn:aws:iam::${ACCOUNT}:role/${name}`, { unique_id: `AROA${id}` }),
  aws_kms_key: (_values, id, region) => ({
    id: uuid(id),
    key_id: uuid(id),
    arn: arn('kms', region, `key/${uuid(id)}`),
  }),
  aws_kms_alias: ({ name }, _id, region) => byName(name, arn('kms', region, name)),
  aws_lambda_alias: ({ name, function_name: of }, _id, region) => ({
    arn: arn('lambda', region, `function:${of}:${name}`),
    invoke_arn: `arn:aws:apigateway:${region}:lambda:path/${of}/${name}`,
  }),
  aws_lambda_function: ({ function_name: name }, _id, region, old) => {
    const version = String(Number(old?.version ?? 0) + 1);
    return byName(name, arn('lambda', region, `function:${name}`), {
      version,
      qualified_arn: arn('lambda', region, `function:${name}:${version}`),
    });
  },
  aws_lb: ({ name }, id, region) =>
    byArn(arn('elasticloadbalancing', region, `loadbalancer/app/${name}/${id.slice(0, 16)}`), {
      arn_suffix: `app/${name}/${id.slice(0, 16)}`,
      dns_name: `${name}-1234567890.${region}.elb.amazonaws.com`,
      zone_id: 'Z35SXDOTRQ7X7K',
    }),
  aws_lb_listener: (_values, id, region) =>
    byArn(arn('elasticloadbalancing', region, `listener/app/gateway/${id.slice(0, 16)}/${id.slice(1, 17)}`)),
  aws_lb_listener_rule: (_values, id, region) =>
    byArn(arn('elasticloadbalancing', region, `listener-rule/app/gateway/${id.slice(0, 16)}/${id.slice(1, 17)}`)),
  aws_lb_target_group: ({ name }, id, region) =>
    byArn(arn('elasticloadbalancing', region, `targetgroup/${name}/${id.slice(0, 16)}`), {
      arn_suffix: `targetgroup/${name}/${id.slice(0, 16)}`,
    }),
  aws_s3_bucket: ({ bucket }, _id, region) =>
    byName(bucket, `arn:aws:s3:::${bucket}`, {
      bucket_domain_name: `${bucket}.s3.amazonaws.com`,
      bucket_regional_domain_name: `${bucket}.s3.${region}.amazonaws.com`,
    }),
  aws_secretsmanager_secret: ({ name }, id, region) =>
    byArn(arn('secretsmanager', region, `secret:${name}-${id.slice(0, 6)}`)),
  aws_sns_topic: ({ name }, _id, region) => byArn(arn('sns', region, name)),
  aws_wafv2_web_acl: ({ name }, id, region) => ({
    id: uuid(id),
    arn: arn('wafv2', region, `regional/webacl/${name}/${uuid(id)}`),
  }),
};
