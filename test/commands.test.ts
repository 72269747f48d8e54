import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseReceiverFault } from '../sim/hooks/event-receiver.js';
import { parseFault as parseHubSpotFault } from '../sim/hubspot/faults.js';
import { parseMcpFault } from '../sim/mcp/faults.js';
import { parseFault } from '../sim/model/faults.js';
import { parseNovaFault } from '../sim/nova/faults.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { scripts } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { scripts: Record<string, string> };
const COMMANDS = [
  'demo start doctor cluster load bench evals chaos check build call replay scrub'.split(' '),
  ['test:coverage', 'release:dry-run'],
  Object.keys(scripts).filter((name) => name.startsWith('sim:')),
].flat();

interface Run {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the program of an npm script, without the build before it. */
function run(name: string, args: readonly string[]): Promise<Run> {
  const [file] = /(?:dist|scripts)\/\S+\.m?js\S*$/.exec(scripts[name] ?? '') ?? assert.fail(`no script ${name}`);
  const child = spawn(process.execPath, [`${root}/${file}`, ...args], { cwd: root });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (part: Buffer) => (stdout += part.toString()));
  child.stderr.on('data', (part: Buffer) => (stderr += part.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}

for (const name of COMMANDS) {
  test(`npm run ${name} explains itself with --help`, async () => {
    const help = await run(name, ['--help']);
    assert.deepEqual([help.code, help.stderr], [0, '']);
    const typed = name === 'start' ? 'npm start' : `npm run ${name}`;
    assert.ok(help.stdout.includes(`\nUsage: ${typed}`), help.stdout);
    assert.match(help.stdout, /\n {2}--help, -h +prints this text\n/);
    assert.match(help.stdout, /\nExamples?:\n {2}\S/);
  });
}

// The other commands read their options by the same two functions: that of the built commands, and that of the scripts.
for (const name of ['call', 'sim:openai', 'check', 'build']) {
  test(`npm run ${name} refuses an unknown option with one sentence`, async () => {
    const wrong = await run(name, ['--no-such-option']);
    assert.deepEqual([wrong.code, wrong.stdout], [2, '']);
    assert.match(wrong.stderr, /^--no-such-option is not an option of this command: .*--help" lists the options\.\n$/);
  });
}

test('npm run doctor finishes all of its checks and prints them as one JSON object', async () => {
  const { code, stderr, stdout } = await run('doctor', ['--json']);
  assert.deepEqual([code, stderr], [0, '']);
  const { findings } = JSON.parse(stdout) as { findings: { service: string }[] };
  const services = findings.map(({ service }) => service);
  for (const service of ['configuration', 'speech', 'metrics']) assert.ok(services.includes(service), service);
});

const MODEL_FAULTS = [
  'connect=401 =silent =reset =close =stall =malformed =unknown-event =blocked =error: =failed:'.split(' '),
  ['turn:', 'session:', 'answer:800=', 'answer:800:2', '@1'],
].flat();
for (const [name, parse, forms] of [
  ['sim:openai', parseFault, MODEL_FAULTS],
  ['sim:nova', parseNovaFault, [...MODEL_FAULTS, '=instability', '=rst-stream', '=stop-reading', 'Exception']],
  [
    'sim:hubspot',
    parseHubSpotFault,
    ['*3=', '=503', '=secondly', '=hang', '=hang-after', '=reset', '=reset-after', '=malformed', '=no-id', '=slow:'],
  ],
  ['sim:mcp', parseMcpFault, ['hang', 'die*', 'late:', 'huge:', 'nested:', 'status:', '@initialize']],
  ['sim:events', parseReceiverFault, ['status:', '*3', 'redirect', 'reset', 'lost', 'hang', 'late:']],
] as const) {
  test(`each form of a fault is shown in an example by ${name} -- --help, and every example can be given`, async () => {
    const { stdout } = await run(name, ['--help']);
    const shown = [...stdout.matchAll(/^ {2}--fault "?([a-z][^\s"]+)"? {2}/gm)].map(([, fault = '']) => fault);
    assert.deepEqual(
      shown.filter((fault) => parse(fault) === undefined),
      [],
    );
    for (const form of forms)
      assert.ok(
        shown.some((fault) => fault.includes(form)),
        form,
      );
  });
}
