import type { Clock } from '../../src/base/clock.js';
import { demoBrain } from '../model/demo-brain.js';
import { type Ear, loudnessEar } from '../model/ear.js';
import type { BrainFactory } from '../model/script.js';
import { type Voice, toneVoice } from '../model/voice.js';
import type { PlannedNovaFault } from './faults.js';
import type { SessionRecording } from './recording.js';
import { TEXT_LIMITS, type TextLimits } from './rules.js';
import type { Credentials } from './sigv4.js';
import type { BargeInSignal, FinalTexts, TurnEnd } from './speaker.js';

/** The credentials that a simulator accepts by default. They open nothing else. */
export const SIMULATED_CREDENTIALS: Credentials = {
  accessKeyId: 'SIMULATEDNOVAACCESS',
  secretAccessKey: 'simulated-nova-secret-access-key',
};

export type ResponseHeaders = 'at-once' | 'with-first-output';

/** How the simulated service and model behave. Times are in milliseconds of the clock unless stated otherwise. */
export interface NovaBehaviour {
  brain: BrainFactory;
  ear: Ear;
  voice: Voice;
  faults: readonly PlannedNovaFault[];
  /** Maximum duration of a session. The service's is eight minutes. */
  sessionSeconds: number;
  /** Maximum gap between two chunks of audio or interactive texts. Values of 55 and 295 were seen. */
  idleSeconds: number;
  textLimits: TextLimits;
  /** Multiplies the silences that end a turn: 1.5 s, 1.75 s and 2 s of audio by sensitivity. */
  endpointingScale: number;
  /** Delay between the end of a turn and the first word of the answer. */
  replyDelayMs: number;
  /** How many times faster than it plays audio is sent. */
  audioSpeed: number;
  finals: FinalTexts;
  bargeInSignal: BargeInSignal;
  turnEnd: TurnEnd;
  /** Whether userSpeechStart and userSpeechEnd are sent. AWS does not document them. */
  speechEvents: boolean;
  /** Whether the text of what the caller said is sent. No statement of AWS promises it for every utterance. */
  callerTexts: boolean;
  doubleEncodeToolUse: boolean;
  /** When the head of the response is sent. It is not known what the service does, so a client must handle both. */
  headers: ResponseHeaders;
  onSession(session: SessionRecording): void;
}

export interface NovaSimOptions extends Partial<NovaBehaviour> {
  clock?: Clock;
  host?: string;
  /** 0, the default, uses a free port. */
  port?: number;
  credentials?: Credentials | readonly Credentials[];
  region?: string;
  models?: readonly string[];
  /** Models that Converse accepts. */
  textModels?: readonly string[];
  /** Maximum number of concurrent sessions. Further ones are throttled. */
  maxSessions?: number;
  /** By default five minutes on the system's clock, and no check on any other clock. */
  maxClockSkewMs?: number;
}

export const MODELS = ['amazon.nova-2-sonic-v1:0', 'amazon.nova-2-5-sonic'];

/** Inference profiles, because Nova 2 Lite is not offered without one. */
export const TEXT_MODELS = ['us', 'eu', 'jp', 'global'].map((geography) => `${geography}.amazon.nova-2-lite-v1:0`);

export function behaviourOf(options: NovaSimOptions): NovaBehaviour {
  return {
    brain: options.brain ?? demoBrain,
    ear: options.ear ?? loudnessEar(),
    voice: options.voice ?? toneVoice(),
    faults: options.faults ?? [],
    sessionSeconds: options.sessionSeconds ?? 480,
    idleSeconds: options.idleSeconds ?? 55,
    textLimits: options.textLimits ?? TEXT_LIMITS,
    endpointingScale: options.endpointingScale ?? 1,
    replyDelayMs: options.replyDelayMs ?? 600,
    audioSpeed: options.audioSpeed ?? 4,
    finals: options.finals ?? { afterMs: 2600 },
    bargeInSignal: options.bargeInSignal ?? 'text-and-stop-reason',
    turnEnd: options.turnEnd ?? 'stop-reason',
    speechEvents: options.speechEvents ?? true,
    callerTexts: options.callerTexts ?? true,
    doubleEncodeToolUse: options.doubleEncodeToolUse ?? false,
    headers: options.headers ?? 'at-once',
    onSession: options.onSession ?? (() => undefined),
  };
}
