import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { connectSide } from '../../sim/caller/agent-side.js';
import type { AgentScreen } from '../../sim/connect/connect.js';
import { loudnessEar } from '../../sim/model/ear.js';
import { type BrainFactory, speak } from '../../sim/model/script.js';
import { toneVoice } from '../../sim/model/voice.js';
import { type OpenAiSim, startOpenAiSim } from '../../sim/openai/server.js';
import type { CarrierCall } from '../../sim/twilio/carrier-call.js';
import { Carrier } from '../../sim/twilio/carrier.js';
import { sleep, systemClock } from '../../src/base/clock.js';
import { mulawRms } from '../../src/audio/level.js';
import { startEmbeddedDynamoDb } from '../../src/handover/embedded-dynamodb.js';
import { CONNECTION_OVERRIDES } from '../../src/call/paths.js';
import { within } from './deadline.js';
import { EDGE_HOST, FALLBACK_URL, startFallbackEdge } from './fallback-edge.js';
import { LeakWatch } from './leaks.js';
import { RedisServer } from './redis-server.js';

const HOST = 'gateways.example.com';
const AUTH_TOKEN = 'fleet-auth-token';
const PEPPER = 'fleet-pepper-0123456789';
const CONNECT_NUMBER = '+12065550100';
const LOUD = 250;
const FRAME_MS = 20;
/** Longer than the drain of any test, with its last handovers. */
const EXIT_LIMIT_MS = 90_000;

/**
 * For tests of several instances: gateways as they run in production, each a process of its own, with one Redis, one simulated
 * model and one simulated carrier.
 */
export interface Fleet {
  instances: Instance[];
  redis: RedisServer;
  model: OpenAiSim;
  carrier: Carrier;
  screens: AgentScreen[];
  place(): FleetCall;
  /** Starts one more gateway, as a deploy does. */
  add(): Promise<Instance>;
  close(): Promise<void>;
}

/** A caller who tells a number of their own. The model knows the number only from the conversation it was given. */
export interface FleetCall {
  call: CarrierCall;
  /** Milliseconds of sound heard so far. */
  loudMs: number;
  /** Time of the last sound, on this machine's monotonic clock. */
  lastSoundMs: number;
  /** Whether the agent's number was dialled. */
  isWithHuman: boolean;
  /** Speaks for as long as it takes to say a number. */
  speak(): Promise<void>;
}

/** Answers with the last number in the session's history. A session that lost its memory has none to tell. */
const remembering: BrainFactory = () => ({
  decide: (turn, { history }) => {
    const number = history
      .map(({ text }) => /my number is (\d+)/i.exec(text)?.[1])
      .findLast((found) => found !== undefined);
    const answer = number === undefined ? [] : [speak(`Your number is ${number}.`, { durationMs: 1200 })];
    if (turn.type !== 'asked') return answer;
    return [speak('Hello.', { durationMs: 300 }), ...answer];
  },
});

export async function startFleet(options: {
  size: number;
  /** Number of callers with a number to tell. Later utterances hold no number. */
  callers: number;
  env?: Record<string, string>;
}): Promise<Fleet> {
  const redis = await RedisServer.start();
  const store = await startEmbeddedDynamoDb({});
  const edge = await startFallbackEdge();
  let callers = 0;
  const model = await startOpenAiSim({
    brain: remembering,
    voice: toneVoice(),
    ear: loudnessEar({ texts: () => (callers < options.callers ? `My number is ${1000 + callers++}.` : 'And now?') }),
  });
  const env = {
    PATH: process.env['PATH'] ?? '',
    NODE_ENV: 'production',
    ENV_FILE: 'none',
    PORT: '0',
    HOST: '127.0.0.1',
    PUBLIC_HOST: HOST,
    MAX_LOOP_DELAY_MS: '0',
    IDLE_PROMPT_SECONDS: '0',
    LOG_LEVEL: 'info',
    TWILIO_AUTH_TOKEN: AUTH_TOKEN,
    VOICE_PROVIDER: 'openai',
    OPENAI_API_KEY: 'sk-simulated',
    OPENAI_BASE_URL: model.url,
    REDIS_URL: redis.url,
    JOURNAL_KEY: 'ab'.repeat(32),
    USE_LOCAL_DYNAMODB: 'true',
    DYNAMODB_ENDPOINT_URL: store.endpointUrl,
    HANDOVER_TOKEN_PEPPER: PEPPER,
    CONNECT_PHONE_NUMBER: CONNECT_NUMBER,
    EXTENSIONS: fileURLToPath(new URL('standing-still.js', import.meta.url)),
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    ...options.env,
  };
  const leaks = new LeakWatch();
  leaks.settings(env);
  const instances: Instance[] = [];
  for (let number = 0; number < options.size; number++) instances.push(await Instance.start(env));
  const screens: AgentScreen[] = [];
  const agent = connectSide({ dynamodb_endpoint: store.endpointUrl, table: 'HandoverTokens' }, PEPPER, systemClock, {
    onStep: () => undefined,
    onScreen: (screen) => {
      leaks.shown(screen.attributes);
      screens.push(screen);
    },
  });
  let turn = 0;
  const carrier = new Carrier({
    accountSid: `AC${'1'.repeat(32)}`,
    authToken: AUTH_TOKEN,
    onCall: (call) => leaks.follow(call),
    // A load balancer that takes ready instances in turn.
    resolve: (host) => {
      if (host === EDGE_HOST) return edge.base;
      const ready = instances.filter(({ isReady }) => isReady);
      return ready[turn++ % ready.length]?.base;
    },
    phoneBook: (number) => (number === CONNECT_NUMBER ? agent.phone : undefined),
  });
  return {
    instances,
    redis,
    model,
    carrier,
    screens,
    place: () => observed(carrier),
    add: async () => {
      const instance = await Instance.start(env);
      instances.push(instance);
      return instance;
    },
    close: async () => {
      carrier.close();
      await carrier.whenIdle();
      await edge.close();
      for (const [number, instance] of instances.entries()) {
        leaks.wrote(`the metrics of instance ${number}`, await instance.metrics().catch(() => ''));
        await instance.dispose();
        leaks.wrote(`the log of instance ${number}`, instance.log);
      }
      await agent.close();
      await model.close();
      await store.close();
      await redis.stop();
      leaks.wrote("the Lambda's console", agent.output());
      for (const { memory } of model.sessions) for (const { text } of memory) leaks.said(text);
      leaks.check();
    },
  };
}

