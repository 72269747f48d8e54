import { isPrivateHost } from '../../config/addresses.js';
import type { Check, CheckContext } from '../check.js';
import { CHECKS } from '../checks.js';
import { type Finding, advice } from '../finding.js';
import type { Aws } from './aws.js';
import { askFlows } from './flows.js';
import { askLambda } from './lambda.js';
import type { Outputs } from './outputs.js';
import { askService } from './service.js';

/** The checks of a deployment: those of every gateway, asked from outside its network, and those of its parts on AWS. */
export function deploymentChecks(outputs: Outputs, aws: Aws, checks: readonly Check[] = CHECKS): Check[] {
  const { connect, lambda_alias_arn: lambdaArn } = outputs;
  return [
    ...checks.map((check) => (check.name === 'Redis' ? fromOutside(check) : check)),
    { name: 'service', run: () => askService(outputs, aws) },
    {
      name: 'Lambda',
      run: ({ clock, config: { handover } }) =>
        lambdaArn === undefined
          ? [unknown('lambda_alias_arn')]
          : askLambda({ arn: lambdaArn, instanceId: connect?.instance_id, handover, aws, clock }),
    },
    {
      name: 'Connect flows',
      run: ({ config, signal }) =>
        connect === undefined
          ? [unknown('connect')]
          : askFlows({
              connect,
              lambdaArn,
              region: aws.region,
              endpointUrl: config.dial.connectEndpointUrl,
              signal,
            }),
    },
  ];
}

function unknown(output: string): Finding {
  return advice(
    'deployment-outputs',
    `Terraform has no output ${output}, so this was not asked. Run: terraform -chdir=terraform apply`,
  );
}

/** A Redis in a private network cannot be asked from elsewhere, which is no fault of it. */
function fromOutside(check: Check): Check {
  const run = async (context: CheckContext): Promise<Finding[]> => {
    const found = await check.run(context);
    if (!isInside(context.env['REDIS_URL'])) return found;
    return found.map((finding) =>
      finding.id === 'redis-unreachable'
        ? advice(
            'redis-unreachable',
            'Redis is in the private network of the deployment and cannot be asked from here. To ask it, run the doctor in a task: docs/OPERATIONS.md#ask-from-inside.',
          )
        : finding,
    );
  };
  return { ...check, run };
}

function isInside(url: string | undefined): boolean {
  const { hostname } = new URL(url !== undefined && URL.canParse(url) ? url : 'redis://localhost');
  return isPrivateHost(hostname) || hostname.endsWith('.cache.amazonaws.com');
}
