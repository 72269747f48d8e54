import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_MESSAGE_BYTES, MessageLines } from './message-lines.js';

function linesOf(): { lines: MessageLines; seen: unknown[] } {
  const seen: unknown[] = [];
  return { seen, lines: new MessageLines({ onLine: (line) => seen.push(line), onSkipped: (line) => seen.push(line) }) };
}

test('the lines of a program are the same wherever its output is cut', () => {
  const bytes = Buffer.from('{"a":"é😀"}\r\n\n{"b":1}\n{"c":');
  for (const size of [1, 2, 3, 7, 100]) {
    const { lines, seen } = linesOf();
    for (let at = 0; at < bytes.length; at += size) lines.push(bytes.subarray(at, at + size));
    assert.deepEqual(seen, ['{"a":"é😀"}', '{"b":1}']);
  }
});

test('a line that is too long is passed over, and the request that it answers is known', () => {
  const long = 'x'.repeat(50_000_000);
  for (const [line, id] of [
    [`{"jsonrpc":"2.0","id":7,"result":"${long}"}`, 7],
    [`{"result":{"a":"${long}","id":3},"jsonrpc":"2.0","id":12}`, 12],
    [`{"id": 9, "result":"${long}","jsonrpc":"2.0"}`, 9],
    [`{"result":"${long}"}`, undefined],
  ] as const) {
    const { lines, seen } = linesOf();
    const bytes = Buffer.from(`${line}\n{"next":1}\n`);
    for (let at = 0; at < bytes.length; at += 65_536) lines.push(bytes.subarray(at, at + 65_536));
    assert.deepEqual(seen, [{ id }, '{"next":1}']);
  }
});

test('a line of the greatest length is read, and one byte more is not', () => {
  const { lines, seen } = linesOf();
  lines.push(Buffer.from(`${'x'.repeat(MAX_MESSAGE_BYTES)}\n${'x'.repeat(MAX_MESSAGE_BYTES + 1)}\n`));
  assert.deepEqual(
    seen.map((each) => (typeof each === 'string' ? each.length : each)),
    [MAX_MESSAGE_BYTES, { id: undefined }],
  );
});

test('a program that writes without a line end is given up', () => {
  const { lines } = linesOf();
  const piece = Buffer.alloc(16 * 1024 * 1024, 'x');
  assert.throws(() => {
    for (let i = 0; i < 20; i++) lines.push(piece);
  }, /too_large/);
});
