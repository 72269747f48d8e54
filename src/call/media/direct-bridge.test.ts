import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { ScriptedProvider } from '../../../test/support/scripted-provider.js';
import { Metrics } from '../../telemetry/metrics.js';
import type { VoiceEvent } from '../../voice/session.js';
import type { ConversationParts } from './conversation.js';
import { DirectBridge } from './direct-bridge.js';
import { LatencyMeter } from './latency-meter.js';
import { PrewarmedSession } from './prewarmed-session.js';

test('the bridge loses an event of an unknown type, or one whose handling throws, and nothing else', async () => {
  const provider = new ScriptedProvider('odd', () => undefined);
  const prewarmed = new PrewarmedSession(provider, {
    conversationId: 'c',
    instructions: '',
    greeting: undefined,
    answersLast: false,
    language: 'en',
    tools: [],
    conversation: { turns: [], isPlaying: false },
  });
  const errors: string[] = [];
  const usage: number[] = [];
  const boom = (): never => {
    throw new Error('in the call');
  };
  const metrics = new Metrics({ process: false });
  const parts = {
    prewarmed,
    dtmf: {},
    meter: new LatencyMeter({ clock: new FakeClock(), metrics, provider: () => 'odd', onAnswered: () => undefined }),
    history: { callerTurn: boom },
    listener: { onUsage: (tokens: number) => usage.push(tokens) },
  } as unknown as ConversationParts;
  const bridge = new DirectBridge(parts, (processor) => errors.push(processor));
  bridge.begin();
  await new Promise(setImmediate);
  provider.last.emit({ type: 'thinking' } as unknown as VoiceEvent);
  provider.last.emit({ type: 'caller-turn', itemId: 'i' });
  provider.last.emit({ type: 'usage', inputTokens: 7, outputTokens: 0 });
  assert.deepEqual([errors, usage], [['bridge', 'bridge'], [7]]);
});
