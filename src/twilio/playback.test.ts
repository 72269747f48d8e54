import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { FakeClock } from '../../test/support/fake-clock.js';
import { AudioChunk } from '../audio/chunk.js';
import type { PlayedItem } from './items-as-played.js';
import { Playback } from './playback.js';

/** Plays what it is sent in real time and returns marks. `oneWayMs`: the network delay in each direction. */
class Carrier {
  readonly clock: FakeClock;
  readonly playback: Playback;
  heardBytes = 0;
  idleCount = 0;
  unknownMarks = 0;
  readonly items: PlayedItem[] = [];
  private readonly oneWayMs: number;
  private queue: ({ bytes: number } | { mark: string })[] = [];
  private playing = false;

  constructor(clock: FakeClock, oneWayMs: number) {
    this.clock = clock;
    this.oneWayMs = oneWayMs;
    this.playback = new Playback({
      clock,
      sink: {
        sendAudio: (base64) => this.later(() => this.enqueue({ bytes: Buffer.from(base64, 'base64').length })),
        sendMark: (mark) => this.later(() => this.enqueue({ mark })),
        sendClear: () => this.later(() => this.flush()),
      },
      onIdle: () => this.idleCount++,
      onUnknownMark: () => this.unknownMarks++,
      onItem: (item) => this.items.push(item),
    });
  }

  play(itemId: string, durationMs: number): void {
    this.playback.play(itemId, AudioChunk.fromBytes('mulaw', 8000, new Uint8Array(durationMs * 8)));
  }

  private later(action: () => void): void {
    if (this.oneWayMs === 0) action();
    else this.clock.setTimer(this.oneWayMs, action);
  }

  private enqueue(entry: { bytes: number } | { mark: string }): void {
    this.queue.push(entry);
    if (!this.playing) this.next();
  }

  private next(): void {
    this.playing = false;
    for (let entry = this.queue[0]; entry !== undefined; entry = this.queue[0]) {
      if ('mark' in entry) {
        const { mark } = entry;
        this.queue.shift();
        this.later(() => this.playback.onMark(mark));
        continue;
      }
      this.playing = true;
      this.step(entry);
      return;
    }
  }

  /** Plays one millisecond. */
  private step(entry: { bytes: number }): void {
    this.clock.setTimer(1, () => {
      if (this.queue[0] !== entry) return;
      this.heardBytes += 8;
      entry.bytes -= 8;
      if (entry.bytes > 0) return this.step(entry);
      this.queue.shift();
      this.next();
    });
  }

  private flush(): void {
    const marks = this.queue.filter((entry) => 'mark' in entry);
    this.queue = [];
    this.playing = false;
    for (const { mark } of marks) this.later(() => this.playback.onMark(mark));
  }
}

