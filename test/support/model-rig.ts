import { mulawRms, rms } from '../../src/audio/level.js';
import { demoBrain } from '../../sim/model/demo-brain.js';
import { loudnessEar } from '../../sim/model/ear.js';
import type { BrainFactory } from '../../sim/model/script.js';
import { toneVoice } from '../../sim/model/voice.js';
import { pcmSamples } from '../../sim/nova/rate.js';
import type { PlannedNovaFault } from '../../sim/nova/faults.js';
import { type NovaSimOptions, SIMULATED_CREDENTIALS, startNovaSim } from '../../sim/nova/nova-sim.js';
import { LiveHost, type OpenAiLiveSimOptions } from '../../sim/openai-live/host.js';
import { type OpenAiSimOptions, startOpenAiSim } from '../../sim/openai/server.js';
import type { CarrierCall } from '../../sim/twilio/carrier-call.js';
import { systemClock } from '../../src/base/clock.js';
import type { SecretFunction } from '../../src/call/secrets/secret-function.js';
import type { AssistantTool } from '../../src/voice/tools.js';
import { type Rig, startRig, until } from './rig.js';
import { scaledClock } from './scaled-clock.js';
import { TONES } from './tone-engine.js';

// For tests of calls with a hosted model: a gateway whose model is a simulator on the real protocol.

export type Model = 'openai' | 'openai-live' | 'nova';

/** How many times faster than real time a rig runs by default. */
const SPEED = 4;
const FRAME_MS = 20;
const LOUD = 250;

/** Credentials that the AWS SDK reads from this process's environment. They are valid for the simulator alone. */
const AWS = {
  AWS_ACCESS_KEY_ID: SIMULATED_CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: SIMULATED_CREDENTIALS.secretAccessKey,
};

export interface ModelRigOptions {
  model: Model;
  pipeline?: boolean;
  /** Texts of the caller's utterances, in order, whichever session hears them. */
  says?: readonly string[];
  brain?: BrainFactory;
  faults?: readonly PlannedNovaFault[];
  env?: Record<string, string>;
  /** Changes the URL of the model into the one that the gateway uses. */
  endpoint?: (url: string) => string;
  /** For measurements. */
  isRealTime?: boolean;
  speed?: number;
  tools?: readonly AssistantTool[];
  /** The operator's function that takes digits. */
  onSecret?: SecretFunction;
  /** Twilio's REST API, and the telephones of people whom the gateway calls. */
  outbound?: Pick<NonNullable<Parameters<typeof startRig>[0]>, 'callee' | 'rest'>;
  openai?: OpenAiSimOptions;
  live?: OpenAiLiveSimOptions;
  nova?: NovaSimOptions;
}

/** Measures what a caller hears, frame by frame, on the clock of the call. */
export class Hearing {
  /** Milliseconds of sound so far. */
  loudMs = 0;
  /** Milliseconds since the last sound. */
  quietMs = 0;
  /** The longest silence so far that a sound has ended. */
  longestGapMs = 0;

  constructor(call: CarrierCall) {
    call.on('heard', (frame) => {
      if (mulawRms(frame) >= LOUD) {
        this.longestGapMs = Math.max(this.longestGapMs, this.quietMs);
        this.loudMs += FRAME_MS;
        this.quietMs = 0;
      } else this.quietMs += FRAME_MS;
    });
  }
}

export interface ModelRig extends Rig {
  /** Returns the conversation as the model's latest session remembers it. */
  memory: () => string[];
  /** Returns how much sound the model's latest session has heard of the caller, in milliseconds. */
  soundMs: () => number;
  place: () => { call: CarrierCall; hearing: Hearing };
}

