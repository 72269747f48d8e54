import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PerCall } from './per-call.js';

test('what is kept for a call outlives its sessions, and the calls used least recently are forgotten', () => {
  let created = 0;
  const calls = new PerCall(() => ++created);
  assert.equal(calls.of('a'), 1);
  assert.equal(calls.of('b'), 2);
  assert.equal(calls.of('a'), 1);
  for (let n = 0; n < 4095; n++) calls.of(`other-${n}`);
  assert.equal(calls.of('a'), 1);
  assert.equal(calls.of('b'), created);
});
