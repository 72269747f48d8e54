import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { median, quantile, spreadOf } from './quantile.js';

describe('quantile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

  test('a quantile is the sample of the nearest rank, in any order of the samples', () => {
    assert.equal(quantile(hundred, 0.5), 50);
    assert.equal(quantile(hundred, 0.99), 99);
    assert.equal(quantile(hundred, 0.999), 100);
    assert.equal(quantile(hundred, 1), 100);
    assert.equal(quantile(hundred, 0), 1);
  });

  test('a quantile orders its samples as numbers, not as text', () => {
    assert.equal(quantile([10, 9, 2], 1), 10);
  });

  test('every quantile of one sample is that sample, and of no samples NaN', () => {
    assert.deepEqual(spreadOf([7]), { p50: 7, p95: 7, p99: 7, p999: 7 });
    assert.ok(Number.isNaN(quantile([], 0.5)));
  });

  test('the median of an odd number of samples is the middle one', () => {
    assert.equal(median([1.9, 1.1, 1.3]), 1.3);
  });
});
