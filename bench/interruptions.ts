import { demoBrain } from '../sim/model/demo-brain.js';
import { loudnessEar } from '../sim/model/ear.js';
import { toneVoice } from '../sim/model/voice.js';
import { SIMULATED_CREDENTIALS, startNovaSim } from '../sim/nova/nova-sim.js';
import { startOpenAiSim } from '../sim/openai/server.js';
import { Carrier } from '../sim/twilio/carrier.js';
import type { CarrierCall } from '../sim/twilio/carrier-call.js';
import { Instance } from '../test/support/fleet.js';
import { Hearing, type Model, speak } from '../test/support/model-rig.js';
import { until } from '../test/support/rig.js';
import { summaryLine } from './summary-line.js';

// The section `interruptions`: how fast an interruption stops playout.

interface Interruptions {
  /** From the start of the stream to the first sound in the caller's ear. */
  greetingMs: number[];
  /** From the model's speech signal to the arrival of the `clear` at the carrier. */
  clearMs: number[];
  /** Difference between what the caller heard of an answer and where the gateway truncated it. OpenAI only. */
  truncationMs: number[];
}

/** What the simulated model recorded of one session, on this process's clock. */
interface SessionRecord {
  signalsMs: () => readonly number[];
  truncations: () => readonly { audioEndMs: number }[];
}

interface Service {
  env: Record<string, string>;
  /** Sessions in the order in which they were opened. */
  sessions: SessionRecord[];
  close(): Promise<void>;
}

const CALLS = 3;
const INTERRUPTIONS = 10;
const HOST = 'gateway.example.com';
const AUTH_TOKEN = 'bench-auth-token';
const QUESTION = 'What are your opening hours?';

/**
 * Measures callers who interrupt every answer of a hosted model, in real time. The gateway is a process of its own. The simulated
 * model and the carrier are in this process, on one clock.
 */
export async function interruptions(): Promise<void> {
  console.log(`Milliseconds; p50 / worst of n. ${CALLS} calls at once. The simulated model takes no time to think.`);
  for (const model of ['openai', 'nova'] as const) {
    for (const pipeline of [true, false]) {
      const name = `${model}, ${pipeline ? 'pipeline' : 'direct'}`;
      const { clearMs, greetingMs, truncationMs } = await measure(model, pipeline);
      console.log(summaryLine(name, 'stream start to first sound', greetingMs));
      console.log(summaryLine(name, 'model signals speech → clear at the carrier', clearMs));
      if (truncationMs.length > 0) console.log(summaryLine(name, 'truncated at, against what was heard', truncationMs));
    }
  }
}

async function measure(model: Model, pipeline: boolean): Promise<Interruptions> {
  const service = model === 'openai' ? await openAi() : await nova();
  const gateway = await Instance.start({
    PATH: process.env['PATH'] ?? '',
    NODE_ENV: 'production',
    ENV_FILE: 'none',
    PORT: '0',
    HOST: '127.0.0.1',
    PUBLIC_HOST: HOST,
    LOG_LEVEL: 'error',
    TWILIO_AUTH_TOKEN: AUTH_TOKEN,
    VOICE_PROVIDER: model,
    USE_PIPECAT: String(pipeline),
    USE_LOCAL_DYNAMODB: 'true',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    ...service.env,
  });
  const carrier = new Carrier({
    accountSid: `AC${'1'.repeat(32)}`,
    authToken: AUTH_TOKEN,
    resolve: () => gateway.base,
  });
  const result: Interruptions = { greetingMs: [], clearMs: [], truncationMs: [] };
  try {
    const calls: Promise<void>[] = [];
    for (let n = 0; n < CALLS; n++) {
      const call = carrier.placeCall({
        from: '+12025550123',
        to: '+12065550199',
        voiceUrl: `https://${HOST}/twilio/voice`,
      });
      const told = async (): Promise<SessionRecord> => {
        await until(() => service.sessions.length > n, 'the session', 20_000);
        return service.sessions[n] as SessionRecord;
      };
      calls.push(interrupt(call, told(), result));
      // The next call must wait for this session, because sessions are matched to calls by their order.
      await told();
    }
    await Promise.all(calls);
    return result;
  } finally {
    carrier.close();
    await carrier.whenIdle();
    await gateway.kill();
    await service.close();
  }
}

async function interrupt(call: CarrierCall, session: Promise<SessionRecord>, result: Interruptions): Promise<void> {
  const hearing = new Hearing(call);
  let startedMs = 0;
  call.on('stream-started', () => (startedMs = performance.now()));
  await until(() => hearing.loudMs > 0, 'the greeting', 20_000);
  result.greetingMs.push(performance.now() - startedMs);
  const told = await session;
  await until(() => hearing.quietMs > 400, 'its end', 20_000);
  let beforeMs = hearing.loudMs;
  await speak(call);
  for (let n = 0; n < INTERRUPTIONS; n++) {
    await until(() => hearing.loudMs > beforeMs + 700, 'some of the answer', 20_000);
    const cutBefore = told.truncations().length;
    let clearedMs = 0;
    let heardMs = 0;
    call.once('cleared', () => {
      clearedMs = performance.now();
      heardMs = hearing.loudMs - beforeMs;
    });
    await speak(call);
    await until(() => clearedMs > 0, 'the clear', 20_000);
    beforeMs = hearing.loudMs;
    const signalMs = told.signalsMs().findLast((atMs) => atMs <= clearedMs);
    if (signalMs !== undefined) result.clearMs.push(clearedMs - signalMs);
    // The answer to this interruption is what the next one interrupts.
    await until(() => hearing.quietMs > 0, 'quiet', 20_000);
    const cut = told.truncations()[cutBefore];
    if (cut !== undefined) result.truncationMs.push(Math.abs(cut.audioEndMs - heardMs));
  }
  call.hangup();
}

const COMMON = { voice: toneVoice(), brain: demoBrain };

async function openAi(): Promise<Service> {
  const sessions: SessionRecord[] = [];
  const sim = await startOpenAiSim({
    ...COMMON,
    ear: loudnessEar({ texts: () => QUESTION }),
    onSession: (session) => {
      sessions.push({
        signalsMs: () =>
          session.sent
            .filter(({ type }) => type === 'input_audio_buffer.speech_started')
            .map(({ atMs }) => session.startedMs + atMs),
        truncations: () => session.truncations,
      });
    },
  });
  return {
    env: { OPENAI_API_KEY: 'sk-simulated', OPENAI_BASE_URL: sim.url },
    sessions,
    close: () => sim.close(),
  };
}

async function nova(): Promise<Service> {
  const sessions: SessionRecord[] = [];
  const sim = await startNovaSim({
    ...COMMON,
    ear: loudnessEar({ texts: () => QUESTION }),
    replyDelayMs: 0,
    onSession: (session) => {
      sessions.push({
        signalsMs: () =>
          session.outputs.filter(({ body }) => isInterruption(body)).map(({ atMs }) => session.startedMs + atMs),
        truncations: () => [],
      });
    },
  });
  return {
    env: {
      AWS_ENDPOINT_URL_BEDROCK_RUNTIME: sim.url,
      AWS_ACCESS_KEY_ID: SIMULATED_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: SIMULATED_CREDENTIALS.secretAccessKey,
    },
    sessions,
    close: () => sim.close(),
  };
}

/** Whether the event signals an interruption. Nova sends it as text, or as the reason of a stop. */
function isInterruption(body: Readonly<Record<string, unknown>>): boolean {
  const { content, stopReason } = body;
  return stopReason === 'INTERRUPTED' || (typeof content === 'string' && /"interrupted"\s*:\s*true/.test(content));
}
