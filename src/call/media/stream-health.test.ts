import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { StreamHealth } from './stream-health.js';

function watched(): { clock: FakeClock; watch: StreamHealth; faults: string[]; overdue: { ms: number } } {
  const clock = new FakeClock();
  const faults: string[] = [];
  const overdue = { ms: 0 };
  const watch = new StreamHealth({ clock, overdueMs: () => overdue.ms, onFault: (fault) => faults.push(fault) });
  return { clock, watch, faults, overdue };
}

/** Time passes with frames coming. */
function talk(clock: FakeClock, watch: StreamHealth, forMs: number): void {
  for (let ms = 0; ms < forMs; ms += 500) {
    clock.advance(500);
    watch.mediaCame(clock.now());
  }
}

test('a stream that brings no audio is noticed after ten seconds, once', () => {
  const { clock, faults } = watched();
  clock.advance(10_000);
  assert.deepEqual(faults, []);
  clock.advance(60_000);
  assert.deepEqual(faults, ['no_media']);
  assert.equal(clock.timers, 0);
});

test('audio that stops is given half a minute: some calls have gaps', () => {
  const { clock, faults, watch } = watched();
  talk(clock, watch, 20_000);
  clock.advance(29_000);
  assert.deepEqual(faults, []);
  clock.advance(3000);
  assert.deepEqual(faults, ['no_media']);
});

test('marks that do not come back mean that nobody hears the assistant', () => {
  const { clock, faults, overdue, watch } = watched();
  overdue.ms = 4000;
  talk(clock, watch, 3000);
  assert.deepEqual(faults, []);
  overdue.ms = 6000;
  talk(clock, watch, 1500);
  assert.deepEqual(faults, ['marks_overdue']);
});

test('a process that was held up looks again before it blames the line', () => {
  const { clock, faults, overdue, watch } = watched();
  watch.mediaCame(clock.now());
  overdue.ms = 6000;
  clock.stall(6000);
  assert.deepEqual(faults, []);
  overdue.ms = 0;
  clock.advance(1000);
  assert.deepEqual(faults, []);
  watch.close();
});

test('a closed watch says nothing and leaves no timer', () => {
  const { clock, faults, watch } = watched();
  watch.close();
  clock.advance(60_000);
  assert.deepEqual(faults, []);
  assert.equal(clock.timers, 0);
});
