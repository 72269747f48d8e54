import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EventLimits, readEvents } from './server-sent-events.js';

const LIMITS: EventLimits = {
  eventCharacters: 262_144,
  streamBytes: 8 * 1024 * 1024,
  tooLong: () => new RangeError('too long'),
};

test('server-sent events are read with any line ends and cut anywhere', async () => {
  const bytes = new TextEncoder().encode(': hello\r\ndata: é\r\n\r\ndata:a\rdata: b\r\rid: 1\ndata: c\n\ndata: lost');
  for (const size of [1, 2, 3, 7, 100]) {
    async function* pieces(): AsyncIterable<Uint8Array> {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    }
    const events: string[] = [];
    for await (const data of readEvents(pieces(), LIMITS)) events.push(data);
    assert.deepEqual(events, ['é', 'a\nb', 'c']);
  }
});

test('a server-sent event or a stream of them without an end is refused after a bounded amount', async () => {
  for (const [text, mostChunks] of [
    ['data: ' + 'x'.repeat(1018), 300],
    ['data: x\n'.repeat(128), 3000],
    ['data: x\n\n: '.repeat(93), 10_000],
  ] as const) {
    let chunks = 0;
    async function* endless(): AsyncIterable<Uint8Array> {
      for (; chunks < 20_000; chunks++) yield new TextEncoder().encode(text);
    }
    const read = async (): Promise<void> => {
      for await (const _ of readEvents(endless(), LIMITS));
    };
    await assert.rejects(read(), { message: 'too long' });
    assert.ok(chunks < mostChunks, String(chunks));
  }
});
