import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const LAMBDA_ARN = /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w-]+(?::[\w-]+)?$/;

/** What Terraform says of a deployment (terraform/outputs.tf). What a file leaves out is not asked about. */
const SCHEMA = z.object({
  region: z.string(),
  settings: z.record(z.string(), z.string()).optional(),
  secret_names: z.record(z.string(), z.string()).optional(),
  secrets_in_use: z.array(z.string()).optional(),
  service: z
    .object({ cluster: z.string(), name: z.string(), task_definition: z.string(), log_group: z.string().optional() })
    .optional(),
  image: z.string().optional(),
  lambda_alias_arn: z.string().regex(LAMBDA_ARN, 'expected the ARN of a Lambda function').optional(),
  connect: z
    .object({
      instance_id: z.string(),
      phone_number_id: z.string().nullish(),
      flows: z.object({ inbound: z.string(), whisper: z.string(), guide: z.string() }),
    })
    .optional(),
});

export type Outputs = z.infer<typeof SCHEMA>;

const TERRAFORM_MS = 60_000;
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Reads the outputs of a deployment: from a file, or by asking Terraform in `folder`. Resolves with a sentence that says
 * why they cannot be had.
 */
export async function readOutputs(
  from: { file: string } | { folder: string; program?: string },
): Promise<Outputs | { why: string }> {
  let text: string;
  const where = 'file' in from ? from.file : `terraform -chdir=${from.folder} output -json`;
  try {
    text = 'file' in from ? await readFile(from.file, 'utf8') : await askTerraform(from.folder, from.program);
  } catch (error) {
    const { code } = error as { code?: unknown };
    return { why: `${where} cannot be read (${typeof code === 'string' ? code : `exit code ${String(code)}`})` };
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { why: `${where} is not JSON` };
  }
  const result = SCHEMA.safeParse(plain(parsed));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  return { why: `${where} lacks what the doctor needs: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}` };
}

function askTerraform(folder: string, program = 'terraform'): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { timeout: TERRAFORM_MS, maxBuffer: MAX_BYTES };
    execFile(program, [`-chdir=${folder}`, 'output', '-json'], options, (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(error);
    });
  });
}

/** Terraform writes each output as `{"value": …}`. Somebody who writes the file by hand may leave that out. */
function plain(outputs: unknown): unknown {
  if (typeof outputs !== 'object' || outputs === null) return outputs;
  return Object.fromEntries(
    Object.entries(outputs).map(([name, output]: [string, unknown]) => [
      name,
      typeof output === 'object' && output !== null && 'value' in output ? output.value : output,
    ]),
  );
}
