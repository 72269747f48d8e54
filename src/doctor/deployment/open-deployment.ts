import type { Clock } from '../../base/clock.js';
import type { Environment } from '../../base/environment.js';
import type { Check } from '../check.js';
import { CHECKS } from '../checks.js';
import { type Finding, fault } from '../finding.js';
import { Aws } from './aws.js';
import { deploymentChecks } from './checks.js';
import { readOutputs } from './outputs.js';
import { readDeployedSettings } from './secrets.js';

/** Where Terraform is asked, seen from the root of the project. */
const FOLDER = 'terraform';
/** Maximum time for all questions to AWS. */
const AWS_MS = 90_000;

export interface Deployment {
  /** The settings that the tasks run with, over those of here. */
  env: Environment;
  checks: readonly Check[];
  findings: readonly Finding[];
}

/** Learns from Terraform, or from a file with its outputs, what is deployed and which settings it has. */
export async function openDeployment(options: {
  /** `undefined`: Terraform is asked. */
  file: string | undefined;
  env: Environment;
  clock: Clock;
  /** Default: {@link CHECKS}. */
  checks?: readonly Check[] | undefined;
}): Promise<Deployment> {
  const { checks = CHECKS, clock, env, file } = options;
  const outputs = await readOutputs(file === undefined ? { folder: FOLDER } : { file });
  if ('why' in outputs)
    return {
      env,
      checks,
      findings: [
        fault(
          'deployment-outputs',
          `What is deployed is not known, because ${outputs.why}. Run the doctor in the root of the project after "terraform init" and "terraform apply", or name a file: terraform output -json > outputs.json, then --outputs outputs.json`,
        ),
      ],
    };
  const aws = new Aws({ region: outputs.region, env, clock, signal: AbortSignal.timeout(AWS_MS) });
  const deployed = await readDeployedSettings(outputs, aws);
  return {
    env: { ...env, ...deployed.env },
    checks: deploymentChecks(outputs, aws, checks),
    findings: deployed.findings,
  };
}
