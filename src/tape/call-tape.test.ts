import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { CallTape } from './call-tape.js';
import type { Message, TapeHead } from './format.js';
import { Secrets } from './secrets.js';

/** A number that JSON cannot express, as an extension may pass one. */
const UNSAYABLE = { parameters: 7n } as unknown as Message;
const HEAD = { tape: 1 } as TapeHead;

function tapeOf() {
  const lines: string[] = [];
  const lost: unknown[] = [];
  const tape = new CallTape({ callSid: 'CA1', clock: new FakeClock(), secrets: new Secrets([]) });
  const sink = {
    write: (line: string): void => void lines.push(line),
    lose: (error: unknown): void => void lost.push(error),
    end: (line: string): Promise<void> => Promise.resolve(void lines.push(line)),
  };
  return { lines, lost, sink, tape };
}

test('an input that cannot be recorded is handled all the same, and costs the rest of the tape', async () => {
  const { lines, lost, sink, tape } = tapeOf();
  tape.begin(sink, HEAD);
  assert.equal(
    tape.input('http', UNSAYABLE, () => 'handled'),
    'handled',
  );
  tape.output('carrier', { event: 'clear' });
  assert.deepEqual([lines.length, lost.length], [1, 1]);
  await tape.end();
  assert.match(lines.at(-1) ?? '', /"end":true/, 'the file is not closed');
});

test('a tape that was lost before its call began is given up when it begins', () => {
  const { lines, lost, sink, tape } = tapeOf();
  tape.output('http', UNSAYABLE);
  tape.begin(sink, HEAD);
  assert.deepEqual([lines.length, lost.length], [0, 1]);
});
