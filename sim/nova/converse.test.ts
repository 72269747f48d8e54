import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type BedrockRuntimeClient, ConverseCommand, type ConverseCommandInput } from '@aws-sdk/client-bedrock-runtime';
import { sdkOf } from '../../test/support/nova-sdk-client.js';
import { scriptedBrain, speak } from '../model/script.js';
import { type NovaSim, SIMULATED_CREDENTIALS, startNovaSim } from './nova-sim.js';

const GOOD: ConverseCommandInput = {
  modelId: 'us.amazon.nova-2-lite-v1:0',
  system: [{ text: 'Summarise.' }],
  messages: [{ role: 'user', content: [{ text: 'Caller: Hi.' }] }],
  inferenceConfig: { maxTokens: 100, temperature: 0 },
};

describe('simulated Nova: Converse', () => {
  let sim: NovaSim;
  let client: BedrockRuntimeClient;
  before(async () => {
    sim = await startNovaSim({ brain: scriptedBrain(['Spoken.'], [speak('Written.')]) });
    client = sdkOf(sim.url);
  });
  after(async () => {
    client.destroy();
    await sim.close();
  });

  test('Converse answers the official client', async () => {
    const { output, stopReason, usage } = await client.send(new ConverseCommand(GOOD));
    assert.deepEqual(output?.message, { role: 'assistant', content: [{ text: 'Written.' }] });
    assert.deepEqual([stopReason, usage?.outputTokens], ['end_turn', 2]);
    assert.deepEqual(sim.texts.at(-1), { modelId: GOOD.modelId, instructions: 'Summarise.', text: 'Caller: Hi.' });
    assert.equal(sim.sessions.length, 0);
  });

  test('Converse stops at the maximum number of tokens', async () => {
    const input = { ...GOOD, inferenceConfig: { maxTokens: 1 } };
    const { output, stopReason } = await client.send(new ConverseCommand(input));
    assert.deepEqual([output?.message?.content?.[0]?.text, stopReason], ['Writ', 'max_tokens']);
  });

  const said = (role: 'user' | 'assistant', text = 'Hi.') => ({ role, content: [{ text }] });
  const refusals: [string, Partial<ConverseCommandInput>, RegExp][] = [
    ['an empty list of messages', { messages: [] }, /messages/],
    ['a blank text', { messages: [said('user', ' ')] }, /text field .* is blank.*messages\.0\.content\.0\.text/],
    ['a conversation that the assistant starts', { messages: [said('assistant')] }, /must start with a user message/],
    ['two messages of one role in a row', { messages: [said('user'), said('user')] }, /must alternate/],
    ['a temperature above one', { inferenceConfig: { temperature: 2 } }, /temperature/],
    ['a model without its profile', { modelId: 'amazon.nova-2-lite-v1:0' }, /on-demand throughput/],
    ['a speech-only model', { modelId: 'amazon.nova-2-sonic-v1:0' }, /model identifier is invalid/],
  ];
  for (const [name, change, message] of refusals) {
    test(`Converse refuses ${name}`, async () => {
      await assert.rejects(client.send(new ConverseCommand({ ...GOOD, ...change })), {
        name: 'ValidationException',
        message,
      });
    });
  }

  test('Converse refuses a signature with another key', async () => {
    const stranger = sdkOf(sim.url, { ...SIMULATED_CREDENTIALS, secretAccessKey: 'other' });
    await assert.rejects(stranger.send(new ConverseCommand(GOOD)), { name: 'InvalidSignatureException' });
    stranger.destroy();
  });

  test('Converse refuses a body that differs from the signed one', async () => {
    const liar = sdkOf(sim.url);
    liar.middlewareStack.add(
      (next) => (args) => {
        const request = args.request as { body: string; headers: Record<string, string> };
        request.body = request.body.replace('Hi.', 'Ho.');
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    await assert.rejects(liar.send(new ConverseCommand(GOOD)), { name: 'InvalidSignatureException' });
    liar.destroy();
  });
});
