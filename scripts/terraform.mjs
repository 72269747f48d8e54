// `npm run check:terraform` checks everything under terraform/ over the providers in terraform/offline, so it needs neither network nor
// account: the formatting, `terraform validate` and `terraform test`, terraform.tfvars.example applied, and every command of the
// deployment guide in order. It needs the `terraform` command. Its last line is `N passed, 0 failed`.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applyExample } from '../terraform/offline/example.mjs';
import { runGuide } from '../terraform/offline/guide.mjs';
import { startOfflineProvider } from '../terraform/offline/provider.mjs';
import { buildAll } from './build.mjs';

const ROOT = fileURLToPath(new URL('../terraform/', import.meta.url));
/** Folders from which somebody applies. The root has the modules in it. */
const STACKS = ['.', 'fallback'];

// The Lambda is deployed as it is built.
await buildAll({ ifNeeded: true });
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
let passed = 0;
try {
  await step('all', ['fmt', '-check', '-diff', '-recursive'], ROOT);
  for (const stack of STACKS) {
    const directory = join(ROOT, stack);
    if (await step(stack, ['init', '-backend=false', '-input=false'], directory)) {
      await step(stack, ['validate'], directory);
      await step(stack, ['test'], directory);
    }
  }
  if (failed.length === 0) {
    const quiet = { ...env, TF_CLI_ARGS: '-no-color' };
    tell('terraform.tfvars.example', await applyExample(quiet));
    tell('DEPLOYMENT_GUIDE.md', await runGuide(quiet));
  }
} finally {
  rmSync(data, { recursive: true, force: true });
  provider.close();
}
for (const name of failed) console.log(`failed: ${name}`);
console.log(`${passed} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;

/** Counts the results of a check and shows them. */
function tell(what, results) {
  console.log(`── ${what}`);
  for (const [title, problem] of results) {
    console.log(`  ${title}... ${problem === undefined ? 'pass' : `fail\n${problem}`}`);
    if (problem === undefined) passed += 1;
    else failed.push(`${what}: ${title}`);
  }
}

/** @returns {Promise<boolean>} whether the command succeeded */
async function step(what, args, cwd) {
  const name = `${what}: terraform ${args[0]}`;
  console.log(`── ${name}`);
  let output = '';
  const code = await new Promise((resolve) => {
    const run = spawn('terraform', args, {
      cwd,
      env: { ...env, TF_DATA_DIR: join(data, what) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    run.stdout.on('data', (text) => {
      output += text;
      process.stdout.write(text);
    });
    run.on('error', () => {
      console.error('The terraform command cannot be run. Install Terraform 1.11 or later and put it on the PATH.');
      resolve(1);
    });
    run.on('close', resolve);
  });
  // `terraform test` counts by itself; every other command is one check.
  const counted = /(\d+) passed, (\d+) failed/.exec(output);
  passed += counted === null ? Number(code === 0) : Number(counted[1]);
  const failures = counted === null ? Number(code !== 0) : Math.max(Number(counted[2]), Number(code !== 0));
  for (let index = 0; index < failures; index++) failed.push(name);
  return code === 0;
}
