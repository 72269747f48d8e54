// Runs every command of DEPLOYMENT_GUIDE.md, in order and in one shell, in a copy of the project: with the offline provider, a bucket of
// its own for the state (s3.mjs), and stand-ins for the AWS CLI, Docker, npm and curl (bin/). Before everything is destroyed it runs those
// of docs/OPERATIONS.md on the deployment that is there.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startBucket } from './s3.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Something hangs if it takes longer. */
const TIMEOUT_MS = 480_000;
/** What somebody types when fill-secrets.sh asks: a value, or Enter. The last two lines are for the rotation. */
const TYPED = ['twilio-secret-one', '', 'openai-secret-one', '', '', 'twilio-secret-two', ''];
const GIVEN = TYPED.filter((line) => line !== '');

/** The code blocks of the guide, each as the line on which it begins and its text. */
export function blocksOf(guide) {
  return Array.from(guide.matchAll(/^```sh\n([\s\S]*?)^```$/gm), (match) => ({
    line: guide.slice(0, match.index).split('\n').length + 1,
    text: match[1],
  }));
}

/** The blocks of a page as parts of a script that says where it is. `lines`: how many stand before the text in its page. */
function scriptOf(page, text, lines) {
  return blocksOf(text).map((block) => `echo "── ${page}:${lines + block.line}"\n${block.text}`);
}

/**
 * Copies what a deployment needs of the project.
 * @returns {{ folder: string, terraform: string, remove: () => void }}
 */
export function copyOfProject() {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-deployment-'));
  for (const name of ['connect', 'terraform', 'dist/lambda/connect', 'package.json']) {
    cpSync(join(ROOT, name), join(folder, name), { recursive: true, filter: (path) => !path.includes('.terraform/') });
  }
  return {
    folder,
    terraform: join(folder, 'terraform'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/**
 * @param {Record<string, string>} env
 * @returns {Promise<[title: string, problem: string | undefined][]>}
 */
export async function runGuide(env) {
  const { folder, terraform, remove } = copyOfProject();
  const bucket = await startBucket();
  const cloud = join(folder, 'cloud');
  mkdirSync(cloud);
  const [guide, last] = readFileSync(join(ROOT, 'terraform/DEPLOYMENT_GUIDE.md'), 'utf8').split(/^(?=## Destroying$)/m);
  const operations = readFileSync(join(ROOT, 'docs/OPERATIONS.md'), 'utf8');
  const blocks = [
    ...scriptOf('DEPLOYMENT_GUIDE.md', guide, 0),
    // It begins in the root of the project.
    'cd ..\n',
    ...scriptOf('OPERATIONS.md', operations, 0),
    ...scriptOf('DEPLOYMENT_GUIDE.md', last, guide.split('\n').length - 1),
  ];
  const script = blocks.join('\n');
  writeFileSync(join(folder, 'guide.sh'), `set -euo pipefail\n${script}`);
  const all = {
    ...env,
    ...bucket.env,
    OFFLINE_CLOUD: cloud,
    PATH: `${join(terraform, 'offline/bin')}${delimiter}${env.PATH}`,
    TF_CLI_ARGS_apply: '-auto-approve',
    TF_CLI_ARGS_destroy: '-auto-approve',
    TF_INPUT: '0',
  };
  try {
    const { code, output } = await run('bash', ['guide.sh'], folder, all, `${TYPED.join('\n')}\n`);
    const reached = output.match(/── \w+\.md:\d+/g)?.at(-1);
    const results = [
      [
        `the ${blocks.length - 1} blocks of DEPLOYMENT_GUIDE.md and docs/OPERATIONS.md run in order`,
        code === 0 ? undefined : `${reached} failed:\n${output.slice(-3000)}`,
      ],
    ];
    if (code !== 0) return results;

    const { secrets } = JSON.parse(readFileSync(join(cloud, 'cloud.json'), 'utf8'));
    const names = Object.keys(secrets).map((name) => name.replace('tandem/', ''));
    const expected = [
      'HANDOVER_TOKEN_PEPPER',
      'JOURNAL_KEY',
      'OPENAI_API_KEY',
      'OUTBOUND_LIST_PEPPER',
      'REDIS_URL',
      'TWILIO_AUTH_TOKEN',
    ];
    results.push([
      'fill-secrets.sh fills in every secret that is in use or asked for by name, and no other',
      names.toSorted().join() === expected.join() ? undefined : names.join(),
    ]);
    results.push([
      'OUTBOUND_LIST_PEPPER is the pepper under which a list that exists is stored',
      /^[0-9a-f]{64}$/.test(secrets['tandem/OUTBOUND_LIST_PEPPER']) &&
      secrets['tandem/OUTBOUND_LIST_PEPPER'] === secrets['tandem/HANDOVER_TOKEN_PEPPER']
        ? undefined
        : 'it is not',
    ]);
    results.push([
      'REDIS_URL is made of the outputs and the password',
      /^rediss:\/\/gateway:[0-9a-f]{64}@master\.tandem-journal\.[\w.]+:6379$/.test(secrets['tandem/REDIS_URL'])
        ? undefined
        : 'it is not',
    ]);
    const { output: plan } = await run('terraform', ['show', '-json', 'tandem.tfplan'], terraform, all);
    const password = new URL(secrets['tandem/REDIS_URL']).password;
    const secretsOf = [...GIVEN, ...Object.values(secrets), password];
    const kept = [plan, ...bucket.written.map(String), output];
    results.push([
      'no secret is in a state, in a plan or on the screen',
      kept.length > 5 &&
      plan.includes('planned_values') &&
      !kept.some((text) => secretsOf.some((secret) => text.includes(secret)))
        ? undefined
        : 'one is, or nothing was kept',
    ]);
    results.push([
      'what was made is destroyed',
      /Destroy complete! Resources: \d{3} destroyed/.test(output) ? undefined : output.slice(-500),
    ]);
    return results;
  } finally {
    bucket.close();
    remove();
  }
}

/** @returns {Promise<{ code: number, output: string }>} */
export function run(command, args, cwd, env, input = '') {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, timeout: TIMEOUT_MS, killSignal: 'SIGKILL' });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
