import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TandemError } from '../base/errors.js';
import { type Logger, REDACTED_FIELDS, createLogger } from './log.js';

/** Returns the lines a logger writes while `use` runs. */
function linesOf(use: (log: Logger) => void, level = 'trace'): string[] {
  const lines: string[] = [];
  use(createLogger({ level, destination: { write: (line) => void lines.push(line) } }));
  return lines;
}

const only = (lines: string[]): Record<string, unknown> => {
  assert.equal(lines.length, 1);
  return JSON.parse(lines[0] as string) as Record<string, unknown>;
};

test('a log line is one JSON object with level, time and message, and nothing about the machine', () => {
  const lines = linesOf((log) => log.child({ call_sid: 'CA1' }).info({ outcome: 'bridged' }, 'dial ended'));
  assert.ok(lines[0]?.endsWith('}\n'));
  const { time, ...rest } = only(lines);
  assert.deepEqual(rest, { level: 'info', call_sid: 'CA1', outcome: 'bridged', msg: 'dial ended' });
  assert.ok(!Number.isNaN(Date.parse(time as string)));
});

test('sensitive log fields are redacted at the top, one level down, in child loggers and at every log level', () => {
  for (const field of REDACTED_FIELDS) {
    const lines = linesOf((log) => {
      log.trace({ [field]: 'hunter2', nested: { [field]: 'hunter2' } }, 'x');
      log.child({ [field]: 'hunter2' }).fatal({ nested: { [field]: { deep: 'hunter2' } } }, 'x');
    });
    assert.equal(lines.length, 2);
    assert.ok(!lines.join('').includes('hunter2'), `${field}: ${lines.join('')}`);
    assert.ok(lines.join('').includes('[redacted]'), field);
  }
});

test('the redacted log fields include credentials, what was said and who called', () => {
  for (const field of [
    'token',
    'authToken',
    'auth_token',
    'pepper',
    'authorization',
    'text',
    'digits',
    'customer_phone',
    'from',
  ]) {
    assert.ok(REDACTED_FIELDS.includes(field), field);
  }
});

test("a logged error shows its message only if it is the gateway's own, because others may quote the caller", () => {
  const foreign = Object.assign(new Error('cannot parse: my card is 4111111111111111'), {
    code: 'EBAD',
    body: 'my card is 4111111111111111',
  });
  const line = only(linesOf((log) => log.error({ err: foreign }, 'failed')));
  assert.ok(!JSON.stringify(line).includes('4111111111111111'), JSON.stringify(line));
  const err = line['err'] as Record<string, unknown>;
  assert.equal(err['type'], 'Error');
  assert.equal(err['code'], 'EBAD');
  assert.ok((err['stack'] as string[]).every((frame) => frame.startsWith('at ')));

  const own = new TandemError('STORE_UNREACHABLE', 'DynamoDB did not answer.', { cause: foreign });
  const ours = only(linesOf((log) => log.error({ err: own }, 'failed')));
  assert.equal((ours['err'] as Record<string, unknown>)['message'], own.message);
  assert.equal(((ours['err'] as Record<string, unknown>)['cause'] as Record<string, unknown>)['code'], 'EBAD');
  assert.ok(!JSON.stringify(ours).includes('4111111111111111'));
});

test('an error message over several lines does not leak into the logged stack', () => {
  const line = linesOf((log) =>
    log.error({ err: new Error('first\nmy card\n    at 4111111111111111') }, 'failed'),
  ).join('');
  assert.ok(!line.includes('4111111111111111') && !line.includes('my card'), line);
});

test('an error that is logged without a field does not show its message', () => {
  const line = linesOf((log) => log.error(new Error('my card is 4111111111111111'), 'failed')).join('');
  assert.ok(!line.includes('4111111111111111'), line);
});

test('an error that is its own cause, or that throws when it is read, is logged and never throws', () => {
  const circle = new Error('private');
  circle.cause = circle;
  const unreadable = Object.defineProperty(new Error('private'), 'stack', {
    get: () => {
      throw new Error('private');
    },
  });
  const odd = Object.assign(new Error('private'), { stack: 5, code: { deep: 'private' } });
  for (const [err, type] of [
    [circle, 'Error'],
    [unreadable, 'unreadable'],
    [odd, 'unreadable'],
  ] as const) {
    const line = only(linesOf((log) => log.error({ err }, 'failed')));
    assert.equal(line['msg'], 'failed');
    assert.equal((line['err'] as Record<string, unknown>)['type'], type);
    assert.doesNotMatch(JSON.stringify(line), /private/);
  }
});

test('a thrown value that is no error is logged only with its type', () => {
  assert.deepEqual(only(linesOf((log) => log.error({ err: 'my card is 4111111111111111' }, 'x')))['err'], {
    type: 'string',
  });
});

test('a logger writes nothing below its level', () => {
  assert.deepEqual(
    linesOf((log) => log.info('x'), 'warn'),
    [],
  );
  assert.deepEqual(
    linesOf((log) => log.fatal('x'), 'silent'),
    [],
  );
});
