import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { StreamHealth } from './stream-health.js';

function checkedStream(): { clock: FakeClock; health: StreamHealth; faults: string[]; overdue: { ms: number } } {
  const clock = new FakeClock();
  const faults: string[] = [];
  const overdue = { ms: 0 };
  const health = new StreamHealth({ clock, overdueMs: () => overdue.ms, onFault: (fault) => faults.push(fault) });
  return { clock, health, faults, overdue };
}

/** Lets time pass while frames arrive. */
function receive(clock: FakeClock, health: StreamHealth, forMs: number): void {
  for (let ms = 0; ms < forMs; ms += 500) {
    clock.advance(500);
    health.mediaCame(clock.now());
  }
}

test('a stream that brings no audio at all is reported once, after ten seconds', () => {
  const { clock, faults } = checkedStream();
  clock.advance(10_000);
  assert.deepEqual(faults, []);
  clock.advance(60_000);
  assert.deepEqual(faults, ['no_media']);
  assert.equal(clock.timers, 0);
});

test('a stream whose audio stops is reported only after half a minute, because some calls have gaps', () => {
  const { clock, faults, health } = checkedStream();
  receive(clock, health, 20_000);
  clock.advance(29_000);
  assert.deepEqual(faults, []);
  clock.advance(3000);
  assert.deepEqual(faults, ['no_media']);
});

test('a stream is reported when its marks are more than five seconds late', () => {
  const { clock, faults, overdue, health } = checkedStream();
  overdue.ms = 4000;
  receive(clock, health, 3000);
  assert.deepEqual(faults, []);
  overdue.ms = 6000;
  receive(clock, health, 1500);
  assert.deepEqual(faults, ['marks_overdue']);
});

test('a process that was blocked checks again before it reports a stream', () => {
  const { clock, faults, overdue, health } = checkedStream();
  health.mediaCame(clock.now());
  overdue.ms = 6000;
  clock.stall(6000);
  assert.deepEqual(faults, []);
  overdue.ms = 0;
  clock.advance(1000);
  assert.deepEqual(faults, []);
  health.close();
});

test('a closed health check reports nothing and leaves no timer', () => {
  const { clock, faults, health } = checkedStream();
  health.close();
  clock.advance(60_000);
  assert.deepEqual(faults, []);
  assert.equal(clock.timers, 0);
});
