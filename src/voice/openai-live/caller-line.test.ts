import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { AudioChunk } from '../../audio/chunk.js';
import { SpeechDetector } from '../speech-detector.js';
import { CallerLine } from './caller-line.js';

function open(capacityMs = 5000) {
  const clock = new FakeClock();
  const sent = { loudMs: 0, quietMs: 0, dropped: 0 };
  const line = new CallerLine({
    clock,
    ear: new SpeechDetector({ onStarted: () => undefined, onStopped: () => undefined }),
    capacityBytes: capacityMs * 8,
    isCongested: () => false,
    onDropped: () => sent.dropped++,
    send: ({ bytes }) => {
      if (bytes[0] === 0xff) sent.quietMs += bytes.length / 8;
      else sent.loudMs += bytes.length / 8;
    },
  });
  const speak = (kind: 'loud' | 'quiet', ms: number): void => {
    for (let at = 0; at < ms; at += 20) {
      line.push(AudioChunk.fromBytes('mulaw', 8000, new Uint8Array(160).fill(kind === 'loud' ? 0x10 : 0xff)));
      clock.advance(20);
    }
  };
  const take = (): { loudMs: number; quietMs: number } => {
    const { loudMs, quietMs } = sent;
    Object.assign(sent, { loudMs: 0, quietMs: 0 });
    return { loudMs, quietMs };
  };
  return { clock, line, sent, speak, take };
}

describe("the caller's line to GPT-Live", () => {
  it('a silent line that carries nothing is filled with silence in real time', () => {
    const { clock, line, take } = open();
    line.open();
    clock.advance(5000);
    const { loudMs, quietMs } = take();
    assert.equal(loudMs, 0);
    assert.ok(quietMs >= 4700 && quietMs <= 5000, `${quietMs}`);
    line.close();
    assert.equal(clock.timers, 0);
  });

  it('a line that carries audio gets nothing in addition', () => {
    const { line, speak, take } = open();
    line.open();
    speak('quiet', 1000);
    speak('loud', 1000);
    assert.deepEqual(take(), { loudMs: 1000, quietMs: 1000 });
    line.close();
  });

  it('of the audio before the session only speech is kept, and the line is in time again after it', () => {
    const { line, speak, take } = open();
    speak('quiet', 3000);
    speak('loud', 2000);
    assert.deepEqual(take(), { loudMs: 0, quietMs: 0 });
    line.open();
    const held = take();
    assert.equal(held.loudMs, 2000);
    assert.ok(held.quietMs <= 320, `${held.quietMs}`);
    speak('quiet', 5000);
    const { quietMs } = take();
    // Together as long as the time since the session began, and a little ahead.
    assert.ok(held.loudMs + held.quietMs + quietMs <= 5400, `${quietMs}`);
    assert.ok(held.loudMs + held.quietMs + quietMs >= 4900, `${quietMs}`);
    speak('loud', 400);
    assert.equal(take().loudMs, 400);
    line.close();
  });

  it('no more speech is kept than the model can catch up with', () => {
    const { line, sent, speak, take } = open(1000);
    speak('loud', 3000);
    line.open();
    assert.equal(take().loudMs, 1000);
    assert.ok(sent.dropped > 0);
    line.close();
  });
});
