import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOISES, noise } from './made-noises.js';
import { type HeardLine, hold } from './short-sounds.js';

/** `pattern`: a letter for each 20 ms, `x` with voice. */
const line = (pattern: string): HeardLine => ({
  stepMs: 20,
  startSteps: 3,
  voiced: Array.from(pattern, (letter) => letter === 'x'),
});
const quiet = (steps: number): string => '.'.repeat(steps);
const voice = (steps: number): string => 'x'.repeat(steps);

test('with a setting of 0 a sound cuts the answer as soon as the ear notices it', () => {
  assert.deepEqual(hold(line(quiet(5) + voice(20) + quiet(20)), 0, 200), { cutMs: 160, heldMs: [] });
});

test('a sound shorter than the setting holds the answer until the line has been quiet, and a longer one cuts it', () => {
  const short = line(quiet(5) + voice(10) + quiet(20));
  // It is noticed at 160 ms and ends at 300.
  assert.deepEqual(hold(short, 300, 200), { cutMs: undefined, heldMs: [340] });
  assert.deepEqual(hold(short, 200, 200), { cutMs: 300, heldMs: [] });
});

test('a breath within a sound does not end it, so "mm-hm" counts as one sound', () => {
  const twice = line(voice(10) + quiet(5) + voice(10) + quiet(20));
  assert.deepEqual(hold(twice, 600, 200), { cutMs: undefined, heldMs: [640] });
  assert.equal(hold(twice, 400, 200).cutMs, 400);
});

test('an interruption in short words with pauses between holds the answer again and again, and never cuts it', () => {
  const words = line((voice(12) + quiet(15)).repeat(3));
  assert.deepEqual(hold(words, 300, 200), { cutMs: undefined, heldMs: [380, 380, 380] });
});

test('a click is shorter than the ear notices', () => {
  assert.deepEqual(hold(line(quiet(5) + voice(2) + quiet(20)), 0, 200), { cutMs: undefined, heldMs: [] });
});

test('a noise is the same for the same seed, another one for another seed, and begins at its first sample', () => {
  for (const kind of NOISES) {
    const made = noise(kind, 1);
    assert.deepEqual(noise(kind, 1), made, kind);
    assert.notDeepEqual(noise(kind, 2), made, kind);
    const first = made.findIndex((sample) => Math.abs(sample) >= 100);
    assert.ok(first >= 0 && first < 400, `${kind} begins after ${first / 8} ms`);
  }
});
