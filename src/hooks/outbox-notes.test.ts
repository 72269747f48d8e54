import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { waitingClock } from '../../test/support/waiting-clock.js';
import { MemoryBackend } from '../journal/memory-backend.js';
import { drawKey } from '../journal/seal.js';
import { JournalNotes, type SharedNotes } from '../journal/shared-notes.js';
import type { ToldCall } from './call-event.js';
import { emptyOutbox, withEvent } from './outbox.js';
import { OutboxNotes } from './outbox-notes.js';

const CALL: ToldCall = {
  call_sid: 'CA1',
  conversation_id: 'c0ffee',
  direction: 'inbound',
  from: '+12025550123',
  to: '+12065550100',
  started_at: '2026-01-01T00:00:00.000Z',
};

test('an event that comes while another instance finds nothing to send stays where others find it', async () => {
  const clock = new FakeClock();
  const notes = new JournalNotes({ backend: new MemoryBackend(clock), keys: [drawKey()], clock: waitingClock });
  const other = new OutboxNotes(notes, true);
  const late: SharedNotes = {
    read: (name) => notes.read(name),
    create: (...given) => notes.create(...given),
    change: async (name, ttlMs, change) => {
      // The other one has looked just before the event is written.
      if (name === 'events.CA1') await other.rest('CA1');
      return notes.change(name, ttlMs, change);
    },
  };
  const one = new OutboxNotes(late, true);
  await one.fill('CA1', (outbox) => {
    const changed = withEvent(outbox ?? emptyOutbox(CALL), { type: 'call.started', createdMs: 0, data: () => ({}) });
    return typeof changed === 'string' ? { result: undefined } : { value: changed, result: undefined };
  });
  const found: string[] = [];
  for await (const callSid of other.all()) found.push(callSid);
  assert.deepEqual(found, ['CA1']);
});
