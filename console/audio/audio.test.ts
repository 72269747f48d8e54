import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JitterBuffer } from './jitter-buffer.js';
import { meterLevel } from './level.js';
import { Resampler } from './resampler.js';

function sine(hz: number, rateHz: number, seconds: number): Float32Array {
  return Float32Array.from({ length: rateHz * seconds }, (_, n) => 0.5 * Math.sin((2 * Math.PI * hz * n) / rateHz));
}

/** Passes samples through in blocks of 128, as the browser's audio thread does. */
function passed(samples: Float32Array, fromHz: number, toHz: number): Float32Array {
  const resampler = new Resampler(fromHz, toHz);
  const blocks: number[] = [];
  for (let at = 0; at < samples.length; at += 128) blocks.push(...resampler.push(samples.subarray(at, at + 128)));
  return Float32Array.from(blocks);
}

function amplitude(samples: Float32Array, hz: number, rateHz: number): number {
  // The filter's first samples lean on silence.
  const steady = samples.subarray(400, 400 + Math.floor(rateHz / 4));
  let real = 0;
  let imaginary = 0;
  for (const [n, sample] of steady.entries()) {
    real += sample * Math.cos((2 * Math.PI * hz * n) / rateHz);
    imaginary += sample * Math.sin((2 * Math.PI * hz * n) / rateHz);
  }
  return (2 * Math.hypot(real, imaginary)) / steady.length;
}

for (const rateHz of [16_000, 44_100, 48_000]) {
  test(`a tone keeps its pitch, loudness and length from ${rateHz} Hz to the telephone line and back`, () => {
    const line = passed(sine(1000, rateHz, 1), rateHz, 8000);
    assert.ok(Math.abs(line.length - 8000) < 30, String(line.length));
    assert.ok(Math.abs(amplitude(line, 1000, 8000) - 0.5) < 0.02);
    const back = passed(line, 8000, rateHz);
    assert.ok(Math.abs(back.length - rateHz) < rateHz / 100, String(back.length));
    assert.ok(Math.abs(amplitude(back, 1000, rateHz) - 0.5) < 0.02);
  });
}

test('a tone above the band of the telephone line does not come back as another one', () => {
  const line = passed(sine(6000, 48_000, 1), 48_000, 8000);
  assert.ok(amplitude(line, 2000, 8000) < 0.01);
});

test('frames are held back for 80 ms, and a gap makes the buffer collect anew', () => {
  const buffer = new JitterBuffer<number>();
  const played: (number | undefined)[] = [];
  const arrivals = new Map([
    [0, [1]],
    [20, [2]],
    [40, [3]],
    [60, [4, 5]],
    [180, [6]],
    [200, [7]],
  ]);
  for (let nowMs = 0; nowMs <= 340; nowMs += 20) {
    for (const frame of arrivals.get(nowMs) ?? []) buffer.put(frame, nowMs);
    played.push(buffer.take(nowMs));
  }
  const none = undefined;
  assert.deepEqual(played.slice(0, 9), [none, none, none, 1, 2, 3, 4, 5, none]);
  assert.deepEqual(played.slice(9, 17), [none, none, none, none, none, none, 6, 7]);
});

test('of a burst that comes more than 300 ms late only the last 80 ms are played', () => {
  const buffer = new JitterBuffer<number>();
  for (let frame = 1; frame <= 16; frame++) buffer.put(frame, 0);
  assert.deepEqual(
    [1, 2, 3, 4, 5].map(() => buffer.take(0)),
    [13, 14, 15, 16, undefined],
  );
});

test('a meter shows silence as 0, a voice in between, and the loudest as 100', () => {
  assert.equal(meterLevel(new Float32Array(160)), 0);
  assert.equal(meterLevel(new Float32Array(160).fill(1)), 100);
  const voice = meterLevel(sine(200, 8000, 0.1).map((sample) => sample / 5));
  assert.ok(voice > 30 && voice < 80, String(voice));
});
