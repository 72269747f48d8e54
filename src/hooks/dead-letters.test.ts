import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { waitingClock } from '../../test/support/waiting-clock.js';
import { MemoryBackend } from '../journal/memory-backend.js';
import { drawKey } from '../journal/seal.js';
import { JournalNotes } from '../journal/shared-notes.js';
import type { ToldEvent } from './call-event.js';
import { DeadLetters } from './dead-letters.js';
import { shardNumber } from './outbox-notes.js';

function eventOf(callSid: string, sequence: number): ToldEvent {
  return {
    id: `${callSid}-${sequence}`,
    type: 'call.escalated',
    created: '2026-01-01T00:00:00.000Z',
    sequence,
    call: {
      call_sid: callSid,
      conversation_id: callSid,
      direction: 'inbound',
      from: '+12025550123',
      to: '+12065550100',
      started_at: '2026-01-01T00:00:00.000Z',
    },
    data: {},
  };
}

function scene() {
  const clock = new FakeClock();
  const notes = new JournalNotes({ backend: new MemoryBackend(clock), keys: [drawKey()], clock: waitingClock });
  const dropped: number[] = [];
  return { clock, dropped, letters: new DeadLetters(notes, clock, (count) => dropped.push(count)) };
}

test('dead letters of a call are kept in its order, each once, and the list has the latest call first', async () => {
  const { clock, letters } = scene();
  await letters.keep('CA1', [eventOf('CA1', 2)], 'status_500');
  clock.advance(1000);
  await letters.keep('CA2', [eventOf('CA2', 1)], 'late');
  clock.advance(1000);
  await letters.keep('CA1', [eventOf('CA1', 1), eventOf('CA1', 2)], 'too_many');
  const list = await letters.list();
  assert.deepEqual(
    list.map(({ callSid, letters: count }) => `${callSid} ${count}`),
    ['CA1 2', 'CA2 1'],
  );
  const kept = await letters.of('CA1');
  assert.deepEqual(
    kept.map(({ event, kind }) => `${event.id} ${kind}`),
    ['CA1-1 too_many', 'CA1-2 too_many'],
  );
});

test('dead letters that were deleted are gone from the list, and one that died meanwhile stays', async () => {
  const { letters } = scene();
  await letters.keep('CA1', [eventOf('CA1', 1), eventOf('CA1', 2)], 'late');
  await letters.remove('CA1', ['CA1-1']);
  assert.deepEqual(
    (await letters.of('CA1')).map(({ event }) => event.id),
    ['CA1-2'],
  );
  await letters.remove('CA1', ['CA1-2']);
  assert.deepEqual([await letters.list(), await letters.of('CA1')], [[], []]);
});

test('dead letters are forgotten after thirty days', async () => {
  const { clock, letters } = scene();
  await letters.keep('CA1', [eventOf('CA1', 1)], 'late');
  clock.advance(29 * 24 * 3_600_000);
  assert.equal((await letters.of('CA1')).length, 1);
  clock.advance(2 * 24 * 3_600_000);
  assert.deepEqual([await letters.list(), await letters.of('CA1')], [[], []]);
});

test('the dead letters of the oldest call make room when there are too many, and are counted', async () => {
  const { clock, dropped, letters } = scene();
  const calls: string[] = [];
  for (let n = 0; calls.length < 501; n++) if (shardNumber(`CA${n}`, 16) === 0) calls.push(`CA${n}`);
  for (const callSid of calls) {
    clock.advance(1);
    await letters.keep(callSid, [eventOf(callSid, 1), eventOf(callSid, 2)], 'late');
  }
  const [oldest = '', next = ''] = calls;
  assert.deepEqual(dropped, [2]);
  assert.deepEqual(await letters.of(oldest), []);
  assert.equal((await letters.of(next)).length, 2);
  assert.equal((await letters.list()).length, 500);
});
