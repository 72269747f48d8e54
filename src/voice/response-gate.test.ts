import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ResponseGate } from './response-gate.js';

test('without an interruption everything passes, announced or not', () => {
  const gate = new ResponseGate();
  gate.started('r1', undefined);
  assert.ok(gate.lets('r1') && gate.lets('r2') && gate.lets('r1'));
  assert.equal(gate.isLeaving, false);
});

test('after an interruption what was begun before it is late, what begins after it passes', () => {
  const gate = new ResponseGate();
  gate.started('announced', undefined);
  gate.lets('seen');
  gate.interrupt();
  assert.equal(gate.lets('announced'), false);
  assert.equal(gate.lets('seen'), false);
  assert.ok(gate.lets('next'));
  assert.equal(gate.lets('announced'), false, 'still late while the next one speaks');
  gate.interrupt();
  assert.equal(gate.lets('next'), false);
});

test('two responses that run at the same time are both cut', () => {
  const gate = new ResponseGate();
  for (const id of ['a', 'b', 'a', 'b']) gate.lets(id);
  gate.interrupt();
  assert.ok(!gate.lets('a') && !gate.lets('b'));
});

test('once the call is being left only the goodbye passes', () => {
  const gate = new ResponseGate();
  gate.lets('r1');
  gate.leave('bye');
  assert.equal(gate.isLeaving, true);
  assert.equal(gate.lets('r1'), false);
  gate.started('r2', undefined);
  gate.started('r3', 'other');
  assert.ok(!gate.lets('r2') && !gate.lets('r3'));
  gate.started('r4', 'bye');
  assert.ok(gate.lets('r4'));
  assert.ok(!gate.lets('r5'));
});

test('the goodbye cannot be interrupted', () => {
  const gate = new ResponseGate();
  gate.leave('bye');
  gate.started('r1', 'bye');
  gate.interrupt();
  assert.ok(gate.lets('r1'));
});

test('a long call keeps remembering the responses that were cut last', () => {
  const gate = new ResponseGate();
  for (let i = 0; i < 100; i++) {
    gate.lets(`r${i}`);
    gate.interrupt();
  }
  for (let i = 90; i < 100; i++) assert.equal(gate.lets(`r${i}`), false);
});
