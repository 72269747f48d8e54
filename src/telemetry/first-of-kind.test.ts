import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FirstOfKind } from './first-of-kind.js';

test('an anomaly is the first of its kind once in each call, and the memory for it is bounded', () => {
  const first = new FirstOfKind();
  assert.deepEqual(
    [first.isFirst('a', 'x'), first.isFirst('a', 'x'), first.isFirst('a', 'y'), first.isFirst('b', 'x')],
    [true, false, true, true],
  );
  const kinds = Array.from({ length: 100 }, (_, index) => first.isFirst('c', `kind ${index}`));
  assert.equal(kinds.filter(Boolean).length, 64);
  for (let call = 0; call < 3000; call++) first.isFirst(`call ${call}`, 'x');
  assert.equal(first.isFirst('a', 'x'), true, 'the oldest call is forgotten');
  assert.equal(first.isFirst('call 2999', 'x'), false);
});
