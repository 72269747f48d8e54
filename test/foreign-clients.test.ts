import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { loudnessEar } from '../sim/model/ear.js';
import { callTool, scriptedBrain, speak } from '../sim/model/script.js';
import { encodeAudio } from '../sim/openai/audio-codec.js';
import { startOpenAiSim } from '../sim/openai/server.js';
import { systemClock } from '../src/base/clock.js';
import { SILENCE, sound } from './support/openai-sim.js';
import { until } from './support/rig.js';

// Clients that are too large for a dependency. `.ci/run` installs them outside the project and names the folder.

const FOLDER = process.env['FOREIGN_CLIENTS'];
const OPTIONS = { skip: FOLDER === undefined && 'FOREIGN_CLIENTS names no folder with these packages; see .ci/run' };

/** The part of LiveKit's packages that this test uses. */
interface LiveKitSession {
  chatCtx: { copy(): { items: unknown[] } };
  on(event: 'openai_server_event_received', listener: (event: { type: string }) => void): void;
  on(event: 'error', listener: (error: unknown) => void): void;
  on(event: 'generation_created', listener: (generation: LiveKitGeneration) => void): void;
  updateInstructions(instructions: string): Promise<void>;
  updateChatCtx(context: unknown): Promise<void>;
  generateReply(instructions?: string): Promise<unknown>;
  pushAudio(frame: unknown): void;
  close(): Promise<void>;
}
interface LiveKitGeneration {
  functionStream: AsyncIterable<{ name: string; args: string; callId: string }>;
}
interface LiveKit {
  initializeLogger: (options: { pretty: boolean; level: string }) => void;
  llm: { FunctionCallOutput: { create(output: object): unknown } };
  realtime: { RealtimeModel: new (options: object) => { session(): LiveKitSession } };
  AudioFrame: new (data: Int16Array, sampleRate: number, channels: number, samplesPerChannel: number) => unknown;
}

test(
  "LiveKit's OpenAI plugin completes a conversation with a greeting, a tool call and an interruption",
  OPTIONS,
  async (t) => {
    const load = createRequire(join(FOLDER ?? '', 'index.js'));
    const { AudioFrame, initializeLogger, llm, realtime } = {
      ...load('@livekit/agents'),
      ...load('@livekit/agents-plugin-openai'),
      ...load('@livekit/rtc-node'),
    } as LiveKit;
    initializeLogger({ pretty: false, level: 'silent' });
    // The plugin measures real time.
    const sim = await startOpenAiSim({
      clock: systemClock,
      ear: loudnessEar({ texts: ['Where is my order?', 'stop'] }),
      brain: scriptedBrain([
        [speak('Hello.', { durationMs: 400 })],
        [callTool('order_status', { number: '4711' })],
        [speak('Your order is on its way to you.', { durationMs: 30_000 })],
        [speak('All right.', { durationMs: 400 })],
      ]),
    });
    t.after(() => sim.close());
    const options = {
      model: 'gpt-realtime-2.1',
      apiKey: 'sk-test',
      baseURL: sim.url,
      turnDetection: { type: 'server_vad' },
    };
    const session = new realtime.RealtimeModel(options).session();
    t.after(() => session.close());
    const types: string[] = [];
    const errors: unknown[] = [];
    const calls: string[] = [];
    session.on('openai_server_event_received', ({ type }) => types.push(type));
    session.on('error', (error) => errors.push(error));
    session.on('generation_created', ({ functionStream }) => {
      void (async () => {
        for await (const { args, callId, name } of functionStream) {
          calls.push(`${name} ${args}`);
          const context = session.chatCtx.copy();
          context.items.push(llm.FunctionCallOutput.create({ callId, name, output: 'sent', isError: false }));
          await session.updateChatCtx(context);
          await session.generateReply();
        }
      })();
    });
    const count = (type: string, least: number): Promise<void> =>
      until(() => types.filter((one) => one === type).length >= least, `${type} (${least})`);
    const say = async (): Promise<void> => {
      const mulaw = Buffer.concat([await sound(500), SILENCE]);
      const bytes = Buffer.from(encodeAudio(mulaw, { type: 'audio/pcm', rate: 24_000 }), 'base64');
      const samples = new Int16Array(bytes.length / 2).map((_, at) => bytes.readInt16LE(2 * at));
      for (let at = 0; at < samples.length; at += 2400) {
        const part = samples.slice(at, at + 2400);
        session.pushAudio(new AudioFrame(part, 24_000, 1, part.length));
      }
    };

    await session.updateInstructions('Be kind.');
    void session.generateReply('Greet the caller.');
    await count('response.done', 1);
    await say();
    await count('response.done', 2);
    await count('response.created', 3);
    await count('response.output_audio_transcript.delta', 2);
    assert.deepEqual(calls, ['order_status {"number":"4711"}']);
    await say();
    await count('response.done', 4);
    const memory = sim.sessions[0]?.memory.map(({ text }) => text) ?? [];
    assert.deepEqual(memory.slice(0, 4), ['Hello.', 'Where is my order?', '{"number":"4711"}', 'sent']);
    assert.deepEqual(memory.slice(5), ['stop', 'All right.']);
    assert.deepEqual(sim.sessions[0]?.errors, []);
    assert.deepEqual(errors, []);
  },
);
