import type { Clock } from '../../src/base/clock.js';
import { demoBrain } from '../model/demo-brain.js';
import { type Ear, loudnessEar } from '../model/ear.js';
import type { BrainFactory } from '../model/script.js';
import { type Voice, toneVoice } from '../model/voice.js';
import type { PlannedNovaFault } from './faults.js';
import type { SessionRecording } from './recording.js';
import { TEXT_LIMITS, type TextLimits } from './rules.js';
import type { Credentials } from './sigv4.js';
import type { BargeInSignal, FinalTexts } from './speaker.js';

/** The only credentials a simulator knows unless it is told others. They open nothing else. */
export const SIMULATED_CREDENTIALS: Credentials = {
  accessKeyId: 'SIMULATEDNOVAACCESS',
  secretAccessKey: 'simulated-nova-secret-access-key',
};

/** How the simulated service and model behave. Times are in milliseconds of the clock unless they say otherwise. */
export interface NovaBehaviour {
  brain: BrainFactory;
  ear: Ear;
  voice: Voice;
  faults: readonly PlannedNovaFault[];
  /** After which a session times out; the service gives eight minutes. */
  sessionSeconds: number;
  /** Longest gap between two pieces of audio or interactive texts; 55 and 295 were seen. */
  idleSeconds: number;
  textLimits: TextLimits;
  /** Multiplies the pauses (of audio) that end a turn: 1.5 s, 1.75 s and 2 s by sensitivity. */
  endpointingScale: number;
  /** Between the end of a turn and the first word of the answer. */
  replyDelayMs: number;
  /** Audio is sent this many times faster than it plays. */
  audioSpeed: number;
  finals: FinalTexts;
  bargeInSignal: BargeInSignal;
  doubleEncodeToolUse: boolean;
  onSession(session: SessionRecording): void;
}

export interface NovaSimOptions extends Partial<NovaBehaviour> {
  clock?: Clock;
  host?: string;
  /** 0: any that is free. */
  port?: number;
  credentials?: Credentials;
  region?: string;
  models?: readonly string[];
  /** Those that Converse takes. */
  textModels?: readonly string[];
  /** Sessions at a time; one more is throttled. */
  maxSessions?: number;
  /** Absent: five minutes on the system's clock, and no check on any other. */
  maxClockSkewMs?: number;
}

export const MODELS = ['amazon.nova-2-sonic-v1:0', 'amazon.nova-2-5-sonic'];

/** Inference profiles; Nova 2 Lite is not offered without one. */
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
    doubleEncodeToolUse: options.doubleEncodeToolUse ?? false,
    onSession: options.onSession ?? (() => undefined),
  };
}
