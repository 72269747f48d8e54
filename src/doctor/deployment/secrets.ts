import { member } from '../ask.js';
import { type Finding, advice, fault, fine } from '../finding.js';
import type { Aws } from './aws.js';
import type { Outputs } from './outputs.js';

/**
 * Reads the settings of a deployment: what Terraform set, and the secrets from Secrets Manager. They are kept in memory
 * alone, and no finding holds a part of one.
 */
export async function readDeployedSettings(
  { secret_names: names = {}, secrets_in_use: used = [], settings = {} }: Outputs,
  aws: Aws,
): Promise<{ env: Record<string, string>; findings: Finding[] }> {
  const env: Record<string, string> = { ...settings };
  const findings: Finding[] = [];
  await Promise.all(
    used.map(async (setting) => {
      const name = names[setting] ?? setting;
      const answer = await aws.ask({
        service: 'secretsmanager',
        target: 'secretsmanager.GetSecretValue',
        body: { SecretId: name },
      });
      if ('body' in answer) {
        const value = member(answer.body, 'SecretString');
        if (typeof value === 'string' && value !== '') {
          env[setting] = value;
          return;
        }
        findings.push(empty(setting, name));
      } else if (answer.kind === 'missing') findings.push(empty(setting, name));
      else
        findings.push(
          advice(
            'deployment-secrets',
            `The secret ${name} cannot be read (${answer.refused}), so the checks use ${setting} from here, if it is set. Allow secretsmanager:GetSecretValue on it and kms:Decrypt on its key.`,
          ),
        );
    }),
  );
  if (findings.length === 0 && used.length > 0)
    findings.push(fine('deployment-secrets', `All ${used.length} secrets in use have a value.`));
  return { env, findings };
}

function empty(setting: string, name: string): Finding {
  return fault(
    'deployment-secrets',
    `The secret ${name} has no value, and a task does not start without it. Run: terraform/fill-secrets.sh ${setting}`,
  );
}
