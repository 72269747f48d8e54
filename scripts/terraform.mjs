// `npm run check:terraform` checks the formatting of everything under terraform/ and runs `terraform validate` and `terraform
// test`. It uses the provider in terraform/offline, so it needs neither network nor account. It needs the `terraform` command.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startOfflineProvider } from '../terraform/offline/provider.mjs';

const ROOT = fileURLToPath(new URL('../terraform/', import.meta.url));
const stacks = readdirSync(ROOT, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && readdirSync(join(ROOT, entry.name)).some((file) => file.endsWith('.tf')))
  .map(({ name }) => name);

const provider = await startOfflineProvider();
const env = {
  ...process.env,
  TF_REATTACH_PROVIDERS: provider.reattach,
  // No version check with HashiCorp, no settings of this machine.
  CHECKPOINT_DISABLE: '1',
  TF_CLI_CONFIG_FILE: '/dev/null',
  TF_IN_AUTOMATION: '1',
  ...(process.stdout.isTTY ? {} : { TF_CLI_ARGS: '-no-color' }),
};
/** Data directory of `terraform init`, so that nothing is written beside the source. */
const data = mkdtempSync(join(tmpdir(), 'tandem-terraform-'));
const failed = [];
try {
  await step('all', ['fmt', '-check', '-diff', '-recursive'], ROOT);
  for (const stack of stacks) {
    const directory = join(ROOT, stack);
    if (await step(stack, ['init', '-backend=false', '-input=false'], directory)) {
      await step(stack, ['validate'], directory);
      await step(stack, ['test'], directory);
    }
  }
} finally {
  rmSync(data, { recursive: true, force: true });
  provider.close();
}
console.log(failed.length === 0 ? 'terraform: all passed' : `terraform: failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;

/** @returns {Promise<boolean>} whether the command succeeded */
async function step(what, args, cwd) {
  const name = `${what}: terraform ${args[0]}`;
  console.log(`── ${name}`);
  const code = await new Promise((resolve) => {
    const run = spawn('terraform', args, { cwd, env: { ...env, TF_DATA_DIR: join(data, what) }, stdio: 'inherit' });
    run.on('error', () => {
      console.error('The terraform command cannot be run. Install Terraform 1.7 or later and put it on the PATH.');
      resolve(1);
    });
    run.on('exit', resolve);
  });
  if (code !== 0) failed.push(name);
  return code === 0;
}
