import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { ThoughtFilter } from './thoughts.js';

function spokenOf(pieces: readonly string[]): string {
  const filter = new ThoughtFilter();
  return [...pieces.map((piece) => filter.push(piece)), filter.flush()].join('');
}

test('what a model thinks is left out of its answer, also if it never ends', () => {
  for (const [text, spoken] of [
    ['<think>\nThe caller wants\n</think>\n\nAt nine.', '\n\nAt nine.'],
    ['At nine. <think>Or ten?</think>Sharp.', 'At nine. Sharp.'],
    ['<think></think><think>a</think>Yes.', 'Yes.'],
    ['<think>if 1 < 2 </thin </ < </think>Yes.', 'Yes.'],
    ['Yes.<think>And then', 'Yes.'],
    // The prompt has begun the section.
    ['</think>Yes.', 'Yes.'],
    ['<<think>a</think>Yes.', '<Yes.'],
    ['1 < 2 and <b>3</b>, <thin', '1 < 2 and <b>3</b>, <thin'],
    ['', ''],
  ] as const) {
    assert.equal(spokenOf([text]), spoken, text);
    assert.equal(spokenOf(text.split('')), spoken, `${text}, in pieces`);
  }
});

test('an answer is the same in whatever pieces it comes', () => {
  const part = fc.constantFrom('<think>', '</think>', '<', '</', 'think', '>', 'a ', '\n', 'é');
  fc.assert(
    fc.property(fc.array(part), fc.array(fc.nat(6)), (parts, sizes) => {
      const text = parts.join('');
      const pieces: string[] = [];
      for (let at = 0, turn = 0; at < text.length; turn++) {
        const size = 1 + (sizes[turn % Math.max(1, sizes.length)] ?? 3);
        pieces.push(text.slice(at, at + size));
        at += size;
      }
      assert.equal(spokenOf(pieces), spokenOf([text]));
      const whole = text.replace(/<think>.*?(?:<\/think>|$)|<\/think>/gs, '');
      assert.equal(spokenOf([text]), whole);
    }),
  );
});

test('a thought without end that looks like tags costs time in proportion to its length', () => {
  const filter = new ThoughtFilter();
  const piece = '<think'.repeat(10_000);
  const startedMs = performance.now();
  for (let time = 0; time < 20; time++) filter.push(piece);
  assert.equal(filter.push(`<think>${'</thin'.repeat(200_000)}`), '<think');
  assert.ok(performance.now() - startedMs < 2000);
});
