import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { test } from 'node:test';
import { within } from '../../test/support/deadline.js';
import { TandemError } from '../base/errors.js';
import { Notices } from './notices.js';

/** Returns what notices write to a terminal, or to something else. */
function written(isTTY: boolean, use: (notices: Notices) => void): string[] {
  const texts: string[] = [];
  use(new Notices({ isTTY, write: (text) => void texts.push(text) }));
  return texts;
}

const lineOf = (text = ''): Record<string, unknown> => {
  const { time, ...line } = JSON.parse(text) as Record<string, unknown>;
  assert.ok(!Number.isNaN(Date.parse(String(time))));
  return line;
};

test('a notice is a sentence on a terminal, and a line of JSON with the sentence elsewhere', () => {
  const use = (notices: Notices): void => {
    notices.say('info', 'the gateway is ready', 'Tandem listens on http://127.0.0.1:8000.', { port: 8000 });
    notices.warn('PORT is odd.');
    notices.hint('Try this:', '  npm run call');
  };
  assert.deepEqual(written(true, use), [
    'Tandem listens on http://127.0.0.1:8000.\n',
    'Warning: PORT is odd.\n',
    'Try this:\n  npm run call\n',
  ]);
  const [ready, warning, ...others] = written(false, use);
  assert.deepEqual(lineOf(ready), {
    level: 'info',
    port: 8000,
    notice: 'Tandem listens on http://127.0.0.1:8000.',
    msg: 'the gateway is ready',
  });
  assert.deepEqual(lineOf(warning), { level: 'warn', notice: 'PORT is odd.', msg: 'the operator should know' });
  assert.deepEqual(others, []);
});

test('a failed start is told in one sentence without a stack if the error was raised on purpose', () => {
  const error = new TandemError('CONFIG_INVALID', 'PORT is "x".');
  const use = (notices: Notices): void => notices.failed(error);
  assert.deepEqual(written(true, use), [`${error.message}\n`]);
  const [line, ...others] = written(false, use);
  assert.deepEqual(lineOf(line), {
    level: 'fatal',
    code: 'CONFIG_INVALID',
    notice: error.message,
    msg: 'the start has failed',
  });
  assert.deepEqual(others, []);
});

test('a failed start by an error that nobody expected is one line of JSON without its message', () => {
  const [line, ...others] = written(false, (notices) => notices.failed(new TypeError('key sk-hunter2')));
  assert.ok(line !== undefined && !line.includes('hunter2') && others.length === 0);
  assert.equal((lineOf(line)['err'] as { type: string }).type, 'TypeError');
});

/** Runs `code` with a log and notices, and standard output and error on `device`. Returns the exit code. */
async function runOn(device: string, code: string): Promise<unknown> {
  const [log, notices] = ['./log.js', './notices.js'].map((name) => new URL(name, import.meta.url).href);
  const script = `import { createLogger } from '${log}'; import { Notices } from '${notices}';
    const log = createLogger({ level: 'info' }); const notices = new Notices(process.stderr); ${code}`;
  const output = openSync(device, 'w');
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', output, output] });
  try {
    return (await within(once(child, 'close'), 'the process ends'))[0];
  } finally {
    child.kill('SIGKILL');
    closeSync(output);
  }
}

test(
  'a process lives on when neither its log nor its notices can be written',
  { skip: existsSync('/dev/full') ? false : 'no /dev/full on this system' },
  async () => {
    const code = `for (let n = 0; n < 50; n++) { log.info('x'.repeat(100)); notices.warn('y'); }
      setTimeout(() => { log.info('z'); process.exit(7); }, 50);`;
    assert.equal(await runOn('/dev/full', code), 7);
  },
);
