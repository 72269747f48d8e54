import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtInPrompt } from '../src/prompts/built-in.js';
import { salesDraft } from '../src/prompts/sales.js';
import { amountsIn, numbersIn, recited } from './invented.js';

test('amounts of money and percentages are found in every language of the gateway, and other numbers are not', () => {
  for (const [text, expected] of [
    ['It costs $25.', ['25']],
    ['About 1,250.50 euros, or 20 %.', ['125050', '20']],
    ['Das kostet 90 Franken oder CHF 95.', ['90', '95']],
    ['Ça coûte 19,90 € par mois.', ['1990']],
    ['Son 30 euros y un 10 por ciento.', ['30', '10']],
    ['Custa R$ 80.', ['80']],
    ['यह 500 रुपये है।', ['500']],
    ['We are open from 8 to 12, call 0800 1234.', []],
    ['In five to 10 minutes.', []],
  ] as const) {
    assert.deepEqual(amountsIn(text), expected, text);
  }
});

test('an amount is known if its number is, whatever its currency sign and its cents', () => {
  const known = numbersIn('A check-up costs CHF 90.00, a cleaning 120. Room 4 5.');
  for (const amount of ['90', '120', '4', '5']) assert.ok(known.has(amount), amount);
  assert.ok(!known.has('95'));
});

test('a long run of words of the instructions is recited, and a fact out of them is not', () => {
  const { instructions } = builtInPrompt(salesDraft);
  const words = instructions.replaceAll('\n', ' ').split(' ');
  assert.ok(recited(instructions, `Sure! ${words.slice(20, 40).join(' ').toUpperCase()}`));
  assert.ok(!recited(instructions, `Sure! ${words.slice(20, 28).join(' ')}`));
  assert.ok(!recited(instructions, ''));
});
