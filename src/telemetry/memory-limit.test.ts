import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryLimitBytes } from './memory-limit.js';

test("the limit of memory is the container's, and the machine's if the container has none", () => {
  const gigabyte = 2 ** 30;
  assert.equal(memoryLimitBytes(gigabyte, 4 * gigabyte), gigabyte);
  assert.equal(memoryLimitBytes(0, 4 * gigabyte), 4 * gigabyte);
  assert.equal(memoryLimitBytes(2 ** 63, 4 * gigabyte), 4 * gigabyte);
});
