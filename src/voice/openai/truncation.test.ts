import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TruncationLedger } from './truncation.js';

function received(...items: [string, number][]): TruncationLedger {
  const ledger = new TruncationLedger();
  for (const [itemId, ms] of items) ledger.add(itemId, 0, ms * 8);
  return ledger;
}

test('the truncation ledger cuts items at what was heard, in the order of playout', () => {
  const ledger = received(['a', 1000], ['b', 500]);
  assert.deepEqual(
    ledger.cuts([
      { itemId: 'a', heardMs: 480, sentMs: 1000 },
      { itemId: 'b', heardMs: 0, sentMs: 500 },
    ]),
    [
      { itemId: 'a', contentIndex: 0, audioEndMs: 480 },
      { itemId: 'b', contentIndex: 0, audioEndMs: 0 },
    ],
  );
});

test('a cut is in whole milliseconds and never after the received audio', () => {
  const ledger = new TruncationLedger();
  ledger.add('a', 2, 8003);
  assert.deepEqual(ledger.cuts([{ itemId: 'a', heardMs: 1000, sentMs: 1200 }]), []);
  assert.deepEqual(ledger.cuts([{ itemId: 'a', heardMs: 999.9, sentMs: 1200 }]), [
    { itemId: 'a', contentIndex: 2, audioEndMs: 999 },
  ]);
});

test('an item that was heard whole, has no audio or was cut before gets no cut', () => {
  const ledger = received(['a', 300], ['b', 300]);
  const heard = [
    { itemId: 'a', heardMs: 300, sentMs: 300 },
    { itemId: 'unknown', heardMs: 10, sentMs: 300 },
    { itemId: 'b', heardMs: 10, sentMs: 300 },
  ];
  assert.deepEqual(ledger.cuts(heard), [{ itemId: 'b', contentIndex: 0, audioEndMs: 10 }]);
  ledger.add('b', 0, 0);
  assert.deepEqual(ledger.cuts(heard), []);
});

test('an item is cut at what was heard, even if more audio arrived than was sent on', () => {
  const ledger = received(['a', 600]);
  assert.deepEqual(ledger.cuts([{ itemId: 'a', heardMs: 400, sentMs: 400 }]), [
    { itemId: 'a', contentIndex: 0, audioEndMs: 400 },
  ]);
});
