import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import type { CallbackRecord } from '../../handover/callbacks.js';
import { createLogger } from '../../telemetry/log.js';
import { Metrics } from '../../telemetry/metrics.js';
import { Assistant } from '../../prompts/assistant.js';
import { defaultPrompt } from '../../prompts/built-in.js';
import { CallerMessages } from './caller-messages.js';

test('a callback that is promised twice, because Twilio asked twice, is kept once', async () => {
  const kept = new Map<string, CallbackRecord>();
  const log = createLogger({ level: 'silent' });
  const messages = new CallerMessages(
    {
      callSid: 'CA1',
      conversationId: 'c1',
      startedAtMs: 0,
      from: '+12025550123',
      to: '+12065550199',
      assistant: new Assistant({ prompt: defaultPrompt, queues: [] }),
      turns: () => [],
      log: () => log,
    },
    {
      clock: new FakeClock(),
      metrics: new Metrics({ process: false }),
      callbacks: { keep: (key, record) => Promise.resolve(void kept.set(key, record)) },
      emit: () => undefined,
    },
  );
  assert.deepEqual(await Promise.all([messages.callback(), messages.callback()]), [true, true]);
  assert.deepEqual(
    [...kept.values()].map(({ customer_phone, kind }) => [kind, customer_phone]),
    [['callback', '+12025550123']],
  );
});