/** Starts the simulator and a gateway that is configured to use it. */
export async function startModelRig(options: ModelRigOptions): Promise<ModelRig> {
  const { model, says = [] } = options;
  const clock = options.isRealTime === true ? systemClock : scaledClock(options.speed ?? SPEED);
  let said = 0;
  const ear = loudnessEar({ texts: () => says[said++] ?? '' });
  const { endpoint = (url: string) => url } = options;
  const common = { clock, ear, voice: toneVoice(), brain: options.brain ?? demoBrain, faults: options.faults ?? [] };
  const sim =
    model === 'nova'
      ? await nova({ ...common, ...options.nova })
      : model === 'openai'
        ? await openAi({ ...common, ...options.openai } as OpenAiSimOptions)
        : await openAiLive({ ...common, ...options.live } as OpenAiLiveSimOptions);
  const rig = await startRig({
    ...(options.pipeline === undefined ? {} : { pipeline: options.pipeline }),
    ...(options.tools === undefined ? {} : { tools: options.tools }),
    ...(options.onSecret === undefined ? {} : { onSecret: options.onSecret }),
    ...options.outbound,
    isConfigured: true,
    ...(options.isRealTime === true ? {} : { engine: TONES }),
    clock,
    env: { ...sim.env(endpoint(sim.url)), VOICE_PROVIDER: model, ...options.env },
  });
  rig.leaks.settings(AWS);
  return {
    ...rig,
    memory: sim.memory,
    soundMs: sim.soundMs,
    place: () => {
      const call = rig.call();
      return { call, hearing: new Hearing(call) };
    },
    close: async () => {
      try {
        await rig.close();
      } finally {
        await sim.close();
      }
    },
  };
}

interface Sim {
  url: string;
  env: (url: string) => Record<string, string>;
  memory: () => string[];
  soundMs: () => number;
  close(): Promise<void>;
}

async function openAi(options: OpenAiSimOptions): Promise<Sim> {
  const sim = await startOpenAiSim(options);
  return {
    url: sim.url,
    env: (url) => ({ OPENAI_API_KEY: 'sk-simulated', OPENAI_BASE_URL: url }),
    memory: () => sim.sessions.at(-1)?.memory.map(({ role, text }) => `${role}: ${text}`) ?? [],
    soundMs: () => {
      const audio = sim.sessions.at(-1)?.callerAudio ?? new Uint8Array();
      return loudMs(audio, FRAME_MS * 8, mulawRms);
    },
    close: () => sim.close(),
  };
}

async function openAiLive(options: OpenAiLiveSimOptions): Promise<Sim> {
  const live = new LiveHost(options);
  const { clock } = options;
  const sim = await startOpenAiSim({ ...(clock === undefined ? {} : { clock }), others: [live] });
  return {
    url: sim.url,
    env: (url) => ({ OPENAI_API_KEY: 'sk-simulated', OPENAI_BASE_URL: url }),
    memory: () => live.sessions.at(-1)?.memory.map(({ role, text }) => `${role}: ${text}`) ?? [],
    soundMs: () => loudMs(live.sessions.at(-1)?.callerAudio ?? new Uint8Array(), FRAME_MS * 8, mulawRms),
    close: () => sim.close(),
  };
}

async function nova(options: NovaSimOptions): Promise<Sim> {
  const sim = await startNovaSim(options);
  Object.assign(process.env, AWS);
  return {
    url: sim.url,
    env: (url) => ({ AWS_ENDPOINT_URL_BEDROCK_RUNTIME: url }),
    memory: () => sim.sessions.at(-1)?.history.map(({ role, text }) => `${role}: ${text}`) ?? [],
    soundMs: () => {
      const { pcm, sampleRateHz } = sim.sessions.at(-1)?.audio ?? { pcm: Buffer.alloc(0), sampleRateHz: 8000 };
      return loudMs(pcmSamples(pcm), (FRAME_MS * sampleRateHz) / 1000, rms);
    },
    close: () => sim.close(),
  };
}

function loudMs<T extends Uint8Array | Int16Array>(audio: T, frame: number, level: (piece: T) => number): number {
  let ms = 0;
  for (let at = 0; at < audio.length; at += frame)
    if (level(audio.subarray(at, at + frame) as T) >= LOUD) ms += FRAME_MS;
  return ms;
}

/** Speaks an utterance of `ms`, whose text is the next of the rig's `says`. */
export async function speak(call: CarrierCall, ms = 600): Promise<void> {
  call.speak(await toneVoice().speak('', { durationMs: ms }));
}

/** Waits until the caller has heard more than `beforeMs` of sound, and then `quietMs` of silence. */
export async function heardMore(hearing: Hearing, beforeMs: number, what: string, quietMs = 400): Promise<void> {
  await until(() => hearing.loudMs > beforeMs + 100 && hearing.quietMs >= quietMs, what);
}
