import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AnsweringServer } from '../../../test/support/answering-server.js';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { fuzz, mangled, nearly } from '../../../test/support/fuzz.js';
import { isTandemError } from '../../base/errors.js';
import { readEvents } from '../../base/server-sent-events.js';
import { EVENT_LIMITS, streamChat } from './chat-stream.js';
import { SentenceSplitter } from '../../speech/sentences.js';

const chunk = (delta: unknown, finish_reason: string | null = null): unknown => ({
  id: 'c',
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta, finish_reason }],
});
const call = (more: object): unknown => chunk({ tool_calls: [{ index: 0, type: 'function', ...more }] });

const CHUNKS = nearly(
  chunk({ role: 'assistant', content: '' }),
  chunk({ content: 'We are open until nine.' }),
  chunk({ reasoning_content: 'The caller asks for the hours.' }),
  call({ id: 'call_0', function: { name: 'end_call', arguments: '' } }),
  call({ function: { arguments: '{"reason":' } }),
  chunk({}, 'stop'),
  chunk({}, 'tool_calls'),
  { choices: [], usage: { prompt_tokens: 5, completion_tokens: 3 } },
  { error: { message: 'out of memory', code: 500 } },
);
const STREAM = fc
  .array(
    fc.oneof(
      { weight: 9, arbitrary: mangled(CHUNKS).map((json) => `data: ${json}\n\n`) },
      fc.constantFrom('data: [DONE]\n\n', ': comment\n\n', 'data:', '\r', '\n'),
    ),
    {
      maxLength: 10,
    },
  )
  .map((parts) => parts.join(''));

test('whatever a chat endpoint streams is an answer of bounded size or LOCAL_LLM_UNREACHABLE', async (t) => {
  const server = new AnsweringServer();
  const url = `${await server.listen()}/v1/chat/completions`;
  t.after(() => server.close());
  const clock = new FakeClock();
  const options = {
    signal: new AbortController().signal,
    clock,
    limits: { firstWordMs: 1000, nextPieceMs: 1000, wholeMs: 60_000 },
  };
  const huge = (index: number): string =>
    `data: ${JSON.stringify(chunk({ tool_calls: [{ index, id: 'a', function: { name: 'end_call' } }] }))}\n\ndata: [DONE]\n\n`;
  await fuzz(
    STREAM,
    async (stream) => {
      server.answer = { status: 200, headers: { 'content-type': 'text/event-stream' }, body: stream };
      let sizeChars = 0;
      try {
        for await (const piece of streamChat(url, { model: 'm', messages: [] }, options)) {
          if (piece.type === 'text') sizeChars += piece.text.length;
          else if (piece.type === 'tool-call') sizeChars += piece.call.arguments.length;
        }
      } catch (error) {
        assert.ok(isTandemError(error) && error.code === 'LOCAL_LLM_UNREACHABLE', String(error));
      }
      assert.ok(sizeChars <= stream.length);
      assert.equal(clock.timers, 0, 'a timer is left behind');
    },
    { found: [huge(4_000_000_000), huge(-1), huge(0.5)] },
  );
});

test('server-sent events are the same however their bytes are cut', () =>
  fuzz(
    fc.tuple(STREAM, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 })),
    async ([stream, sizes]) => {
      const whole = await eventsOf([Buffer.from(stream)]);
      const pieces: Buffer[] = [];
      const bytes = Buffer.from(stream);
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const size = sizes[turn % sizes.length] ?? 1;
        pieces.push(bytes.subarray(at, at + size));
        at += size;
      }
      assert.deepEqual(await eventsOf(pieces), whole);
    },
  ));

test('the splitter of sentences loses no word and adds none, however its text is cut', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 30 }),
    fc.constantFrom(
      'Dr. ',
      'a.m. ',
      '... ',
      '!?',
      '\n\n',
      '**',
      '我们九点关门。',
      'नमस्ते।',
      'x'.repeat(900),
      '.'.repeat(900),
    ),
  );
  const letters = (text: string): string => text.replace(/[^\p{L}\p{N}]/gu, '');
  return fuzz(fc.array(piece, { maxLength: 12 }), (pieces) => {
    const splitter = new SentenceSplitter();
    const sentences = [...pieces.flatMap((text) => splitter.push(text)), ...splitter.flush()];
    assert.equal(letters(sentences.join('')), letters(pieces.join('')));
  });
});

async function eventsOf(pieces: readonly Uint8Array[]): Promise<string[]> {
  async function* body(): AsyncGenerator<Uint8Array> {
    yield* pieces;
  }
  const events: string[] = [];
  for await (const event of readEvents(body(), EVENT_LIMITS)) events.push(event);
  return events;
}
