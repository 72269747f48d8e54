import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { ScriptedSession } from '../../../test/support/scripted-provider.js';
import { createLogger } from '../../telemetry/log.js';
import type { SummaryRequest, VoiceSession } from '../../voice/session.js';
import { summarizeCall } from './summarize-call.js';

const TURNS = [
  { speaker: 'assistant', text: 'Hello.' },
  { speaker: 'caller', text: 'My name is Ada and\nmy order 4711 has not come.' },
] as const;

type Write = (request: SummaryRequest) => Promise<string>;

function begin(
  write: Write | undefined,
  turns: Parameters<typeof summarizeCall>[1] = TURNS,
  language = 'en',
  isBriefed = false,
) {
  const session: VoiceSession = new ScriptedSession({} as ScriptedSession['options']);
  if (write !== undefined) session.summarize = write;
  const clock = new FakeClock();
  const lines: string[] = [];
  const log = createLogger({ level: 'trace', destination: { write: (line: string) => void lines.push(line) } });
  const over = new AbortController();
  const summary = summarizeCall(session, turns, { clock, language, isBriefed, log, signal: over.signal });
  return { clock, lines, over, summary };
}

test("the model gets the transcript and the agents' language, and its summary becomes plain text", async () => {
  let asked: SummaryRequest | undefined;
  const { clock, summary } = begin(
    (request) => {
      asked = request;
      return Promise.resolve(
        '## Summary\n- **Ada** waits for <b>order 4711</b>.\n- [Open](javascript:x): where it is 🙂',
      );
    },
    TURNS,
    'de',
  );
  assert.equal(await summary, 'Summary Ada waits for order 4711 . Open: where it is 🙂');
  assert.match(asked?.instructions ?? '', /Write in German/);
  assert.equal(asked?.transcript, 'Assistant: Hello.\nCaller: My name is Ada and my order 4711 has not come.');
  assert.equal(clock.timers, 0);
});

test('a summary is given up after four seconds, even if the session ignores the signal', async () => {
  let signal: AbortSignal | undefined;
  const { clock, lines, summary } = begin((request) => {
    signal = request.signal;
    return new Promise(() => undefined);
  });
  clock.advance(3999);
  assert.equal(signal?.aborted, false);
  clock.advance(1);
  assert.equal(await summary, undefined);
  assert.equal(signal?.aborted, true);
  assert.equal(lines.length, 1);
  assert.ok(!lines.join().includes('Ada'));
});

test('the end of a call stops its summary at once and leaves no timer', async () => {
  const { clock, lines, over, summary } = begin(() => new Promise(() => undefined));
  over.abort();
  assert.equal(await summary, undefined);
  assert.equal(clock.timers, 0);
  assert.deepEqual(lines, []);
});

for (const [name, written] of [
  ['nothing', ''],
  ['nothing but markup', '<script></script> ### ***'],
  ['digits only', '0123456789 '.repeat(20)],
] as const) {
  test(`a model that writes ${name} has written no summary`, async () => {
    assert.equal(await begin(() => Promise.resolve(written)).summary, undefined);
  });
}

test('a summary is at most a thousand characters long', async () => {
  const summary = await begin(() => Promise.resolve('The caller waits. '.repeat(5000))).summary;
  assert.ok(summary !== undefined && summary.length <= 1000 && summary.length > 900);
});

test('there is no summary if the model cannot write one, fails, or has heard no caller', async () => {
  assert.equal(await begin(undefined).summary, undefined);
  assert.equal(await begin(() => Promise.reject(new Error('no'))).summary, undefined);
  const greeted = begin(() => assert.fail('there is nothing to summarise'), [{ speaker: 'assistant', text: 'Hello.' }]);
  assert.equal(await greeted.summary, undefined);
});

test('for a briefing the model is told what the first and the last sentence are', async () => {
  for (const isBriefed of [true, false]) {
    let asked: SummaryRequest | undefined;
    const write: Write = (request) => {
      asked = request;
      return Promise.resolve('Ada waits for an order. It is not found.');
    };
    await begin(write, TURNS, 'en', isBriefed).summary;
    assert.equal(/first sentence.*last one.*twelve words/.test(asked?.instructions ?? ''), isBriefed);
  }
});
