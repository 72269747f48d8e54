import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ResponseGate } from './response-gate.js';

test('the response gate lets every response pass before an interruption, announced or not', () => {
  const gate = new ResponseGate();
  gate.started('r1', undefined);
  assert.ok(gate.lets('r1') && gate.lets('r2') && gate.lets('r1'));
  assert.equal(gate.isLeaving, false);
});

test('the response gate drops what began before an interruption and lets later responses pass', () => {
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

test('an interruption cuts both of two responses that run at the same time', () => {
  const gate = new ResponseGate();
  for (const id of ['a', 'b', 'a', 'b']) gate.lets(id);
  gate.interrupt();
  assert.ok(!gate.lets('a') && !gate.lets('b'));
});

test('only the goodbye passes once the call is being left', () => {
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

test('a long call still remembers the responses that were cut last', () => {
  const gate = new ResponseGate();
  for (let i = 0; i < 100; i++) {
    gate.lets(`r${i}`);
    gate.interrupt();
  }
  for (let i = 90; i < 100; i++) assert.equal(gate.lets(`r${i}`), false);
});
