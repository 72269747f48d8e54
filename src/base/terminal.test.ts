import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openProgress, painter } from './terminal.js';

function screen(isTTY: boolean): { isTTY: boolean; write(text: string): void; text: () => string } {
  const written: string[] = [];
  return { isTTY, write: (text) => void written.push(text), text: () => written.join('') };
}

test('text is coloured on a terminal only, and not if NO_COLOR is set', () => {
  assert.equal(painter(screen(true), {})('red', 'x'), '\u001B[31mx\u001B[39m');
  assert.equal(painter(screen(true), { NO_COLOR: '' })('dim', 'x'), '\u001B[2mx\u001B[22m');
  for (const [isTTY, env] of [
    [false, {}],
    [true, { NO_COLOR: '1' }],
    [true, { TERM: 'dumb' }],
  ] as const)
    assert.equal(painter(screen(isTTY), env)('red', 'x'), 'x');
});

test('progress on a terminal is one line that changes, begins after three seconds and is removed', () => {
  const terminal = screen(true);
  let nowMs = 0;
  const progress = openProgress(terminal, () => nowMs);
  for (nowMs of [0, 2900, 3100, 3200, 3400]) progress.show(`${nowMs} ms`);
  assert.equal(terminal.text(), '\r\u001B[K3100 ms\r\u001B[K3400 ms');
  progress.end();
  progress.end();
  assert.equal(terminal.text(), '\r\u001B[K3100 ms\r\u001B[K3400 ms\r\u001B[K');
});

test('progress in a log is a line now and then, and a short command writes none', () => {
  const log = screen(false);
  let nowMs = 0;
  const progress = openProgress(log, () => nowMs);
  for (nowMs = 0; nowMs <= 40_000; nowMs += 1000) progress.show(`${nowMs / 1000} s`);
  progress.end();
  assert.equal(log.text(), '3 s\n18 s\n33 s\n');
  const short = screen(false);
  nowMs = 0;
  openProgress(short, () => nowMs).show('soon over');
  assert.equal(short.text(), '');
});
