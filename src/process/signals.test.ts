import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';
import { within } from '../../test/support/deadline.js';

const MODULE = new URL('./signals.js', import.meta.url).href;

/** The code of a process that stops when its standard input closes, and says what it does. */
const code = (isUnderNpm: boolean): string => `
  import { stopOnSignal } from '${MODULE}';
  const ended = new Promise((resolve) => process.stdin.on('end', resolve).resume());
  stopOnSignal({
    signals: ['SIGINT', 'SIGTERM', 'SIGHUP'], isUnderNpm: ${isUnderNpm}, activeCalls: () => 1, drainSeconds: 9,
    say: () => console.log('stopping'),
    stop: async () => { await ended; console.log('stopped'); },
  });
  // Nobody is left who could stop it.
  void ended.then(() => setTimeout(() => process.exit(9), 3000));
  setInterval(() => undefined, 1000);
  console.log('ready ' + process.pid);`;

/** Runs a process, and returns it with a function that resolves when it writes `word`. */
function run(command: string, args: readonly string[]) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const waiting: (() => void)[] = [];
  createInterface(child.stdout).on('line', (line) => {
    lines.push(line);
    for (const check of waiting) check();
  });
  const says = (word: string): Promise<string> =>
    new Promise((resolve) => {
      const check = (): void => {
        const line = lines.find((one) => one.startsWith(word));
        if (line !== undefined) resolve(line);
      };
      waiting.push(check);
      check();
    });
  return { child, lines, says };
}

const start = (isUnderNpm: boolean) => run(process.execPath, ['--input-type=module', '-e', code(isUnderNpm)]);

const ended = async (child: ChildProcess): Promise<unknown> => {
  if (child.exitCode === null) await once(child, 'exit');
  return child.exitCode;
};

describe('signals that stop a process', { concurrency: true }, () => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    test(`${signal} stops a process in an orderly way`, async () => {
      const { child, says } = start(false);
      await says('ready');
      child.kill(signal);
      await says('stopping');
      child.stdin.end();
      await says('stopped');
      assert.equal(await ended(child), 0);
    });
  }

  test('a second signal ends a process at once, except SIGHUP, which a closed terminal sends twice', async () => {
    const { child, says, lines } = start(false);
    await says('ready');
    child.kill('SIGHUP');
    await says('stopping');
    child.kill('SIGHUP');
    child.kill('SIGTERM');
    assert.equal(await ended(child), 1);
    assert.ok(!lines.includes('stopped'));
  });

  test('a signal that npm passes on again is the same signal', async () => {
    const { child, says } = start(true);
    await says('ready');
    child.kill('SIGINT');
    await says('stopping');
    child.kill('SIGINT');
    child.stdin.end();
    await says('stopped');
    assert.equal(await ended(child), 0);
  });

  test('a process under npm stops in an orderly way when npm is killed', async () => {
    // The shell stands in for npm. It waits for its child, and dies of the signal without passing it on.
    const script = `"$0" --input-type=module -e "$1" <&3 & wait`;
    const parent = spawn('sh', ['-c', script, process.execPath, code(true)], {
      stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    });
    const lines: string[] = [];
    const stopped = new Promise<void>((resolve) => {
      createInterface(parent.stdout as NodeJS.ReadableStream).on('line', (line) => {
        lines.push(line);
        if (line.startsWith('ready')) parent.kill('SIGHUP');
        if (line === 'stopping') (parent.stdio[3] as NodeJS.WritableStream).end();
        if (line === 'stopped') resolve();
      });
    });
    try {
      await within(stopped, 'the process stops');
    } finally {
      (parent.stdio[3] as NodeJS.WritableStream).end();
    }
    assert.deepEqual(lines.slice(1), ['stopping', 'stopped']);
  });
});