function observed(carrier: Carrier): FleetCall {
  const call = carrier.placeCall({
    from: '+12025550123',
    to: '+12065550199',
    voiceUrl: `https://${HOST}/twilio/voice${CONNECTION_OVERRIDES}`,
    fallbackUrl: FALLBACK_URL,
  });
  const seen: FleetCall = {
    call,
    loudMs: 0,
    lastSoundMs: 0,
    isWithHuman: false,
    speak: async () => call.speak(await toneVoice().speak('', { durationMs: 500 })),
  };
  call.on('dial-started', () => (seen.isWithHuman = true));
  call.on('heard', (frame) => {
    if (mulawRms(frame) < LOUD) return;
    seen.loudMs += FRAME_MS;
    seen.lastSoundMs = performance.now();
  });
  return seen;
}

/** A gateway in a process of its own. */
export class Instance {
  readonly base: string;
  /** Whether the load balancer takes this instance for ready. */
  isReady = true;
  private readonly child: ChildProcess;
  private readonly lines: string[];

  private constructor(child: ChildProcess, base: string, lines: string[]) {
    this.child = child;
    this.base = base;
    this.lines = lines;
  }

  static async start(env: Record<string, string>): Promise<Instance> {
    const main = fileURLToPath(new URL('../../src/main.js', import.meta.url));
    const child = spawn(process.execPath, ['--enable-source-maps', main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const lines: string[] = [];
    child.stdout.on('data', (data: Buffer) => lines.push(data.toString()));
    const listening = new Promise<string>((resolve, reject) => {
      child.stderr.on('data', (data: Buffer) => {
        lines.push(data.toString());
        const found = /http:\/\/127\.0\.0\.1:\d+/.exec(data.toString())?.[0];
        if (found !== undefined) resolve(found);
      });
      child.once('exit', () => reject(new Error(`The gateway ended: ${lines.join('')}`)));
    });
    return new Instance(child, await within(listening, 'a gateway listens'), lines);
  }

  /** Number of streams open now. */
  async streams(): Promise<number> {
    return Number(/^gateway_active_sessions (\d+)$/m.exec(await this.metrics())?.[1] ?? 0);
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.base}/metrics`)).text();
  }

  /** Everything the process has written. */
  get log(): string {
    return this.lines.join('');
  }

  /**
   * Kills the process, as a machine that dies would. For `unnoticedMs` afterwards the load balancer keeps sending it its
   * share of the traffic. 0 means that the load balancer knows at once.
   */
  async kill(unnoticedMs = 0): Promise<void> {
    if (unnoticedMs === 0) this.isReady = false;
    await this.end('SIGKILL');
    await sleep(systemClock, unnoticedMs);
    this.isReady = false;
  }

  /** Blocks the event loop for good, which the load balancer notices. Resolves with the signal that ends the process. */
  async hang(): Promise<NodeJS.Signals | null> {
    this.isReady = false;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGUSR2');
    const [, signal] = (await within(exited, 'the end of a gateway that hangs')) as [
      number | null,
      NodeJS.Signals | null,
    ];
    return signal;
  }

  /** Ends the process after the test. */
  async dispose(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Stops the process as a deploy does: nothing new arrives, and the gateway drains. Resolves with the exit code. */
  async stop(): Promise<number | null> {
    this.isReady = false;
    return this.end('SIGTERM');
  }

  private async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    const [code] = (await within(exited, 'the end of a gateway', EXIT_LIMIT_MS)) as [number | null];
    return code;
  }
}

/** Resolves with the instance that has the most streams. */
export async function busiest(instances: readonly Instance[]): Promise<Instance> {
  const counted = await Promise.all(
    instances.map(async (instance) => ({ instance, streams: await instance.streams() })),
  );
  const [first] = counted.toSorted((a, b) => b.streams - a.streams);
  if (first === undefined || first.streams === 0) throw new Error('No gateway has a stream.');
  return first.instance;
}

/** Returns the numbers that the model has told from session `fromSession` on, each from the memory of its session. */
export function numbersTold(model: OpenAiSim, fromSession = 0): Set<string> {
  const told = new Set<string>();
  for (const session of model.sessions.slice(fromSession)) {
    for (const { role, text } of session.memory) {
      const number = role === 'assistant' ? /Your number is (\d+)/.exec(text)?.[1] : undefined;
      if (number !== undefined) told.add(number);
    }
  }
  return told;
}
