import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { Admission, eventLoopDelay } from './admission.js';

const CALLED = '+12065550199';

function admission(
  options: { maxCalls?: number; isChecked?: boolean; isProviderFull?: (numberCalled: string) => boolean } = {},
) {
  const clock = new FakeClock();
  const delay = { ms: 0 };
  const stalls: number[] = [];
  const gate = new Admission({
    clock,
    delay: options.isChecked === false ? undefined : { takeWorstMs: () => delay.ms, close: () => undefined },
    maxCalls: options.maxCalls ?? 0,
    maxDelayMs: 50,
    isProviderFull: options.isProviderFull ?? (() => false),
    onStall: (delayMs) => stalls.push(delayMs),
  });
  return { clock, delay, gate, stalls };
}

test('new calls are accepted up to the limit, and without a limit always', () => {
  assert.equal(admission({ maxCalls: 2 }).gate.refusal(1, CALLED), undefined);
  assert.equal(admission({ maxCalls: 2 }).gate.refusal(2, CALLED), 'call_limit');
  assert.equal(admission().gate.refusal(10_000, CALLED), undefined);
});

test('a call with priority is accepted a tenth above the limit of calls, and no further', () => {
  const { gate } = admission({ maxCalls: 20 });
  assert.deepEqual([gate.refusal(21, CALLED, true), gate.refusal(22, CALLED, true)], [undefined, 'call_limit']);
});

test('a process whose event loop is late refuses new calls until it has kept up for five seconds', () => {
  const { clock, delay, gate, stalls } = admission();
  delay.ms = 80;
  clock.advance(1000);
  assert.equal(gate.refusal(0, CALLED), 'overload');
  clock.advance(1000);
  delay.ms = 0;
  clock.advance(4900);
  assert.equal(gate.refusal(0, CALLED), 'overload');
  clock.advance(200);
  assert.equal(gate.refusal(0, CALLED), undefined);
  assert.deepEqual(stalls, [80], 'one overload is reported once');
  gate.close();
  assert.equal(clock.timers, 0);
});

test('a process that is late once, as while it loads, takes calls and reports nothing', () => {
  const { clock, delay, gate, stalls } = admission();
  for (let times = 0; times < 3; times++) {
    delay.ms = 400;
    clock.advance(500);
    assert.equal(gate.refusal(0, CALLED), undefined);
    delay.ms = 0;
    clock.advance(500);
  }
  assert.deepEqual(stalls, []);
  gate.close();
});

test('a process whose event loop is not checked refuses no call for its delay', () => {
  const { clock, delay, gate } = admission({ isChecked: false });
  delay.ms = 1000;
  clock.advance(5000);
  assert.equal(gate.refusal(0, CALLED), undefined);
  assert.equal(clock.timers, 0);
});

test('a call is refused when every provider for its number is full', () => {
  let isFull = true;
  const { gate } = admission({ isProviderFull: (numberCalled) => isFull && numberCalled === CALLED });
  assert.equal(gate.refusal(1, CALLED), 'provider_limit');
  assert.equal(gate.refusal(1, '+12065550100'), undefined);
  isFull = false;
  assert.equal(gate.refusal(1, CALLED), undefined);
});

test('a stopping gateway refuses every new call', () => {
  const { gate } = admission();
  gate.stop();
  assert.equal(gate.refusal(0, CALLED), 'stopping');
});

test('the event-loop delay is measured when the loop is blocked again and again', async () => {
  const delay = eventLoopDelay();
  const turns = 12;
  for (let turn = 0; turn < turns; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const until = performance.now() + 40;
    while (performance.now() < until);
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(delay.takeWorstMs() > 15);
  delay.close();
});
