import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAULTS } from '../console/messages.js';
import { createLogger } from '../telemetry/log.js';
import { FaultInjection } from './injected-faults.js';

test('a gateway with real callers refuses every fault, also one that another instance asks for', async () => {
  const log = createLogger({ level: 'silent' });
  const injection = new FaultInjection({ faults: undefined, phones: undefined, log });
  assert.deepEqual(injection.offered, []);
  for (const fault of FAULTS) assert.equal(await injection.inject('CA1', fault), 'unknown', fault);
});