describe('playback ledger', () => {
  test('each stretch of an item is told once: heard to its end, cut by the caller, or lost with the stream', () => {
    const clock = new FakeClock();
    const carrier = new Carrier(clock, 10);
    carrier.play('whole', 400);
    carrier.playback.endItem();
    clock.advance(500);
    carrier.play('cut', 1000);
    carrier.playback.endItem();
    clock.advance(300);
    carrier.playback.clear();
    carrier.play('lost', 1000);
    carrier.playback.endItem();
    clock.advance(200);
    carrier.playback.close();
    carrier.playback.close();
    assert.deepEqual(
      carrier.items.map(({ heardMs, itemId, sentMs }) => [itemId, Math.round(heardMs / 100) * 100, sentMs]),
      [
        ['whole', 400, 400],
        ['cut', 300, 1000],
        ['lost', 200, 1000],
      ],
    );
  });

  test('an item that was only queued is reported with nothing heard', () => {
    const carrier = new Carrier(new FakeClock(), 0);
    carrier.play('a', 400);
    carrier.play('b', 400);
    carrier.clock.advance(100);
    assert.deepEqual(carrier.playback.clear(), [
      { itemId: 'a', heardMs: 100, sentMs: 400 },
      { itemId: 'b', heardMs: 0, sentMs: 400 },
    ]);
  });

  test('an item that was played to its end is not reported as cut', () => {
    const carrier = new Carrier(new FakeClock(), 0);
    carrier.play('a', 200);
    carrier.playback.endItem();
    carrier.play('b', 600);
    carrier.playback.endItem();
    carrier.clock.advance(350);
    assert.deepEqual(carrier.playback.clear(), [{ itemId: 'b', heardMs: 150, sentMs: 600 }]);
  });

  test('a mark that comes back after a clear counts as flushed, not as heard', () => {
    const carrier = new Carrier(new FakeClock(), 20);
    carrier.play('a', 1000);
    carrier.playback.endItem();
    carrier.clock.advance(300);
    carrier.playback.clear();
    carrier.play('b', 500);
    carrier.playback.endItem();
    // The flushed marks of "a" come back now, while "b" has hardly begun.
    carrier.clock.advance(100);
    const [cut] = carrier.playback.clear();
    assert.equal(cut?.itemId, 'b');
    assert.ok(cut.heardMs <= 120, `heard ${cut.heardMs} ms`);
    assert.equal(carrier.unknownMarks, 0);
  });

  test('audio whose mark has not come back counts as heard only up to that mark, however much time has passed', () => {
    const clock = new FakeClock();
    const sink = { sendAudio: () => undefined, sendMark: () => undefined, sendClear: () => undefined };
    const playback = new Playback({ clock, sink });
    // A mark follows every 200 ms of audio. Twilio plays nothing, because its own connection is held up.
    for (let piece = 0; piece < 5; piece++) {
      playback.play('a', AudioChunk.fromBytes('mulaw', 8000, new Uint8Array(1600)));
    }
    clock.advance(900);
    assert.deepEqual(playback.clear(), [{ itemId: 'a', heardMs: 200, sentMs: 1000 }]);
  });

  test('no clear is sent when nothing is playing', () => {
    const carrier = new Carrier(new FakeClock(), 0);
    assert.deepEqual(carrier.playback.clear(), []);
    carrier.play('a', 200);
    carrier.clock.advance(300);
    assert.deepEqual(carrier.playback.clear(), []);
    assert.equal(carrier.idleCount, 1);
  });

  test('waiting for playout ends with the last mark, a clear, a timeout or the close of the stream', async () => {
    const carrier = new Carrier(new FakeClock(), 10);
    carrier.play('a', 130);
    const heard = carrier.playback.whenHeard(5000);
    carrier.clock.advance(160);
    assert.equal(await heard, 'heard');
    carrier.play('b', 500);
    const cleared = carrier.playback.whenHeard(5000);
    carrier.playback.clear();
    assert.equal(await cleared, 'cleared');
    carrier.play('c', 500);
    const timedOut = carrier.playback.whenHeard(100);
    carrier.clock.advance(100);
    assert.equal(await timedOut, 'timed-out');
    const closed = carrier.playback.whenHeard(100);
    carrier.playback.close();
    assert.equal(await closed, 'closed');
    assert.equal(await carrier.playback.whenHeard(100), 'closed');
    carrier.clock.advance(2000);
    assert.equal(carrier.clock.timers, 0);
  });

  test('an item without an end counts as heard once its time has passed and its late mark has come back', () => {
    const carrier = new Carrier(new FakeClock(), 20);
    carrier.play('a', 120);
    carrier.clock.advance(100);
    carrier.playback.endStalled();
    carrier.clock.advance(800);
    assert.equal(carrier.playback.isPlaying, true, 'no mark has confirmed the end');
    carrier.playback.endStalled();
    carrier.clock.advance(40);
    assert.equal(carrier.playback.isPlaying, false);
    // The late mark must not count as a measurement of the round trip.
    carrier.play('b', 1000);
    carrier.clock.advance(520);
    const [cut] = carrier.playback.clear();
    assert.ok(Math.abs((cut?.heardMs ?? 0) - 500) <= 20, `heard ${cut?.heardMs} ms`);
  });

  test('a mark the gateway never sent is counted as unknown', () => {
    const carrier = new Carrier(new FakeClock(), 0);
    carrier.playback.onMark('of-another-stream');
    assert.equal(carrier.unknownMarks, 1);
  });

  test('a mark that is lost on the way does not hold the position back', () => {
    const clock = new FakeClock();
    const marks: string[] = [];
    const playback = new Playback({
      clock,
      sink: { sendAudio: () => undefined, sendMark: (name) => marks.push(name), sendClear: () => undefined },
    });
    const chunk = (ms: number): AudioChunk => AudioChunk.fromBytes('mulaw', 8000, new Uint8Array(ms * 8));
    playback.play('a', chunk(200));
    playback.play('b', chunk(200));
    playback.play('c', chunk(200));
    clock.advance(400);
    playback.onMark(marks[1] ?? '');
    assert.deepEqual(playback.clear(), [{ itemId: 'c', heardMs: 0, sentMs: 200 }]);
  });

  test('the ledger stays within 20 ms of what was played, for any pieces, pauses and network delay', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ audioMs: fc.integer({ min: 20, max: 900 }), pauseMs: fc.integer({ min: 0, max: 700 }) }), {
          minLength: 1,
          maxLength: 12,
        }),
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 0, max: 3000 }),
        (pieces, oneWayMs, cutAfterMs) => {
          const carrier = new Carrier(new FakeClock(), oneWayMs);
          // A first short item measures the round trip, as a greeting does.
          carrier.play('greeting', 400);
          carrier.playback.endItem();
          carrier.clock.advance(1000);
          const before = carrier.heardBytes;
          let sentMs = 0;
          for (const { audioMs, pauseMs } of pieces) {
            carrier.play('answer', audioMs);
            sentMs += audioMs;
            carrier.clock.advance(pauseMs);
          }
          carrier.playback.endItem();
          carrier.clock.advance(cutAfterMs);
          const [cut] = carrier.playback.clear();
          carrier.clock.advance(10_000);
          const playedMs = (carrier.heardBytes - before) / 8;
          if (cut === undefined) assert.equal(playedMs, sentMs);
          else {
            // If the item paused, its earlier pieces may be complete and gone from the ledger.
            const earlierMs = sentMs - cut.sentMs;
            assert.ok(
              Math.abs(earlierMs + cut.heardMs - playedMs) <= 20,
              `${earlierMs + cut.heardMs} vs ${playedMs} ms`,
            );
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
