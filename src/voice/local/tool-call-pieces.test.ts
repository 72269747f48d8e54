import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ToolCallPiece, ToolCallPieces } from './tool-call-pieces.js';

function joined(...pieces: ToolCallPiece[]): string[] {
  const calls = new ToolCallPieces();
  for (const piece of pieces) calls.add(piece);
  return calls.whole.map(({ arguments: written, name }) => `${name}(${written})`);
}

const CASES: { what: string; pieces: ToolCallPiece[]; calls: string[] }[] = [
  {
    what: 'OpenAI',
    pieces: [
      { index: 0, id: 'a', name: 'f', arguments: '' },
      { index: 0, arguments: '{"x"' },
      { index: 1, id: 'b', name: 'g', arguments: '' },
      { index: 0, arguments: ':1}' },
      { index: 1, arguments: '{}' },
    ],
    calls: ['f({"x":1})', 'g({})'],
  },
  {
    what: 'a server that numbers every whole call 0',
    pieces: [
      { index: 0, id: 'a', name: 'f', arguments: '{"x":1}' },
      { index: 0, id: 'b', name: 'f', arguments: '{"x":2}' },
      { index: 0, id: 'c', name: 'g', arguments: '' },
    ],
    calls: ['f({"x":1})', 'f({"x":2})', 'g()'],
  },
  {
    what: 'a server that numbers every call 0 and sends the same id for all',
    pieces: [
      { index: 0, id: 'call_0', name: 'f', arguments: '{"x":1}' },
      { index: 0, id: 'call_0', name: 'f', arguments: '{"x":2}' },
    ],
    calls: ['f({"x":1})', 'f({"x":2})'],
  },
  {
    what: 'a server that counts from 1',
    pieces: [
      { index: 1, id: 'a', name: 'f', arguments: '{"x"' },
      { index: 1, arguments: ':1}' },
    ],
    calls: ['f({"x":1})'],
  },
  {
    what: 'a server that sends no index',
    pieces: [
      { id: 'a', name: 'f', arguments: '{"x"' },
      { arguments: ':1}' },
      { id: 'b', name: 'g', arguments: '{"y":' },
      { id: 'b', arguments: '2}' },
    ],
    calls: ['f({"x":1})', 'g({"y":2})'],
  },
  {
    what: 'a server that repeats id and name with each piece',
    pieces: [
      { index: 0, id: 'a', name: 'f', arguments: '{"x"' },
      { index: 0, id: 'a', name: 'f', arguments: ':1}' },
      { index: 0, id: 'a', name: 'f', arguments: '' },
    ],
    calls: ['f({"x":1})'],
  },
  {
    what: 'a server that draws a new id for each piece',
    pieces: [
      { index: 0, id: 'a', name: 'f', arguments: '{"x"' },
      { index: 0, id: 'b', arguments: ':1}' },
    ],
    calls: ['f({"x":1})'],
  },
  {
    what: 'a server that sends arguments as an object',
    pieces: [{ index: 0, id: 'a', name: 'f', arguments: { x: 1 } }],
    calls: ['f({"x":1})'],
  },
  { what: 'a piece that belongs to no call', pieces: [{ index: 3, arguments: '{}' }], calls: [] },
];

for (const { calls, pieces, what } of CASES) {
  test(`tool calls are read as they were meant from ${what}`, () => {
    assert.deepEqual(joined(...pieces), calls);
  });
}

test('arguments and names without an end are cut, and read in proportion to their length', () => {
  const pieces = new ToolCallPieces();
  const name = 'n'.repeat(500);
  const startedMs = performance.now();
  for (let index = 0; index < 60_000; index++) pieces.add({ index: 0, id: 'a', name, arguments: '{"a":"bcd' });
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs < 3000, `${tookMs} ms`);
  assert.deepEqual(
    pieces.whole.map((call) => [call.name.length, call.arguments.length]),
    [[128, 16_000]],
  );
});
