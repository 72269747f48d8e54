import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { test } from 'node:test';
import type { BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import fc from 'fast-check';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { fuzz, mangled, nearly } from '../../../test/support/fuzz.js';
import { AudioChunk } from '../../audio/chunk.js';
import type { VoiceEvent } from '../session.js';
import { parseOutput } from './output-events.js';
import { PeerSigns } from './peer-signs.js';
import { TranscriptionWatch } from '../transcription-watch.js';
import { NovaSession } from './session.js';

const AUDIO = Buffer.alloc(320, 0x11).toString('base64');
const STAGE = { additionalModelFields: '{"generationStage":"SPECULATIVE"}' };
const FINAL = { additionalModelFields: '{"generationStage":"FINAL"}' };

/** Events as the service sends them, with few ids, so that events of a sequence belong together. */
const EVENTS = nearly(
  ...[
    { completionStart: { sessionId: 's', promptName: 'p', completionId: 'c' } },
    { userSpeechStart: { inputAudioOffsetMs: 640 } },
    { userSpeechEnd: { inputAudioOffsetMs: 1640, inputAudioDetectionOffsetMs: 2140 } },
    { contentStart: { contentId: 'u1', type: 'TEXT', role: 'USER', ...FINAL } },
    { textOutput: { contentId: 'u1', role: 'USER', content: 'Where is my order?' } },
    { contentEnd: { contentId: 'u1', type: 'TEXT', stopReason: 'PARTIAL_TURN' } },
    { contentStart: { contentId: 't1', type: 'TEXT', role: 'ASSISTANT', ...STAGE } },
    { textOutput: { contentId: 't1', role: 'ASSISTANT', content: 'On its way.' } },
    { contentEnd: { contentId: 't1', type: 'TEXT', stopReason: 'PARTIAL_TURN' } },
    {
      contentStart: {
        contentId: 'a1',
        type: 'AUDIO',
        role: 'ASSISTANT',
        audioOutputConfiguration: { sampleRateHertz: 8000 },
      },
    },
    { audioOutput: { contentId: 'a1', content: AUDIO } },
    { contentEnd: { contentId: 'a1', type: 'AUDIO', stopReason: 'END_TURN' } },
    { contentStart: { contentId: 'f1', type: 'TEXT', role: 'ASSISTANT', ...FINAL } },
    { textOutput: { contentId: 'f1', role: 'ASSISTANT', content: '{ "interrupted" : true }' } },
    { contentEnd: { contentId: 'f1', type: 'TEXT', stopReason: 'INTERRUPTED' } },
    { contentStart: { contentId: 'x1', type: 'TOOL', role: 'TOOL' } },
    { toolUse: { contentId: 'x1', toolUseId: 'tu1', toolName: 'look_up', content: '{"order":"4711"}' } },
    { contentEnd: { contentId: 'x1', type: 'TOOL', stopReason: 'TOOL_USE' } },
    {
      usageEvent: {
        totalInputTokens: 5,
        totalOutputTokens: 3,
        details: { total: { input: { speechTokens: 5 }, output: {} } },
      },
    },
    { completionEnd: { stopReason: 'END_TURN' } },
  ].map((event) => ({ event })),
);

test('the codec of Nova events throws on no message, and what it reads is no longer than the message', () =>
  fuzz(mangled(EVENTS), (message) => {
    const parsed = parseOutput(Buffer.from(message));
    assert.ok(JSON.stringify(parsed).length <= 2 * message.length + 300);
  }));

test('no sequence of Nova events makes a session throw, emit anything after its end, or leave a timer', async () => {
  const steps = fc.array(fc.oneof({ weight: 8, arbitrary: mangled(EVENTS) }, fc.constantFrom(0, 700, 7000)), {
    maxLength: 16,
  });
  await fuzz(steps, async (sequence) => {
    const clock = new FakeClock();
    const events: VoiceEvent[] = [];
    const thrown: unknown[] = [];
    const guarded = (send: (message: string) => void) => (message: string) => {
      try {
        send(message);
      } catch (error) {
        thrown.push(error);
      }
    };
    const { client, end, send } = playedClient();
    let isGone = false;
    const session = new NovaSession({
      peers: new PeerSigns(),
      client,
      modelId: 'amazon.nova-2-sonic-v1:0',
      write: () => Promise.reject(new Error('not asked')),
      voice: 'matthew',
      endpointingSensitivity: 'MEDIUM',
      openTimeoutMs: 5000,
      mergeMs: 100,
      speakLine: undefined,
      transcription: new TranscriptionWatch(),
      clock,
      onAnomaly: () => undefined,
      onBlind: () => undefined,
      onGone: () => {
        isGone = true;
      },
      conversationId: 'c',
      instructions: 'Be kind.',
      greeting: 'Welcome.',
      answersLast: false,
      language: 'en-US',
      tools: [{ name: 'look_up', description: '', parameters: {} }],
      conversation: { turns: [], isPlaying: false },
      listener: (event) => events.push(event),
    });
    const give = guarded(send);
    for (const step of sequence) {
      if (typeof step === 'string') give(step);
      else clock.advance(step);
      session.sendAudio(AudioChunk.fromBytes('mulaw', 8000, new Uint8Array(160).fill(0xff)));
      await setImmediate();
    }
    clock.advance(20_000);
    session.close();
    end();
    await setImmediate();
    clock.advance(20_000);
    await setImmediate();
    const types = events.map(({ type }) => type);
    assert.deepEqual(thrown, []);
    const failure = events.find((event) => event.type === 'failed');
    // An exception of the gateway's own would end the session as if the connection had broken.
    assert.doesNotMatch(failure?.error.message ?? '', /TypeError|RangeError|SyntaxError/);
    const over = types.findIndex((type) => type === 'failed' || type === 'ended');
    assert.ok(over < 0 || over === types.length - 1, types.join());
    assert.equal(clock.timers, 0, 'a timer is left behind');
    assert.ok(isGone);
  });
});

/** Returns a client whose service sends what the test says. It reads the session's events as fast as they come. */
function playedClient(): { client: BedrockRuntimeClient; send: (message: string) => void; end: () => void } {
  const waiting: string[] = [];
  let isOver = false;
  let wake = (): void => undefined;
  async function* output(): AsyncGenerator<{ chunk: { bytes: Uint8Array } }> {
    for (;;) {
      const next = waiting.shift();
      if (next !== undefined) yield { chunk: { bytes: Buffer.from(next) } };
      else if (isOver) return;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  }
  const client = {
    send: async ({ input }: { input: { body: AsyncIterable<unknown> } }) => {
      void (async () => {
        for await (const _ of input.body);
      })();
      return { body: output() };
    },
  } as unknown as BedrockRuntimeClient;
  return {
    client,
    send: (message) => {
      waiting.push(message);
      wake();
    },
    end: () => {
      isOver = true;
      wake();
    },
  };
}
