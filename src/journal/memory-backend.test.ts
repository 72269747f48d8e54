import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { MemoryBackend } from './memory-backend.js';

test('expired entries do not pile up behind those that are kept for long', async () => {
  const clock = new FakeClock();
  const backend = new MemoryBackend(clock);
  const write = (callSid: string, ttlMs: number): Promise<unknown> =>
    backend.write({ callSid, owner: 'a', epoch: 1, data: Buffer.from('x'), ttlMs });
  for (let n = 0; n < 20; n++) await write(`long-${n}`, 1_000_000);
  for (let n = 0; n < 200; n++) {
    await write(`short-${n}`, 10);
    clock.advance(10);
  }
  const { size } = (backend as unknown as { kept: Map<string, unknown> }).kept;
  assert.ok(size < 60, String(size));
});
