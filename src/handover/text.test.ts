import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { isPrintable, numbersIn, oneLine, printable, printableName } from './text.js';

test('text for Amazon Connect becomes printable ASCII on one line, cut to its limit', () => {
  assert.equal(printable('  José’s\n\u0000 bill: 5 € \u{1F600}', 100), "Jose's bill: 5 EUR ?");
  assert.equal(printable('a'.repeat(50), 10), 'aaaaaaa...');
  assert.match(printable('\ud800 lone', 100), /^[\x20-\x7e]*$/);
});

test('digits of every script become ASCII digits', () => {
  for (const digits of ['٠١٢٣٤٥٦٧٨٩', '०१२३४५६७८९', '๐๑๒๓๔๕๖๗๘๙', '０１２３４５６７８９', '𝟘𝟙𝟚𝟛𝟜𝟝𝟞𝟟𝟠𝟡', '𞥐𞥑𞥒𞥓𞥔𞥕𞥖𞥗𞥘𞥙'])
    assert.equal(printable(digits, 40), '0123456789');
});

test('numbers are found in every script, also as Han digits said one by one', () => {
  assert.deepEqual(numbersIn('订单四七一一，一个人，二〇二六年'), ['4711', '2026']);
  assert.deepEqual(numbersIn('ऑर्डर ४७११ और 12.50'), ['4711', '12.50']);
  assert.deepEqual(numbersIn('none'), []);
});

test('a name keeps the letters that ASCII has, and is empty without any', () => {
  for (const [name, shown] of [
    ['Zoë Müller', 'Zoe Muller'],
    ['Łukasz Đorđević', 'Lukasz Dordevic'],
    ['李明 (Ming Li)', '(Ming Li)'],
    ['अदिति', ''],
    ['محمد', ''],
    ['李明', ''],
    ['12', ''],
    ['', ''],
  ] as const)
    assert.equal(printableName(name, 128), shown);
});

test('a text is printable if ASCII keeps at least half of its letters', () => {
  for (const text of ['', '4711', '४७११', 'Grüß Gott', 'Ada 李', 'Ça va très bien']) assert.ok(isPrintable(text), text);
  for (const text of ['अदिति', 'заказ OK', '주문', '李明']) assert.ok(!isPrintable(text), text);
});

test('a line keeps its own letters, without control characters, marks of direction and halves of characters', () => {
  assert.equal(oneLine(' नमस्ते\n\u202e世界\u0000 ', 100), 'नमस्ते 世界');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 4, max: 20 }), (text, limit) => {
      const line = oneLine(text, limit);
      assert.ok(line.length <= limit);
      assert.doesNotMatch(line, /[\p{Surrogate}\p{Control}]/u);
    }),
    { numRuns: 200 },
  );
});
