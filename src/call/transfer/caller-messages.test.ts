import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import type { CallbackRecord } from '../../handover/callbacks.js';
import { createLogger } from '../../telemetry/log.js';
import { Metrics } from '../../telemetry/metrics.js';
import { Assistant } from '../../prompts/assistant.js';
import { defaultPrompt } from '../../prompts/built-in.js';
import { CallerMessages } from './caller-messages.js';

/** Returns the messages of a call from `from`, and what they keep. */
function messagesOf(from: string): { messages: CallerMessages; kept: Map<string, CallbackRecord> } {
  const kept = new Map<string, CallbackRecord>();
  const log = createLogger({ level: 'silent' });
  const messages = new CallerMessages(
    {
      callSid: 'CA1',
      conversationId: 'c1',
      startedAtMs: 0,
      from,
      to: '+12065550199',
      assistant: new Assistant({ prompt: defaultPrompt, queues: [] }),
      chosen: { changes: 0 },
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
  return { messages, kept };
}

test('a callback is kept once even if Twilio repeats the request that promises it', async () => {
  const { kept, messages } = messagesOf('+12025550123');
  assert.deepEqual(await Promise.all([messages.callback(), messages.callback()]), [true, true]);
  assert.deepEqual(
    [...kept.values()].map(({ customer_phone, kind }) => [kind, customer_phone]),
    [['callback', '+12025550123']],
  );
});

test('a caller who withholds the number gets a callback only to a number that they say', async () => {
  for (const from of ['anonymous', '+7378742833', '']) {
    const { kept, messages } = messagesOf(from);
    const tool = messages.tools().find(({ name }) => name === 'request_callback');
    const context = { conversationId: 'c1', callerNumber: '', signal: new AbortController().signal };
    assert.match(JSON.stringify(await tool?.run({ when: 'today' }, context)), /error.*Ask which number/);
    for (const number of ['my usual one', 'room 12', ''])
      assert.match(JSON.stringify(await tool?.run({ when: 'today', number }, context)), /error/, number);
    assert.equal(kept.size, 0);
    assert.deepEqual(await tool?.run({ when: 'today', number: '202 555 0123' }, context), { status: 'kept' });
    assert.deepEqual(
      [...kept.values()].map(({ customer_phone, message }) => [customer_phone, message]),
      [['', '202 555 0123']],
    );
    for (const number of ['०२२ ४५६ ७८९', '一三八零零一三八零零零'])
      assert.deepEqual(await tool?.run({ when: 'today', number }, context), { status: 'kept' }, number);
  }
});
