import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differences, firstDifference } from './compare.js';
import type { Tape, TapeLine } from './format.js';

const run = (...lines: TapeLine[]): Tape => ({ head: {} as Tape['head'], lines, end: { end: true, t: 60_000 } });
const said = (t: number, text: string): TapeLine => ({ t, leg: 'transcript', m: { speaker: 'caller', text } });
const heard = (t: number, heardMs: number): TapeLine => ({ t, leg: 'heard', m: { itemId: 'a', heardMs } });
const ended = (t: number, outcome: string): TapeLine => ({ t, leg: 'decision', m: { type: 'ended', outcome } });
const mark = (t: number, name: string): TapeLine => ({
  t,
  leg: 'carrier',
  dir: 'out',
  m: { stream: 1, message: { event: 'mark', mark: { name } } },
});
const media = (t: number, payload: string): TapeLine => ({
  t,
  leg: 'carrier',
  dir: 'out',
  m: { stream: 1, message: { event: 'media', media: { payload } } },
});

test('the first difference is the earliest, with its kind and what each run has', () => {
  const recorded = run(said(1000, 'Hello.'), mark(1500, 'a'), heard(2000, 900), ended(3000, 'completed'));
  assert.equal(firstDifference(recorded, recorded), undefined);
  const today = run(said(1000, 'Hello.'), mark(1500, 'a'), heard(2000, 400), ended(3000, 'abandoned'));
  assert.deepEqual(firstDifference(recorded, today), {
    kind: 'heard',
    atMs: 2000,
    channel: 'heard',
    expected: { itemId: 'a', heardMs: 900 },
    got: { itemId: 'a', heardMs: 400 },
  });
  assert.deepEqual(
    differences(recorded, today).map(({ kind }) => kind),
    ['heard', 'decision'],
  );
});

test('at one moment the transcript is told before what is on the wire', () => {
  const today = run(mark(1000, 'b'), said(1000, 'Hi.'));
  assert.equal(firstDifference(run(mark(1000, 'a'), said(1000, 'Hello.')), today)?.kind, 'transcript');
});

test('what is missing and what is new differ, except at the very end of the call', () => {
  const recorded = run(said(1000, 'Hello.'), said(59_900, 'Bye.'));
  assert.equal(firstDifference(recorded, run(said(1000, 'Hello.'))), undefined);
  assert.deepEqual(firstDifference(recorded, run())?.got, null);
  assert.deepEqual(firstDifference(run(), recorded)?.expected, null);
});

test('a machine that was late makes no difference, and a line that comes a second later does', () => {
  assert.equal(firstDifference(run(ended(3000, 'completed')), run(ended(3400, 'completed'))), undefined);
  assert.deepEqual(firstDifference(run(ended(3000, 'completed')), run(ended(4000, 'completed')))?.got, {
    atMs: 4000,
    m: { type: 'ended', outcome: 'completed' },
  });
});

test('audio and marks of one stream are compared apart, because timers send some of them', () => {
  const [a, b] = [media(1000, 'AAAA'), mark(1000, 'a')];
  assert.equal(firstDifference(run(a, b), run(b, a)), undefined);
  assert.equal(firstDifference(run(a, b), run(b, media(1000, 'BBBB')))?.channel, 'stream 1 audio');
});

test('questions to services have no order among each other', () => {
  const ask = (call: number, method: string): TapeLine => ({
    t: 5,
    leg: 'store',
    dir: 'out',
    m: { call, to: 'handovers', method, args: [1_796_000_000] },
  });
  assert.equal(firstDifference(run(ask(1, 'put'), ask(2, 'keep')), run(ask(1, 'keep'), ask(2, 'put'))), undefined);
});

test('a time of day that is read from the clock may differ a little', () => {
  const note = (body: string): TapeLine => ({ t: 5, leg: 'http', dir: 'out', m: { method: 'POST', path: '/n', body } });
  assert.equal(firstDifference(run(note('1796000000123')), run(note('1796000000999'))), undefined);
  assert.notEqual(firstDifference(run(note('1796000000123')), run(note('1796000009999'))), undefined);
});

test('what follows from the rest of a tape makes no difference', () => {
  const note = (ms: number): TapeLine => ({ t: 1000, leg: 'decision', m: { note: { type: 'caller-speech', ms } } });
  assert.equal(firstDifference(run(note(100), ended(3000, 'completed')), run(ended(3000, 'completed'))), undefined);
  assert.equal(firstDifference(run(note(100)), run(note(900))), undefined);
});
