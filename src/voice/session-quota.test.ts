import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TandemError } from '../base/errors.js';
import { ScriptedProvider } from '../../test/support/scripted-provider.js';
import type { VoiceEvent, VoiceSessionOptions } from './session.js';
import { SessionQuota } from './session-quota.js';

function options(events: VoiceEvent[]): VoiceSessionOptions {
  return {
    conversationId: 'c',
    instructions: '',
    greeting: undefined,
    answersLast: false,
    language: 'en-US',
    tools: [],
    conversation: { turns: [], isPlaying: false },
    listener: (event) => events.push(event),
  };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a session over the limit is refused as the service would refuse it, without asking the service', async () => {
  const provider = new ScriptedProvider();
  const quota = new SessionQuota(provider, 2);
  const refused: VoiceEvent[] = [];
  const first = quota.open(options([]));
  quota.open(options([]));
  quota.open(options(refused));
  await settled();
  assert.equal(provider.sessions.length, 2);
  assert.equal(refused.length, 1);
  assert.ok(refused[0]?.type === 'failed' && refused[0].error instanceof TandemError);
  assert.equal(refused[0].error.code, 'VOICE_THROTTLED');
  first.close();
  first.close();
  quota.open(options([]));
  await settled();
  assert.equal(provider.sessions.length, 3);
});

test('a quota is reported as full before the limit, to keep room for renewals', () => {
  const quota = new SessionQuota(new ScriptedProvider(), 20);
  const sessions = Array.from({ length: 17 }, () => quota.open(options([])));
  assert.equal(quota.isFull, false);
  sessions.push(quota.open(options([])));
  assert.equal(quota.isFull, true);
  sessions[0]?.close();
  assert.equal(quota.isFull, false);
});

test('a session that the service ended frees its place exactly once', async () => {
  const provider = new ScriptedProvider();
  const quota = new SessionQuota(provider, 1);
  const session = quota.open(options([]));
  await settled();
  provider.last.emit({ type: 'failed', error: new TandemError('VOICE_FAILED', 'It is gone.') });
  assert.equal(quota.isFull, false);
  session.close();
  quota.open(options([]));
  assert.equal(quota.isFull, true);
});
