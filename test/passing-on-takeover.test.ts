import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { VoiceEvent } from '../src/voice/session.js';
import { within } from './support/deadline.js';
import { type Pair, withPair } from './support/gateway-pair.js';
import { RedisServer, skipWithoutRedis } from './support/redis-server.js';
import { type Rig, until } from './support/rig.js';

describe('calls that are passed on and taken over', { skip: skipWithoutRedis }, () => {
  let redis: RedisServer;
  before(async () => {
    redis = await RedisServer.start();
  });
  after(() => redis.stop());

  /** Waits until the caller has been greeted by the gateway of `rig`. */
  const greeted = (rig: Rig): Promise<void> =>
    until(() => rig.events.some(({ type }) => type === 'turn'), 'the greeting');

  /** Two gateways whose number passes callers to billing, and a caller who has asked about a bill. */
  async function withBilling(pipeline: boolean, body: (pair: Pair) => Promise<void>): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), 'takeover-'));
    const file = join(folder, 'assistants.json');
    const billing = { prompt: './billing.json' };
    writeFileSync(file, JSON.stringify({ '+12065550199': { passesTo: { billing: 'bills' } }, billing }));
    const prompt = { name: 'billing', language: 'fr', instructions: 'You are billing.' };
    writeFileSync(join(folder, 'billing.json'), JSON.stringify(prompt));
    try {
      await withPair(redis.url, { pipeline, env: { ASSISTANTS_FILE: file } }, async (pair) => {
        await greeted(pair.first);
        pair.first.provider.last.callerSays('My bill is too high.');
        await body(pair);
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  const passes = { type: 'tool-call', toolCallId: 't', name: 'transfer_to_assistant', arguments: { name: 'billing' } };

  for (const pipeline of [true, false]) {
    const way = pipeline ? 'through the pipeline' : 'through the direct bridge';
    test(`a gateway that takes a call over after it was passed on goes on with the other assistant, ${way}`, async () => {
      await withBilling(pipeline, async (pair) => {
        pair.first.provider.last.emit(passes as VoiceEvent);
        await until(() => pair.first.events.some(({ type }) => type === 'assistant'), 'the other assistant');
        pair.asked = pair.second;
        pair.call.mediaStream?.drop();
        await greeted(pair.second);
        const { instructions, language, wish } = pair.second.provider.last.options;
        assert.match(instructions, /^You are billing/);
        assert.equal(language, 'fr');
        assert.match(wish?.lines.oneMoment ?? '', /instant/);
        pair.second.provider.last.callerSays('Je veux parler à un conseiller.');
        await within(pair.call.whenEnded(), 'the end');
        assert.equal(pair.first.screens[0]?.attributes['assistant'], 'billing');
      });
    });

    test(`a gateway that takes a call over while it is being passed on goes on with the assistant before, ${way}`, async () => {
      await withBilling(pipeline, async (pair) => {
        const { provider } = pair.first;
        const sessions = provider.sessions.length;
        const [{ last }] = [provider];
        provider.isSlow = true;
        provider.onOpen = () => undefined;
        last.emit(passes as VoiceEvent);
        await until(() => provider.sessions.length > sessions, 'the session of the other one');
        pair.asked = pair.second;
        pair.call.mediaStream?.drop();
        await greeted(pair.second);
        const { conversation, language } = pair.second.provider.last.options;
        assert.equal(language, 'en-US');
        assert.ok(conversation.turns.some(({ text }) => text === 'My bill is too high.'));
      });
    });
  }
});
