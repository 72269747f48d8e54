import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { NotATape, type Tape, TapeReader, parseTape, writeTape } from './format.js';

const TAPE: Tape = {
  head: {
    tape: 1,
    notice: 'a tape',
    callSid: 'CA1',
    version: '1.0.0',
    settings: {
      startedAtMs: 0,
      clockMs: 0,
      publicHost: 'gateway.example.com',
      variables: {},
      secrets: [],
      assistant: { prompt: {}, isOpen: true, queues: [] },
      ownPhrases: { asks: [], never: [] },
      voices: [],
      tools: [],
    },
  },
  lines: [
    { t: 0, leg: 'carrier', dir: 'in', m: { request: 1 } },
    { t: 1.5, leg: 'decision', m: { type: 'ended' } },
  ],
  end: { end: true, t: 9 },
};

test('a tape is read as it was written', () => {
  assert.deepEqual(parseTape(writeTape(TAPE)), TAPE);
});

test('a file that is no whole tape is refused with one sentence that says where', () => {
  const [head = '', first = '', second = '', end = ''] = writeTape(TAPE).split('\n');
  const file = (...rows: string[]): string => `${rows.join('\n')}\n`;
  for (const [text, problem] of [
    ['', /its first line is not that of a tape/],
    ['{"a":1}', /its first line is not that of a tape/],
    [file(head.replace('"tape":1', '"tape":2'), first, end), /a version of the format that this release does not know/],
    [file(head.replace('"settings"', '"setings"'), end), /its first line lacks what a tape needs/],
    [file(head, first, second), /its last line is missing, so the recording broke off/],
    [file(head, first, second.slice(0, -5)), /line 3 is not JSON/],
    [file(head, first.replace('carrier', 'courier'), end), /line 2 is not a line of a tape/],
    [file(head, first, '7', end), /line 3 is not an object/],
    [file(head, second, first, end), /line 3 is earlier than the one before it/],
    [file(head, first, end, second), /line 3 ends it and more lines follow/],
  ] as const) {
    assert.throws(
      () => parseTape(text),
      (error) => error instanceof NotATape && problem.test(error.message) && !error.message.includes('\n'),
      `${problem}: ${text.slice(0, 80)}`,
    );
  }
});

test('a tape can be read row by row, and one that breaks off as far as it goes', () => {
  const rows = writeTape(TAPE).trimEnd().split('\n');
  const reader = new TapeReader();
  const lines = rows.slice(0, -1).flatMap((row) => reader.read(row) ?? []);
  assert.deepEqual([reader.head, lines], [TAPE.head, TAPE.lines]);
  assert.deepEqual([reader.isWhole, reader.end], [false, { end: true, t: 1.5 }]);
  reader.read(rows.at(-1) ?? '');
  assert.deepEqual([reader.isWhole, reader.end], [true, TAPE.end]);
  assert.throws(
    () => reader.read('{}'),
    (error) => error instanceof NotATape && error.problem === 'after-end' && error.line === 4,
  );
});

test('the reader of tapes and their comparison need no Node, because the console uses them in a browser', () => {
  for (const file of ['format.ts', 'compare.ts']) {
    const source = readFileSync(new URL(`../../../src/tape/${file}`, import.meta.url), 'utf8');
    assert.ok(!/\bBuffer\b|\bprocess\.|from 'node:/.test(source), file);
  }
});
