import { MULAW_BYTES_PER_MS } from '../audio/chunk.js';
import { mulawRms, rms } from '../audio/level.js';

/** Samples in 20 ms at 8 kHz, the unit of detection. */
const PIECE_SAMPLES = 160;
const PIECE_MS = 20;
const PIECE_BYTES = PIECE_MS * MULAW_BYTES_PER_MS;
const STARTS_AFTER_MS = 60;
/** Quiet after which speech is over. */
export const STOPS_AFTER_MS = 600;
/** Minimum level of speech into a telephone. Comfort noise is below it. */
const QUIETEST_SPEECH = 400;
/** Ratios to the noise floor above which speech starts and below which it stops. */
const START_RATIO = 3.5;
const STOP_RATIO = 2;
/**
 * Growth of the noise floor per piece. It reaches steady noise after some seconds; pauses in speech lower it at once.
 */
const RISE_A_PIECE = 1.005;
const LOWEST_FLOOR = 20;
const HIGHEST_FLOOR = 2000;

type State = { name: 'quiet'; loudMs: number } | { name: 'speaking'; quietMs: number };

/**
 * Detects from loudness alone when the caller begins and stops speaking, for models whose events of that are not
 * documented (Nova) or do not exist (GPT-Live). Time is counted in audio. It is good enough for measurements. For an
 * interruption it only confirms what the model shows.
 */
export class SpeechDetector {
  private readonly onStarted: () => void;
  private readonly onStopped: () => void;
  private state: State = { name: 'quiet', loudMs: 0 };
  private floor = LOWEST_FLOOR;

  constructor(options: { onStarted: () => void; onStopped: () => void }) {
    this.onStarted = options.onStarted;
    this.onStopped = options.onStopped;
  }

  get isSpeaking(): boolean {
    return this.state.name === 'speaking';
  }

  /** How long the line has been quiet within a speech, in milliseconds. Infinity if nobody speaks. */
  get quietMs(): number {
    return this.state.name === 'speaking' ? this.state.quietMs : Number.POSITIVE_INFINITY;
  }

  /** Takes any number of 16-bit samples at 8 kHz. The rest of the last 20 ms counts as a piece of its own. */
  push(pcm: Int16Array): void {
    for (let at = 0; at < pcm.length; at += PIECE_SAMPLES) this.judge(rms(pcm.subarray(at, at + PIECE_SAMPLES)));
  }

  /** The same for mu-law at 8 kHz. Decodes nothing. */
  pushMulaw(mulaw: Uint8Array): void {
    for (let at = 0; at < mulaw.length; at += PIECE_BYTES) this.judge(mulawRms(mulaw.subarray(at, at + PIECE_BYTES)));
  }

  private judge(level: number): void {
    this.floor = Math.max(LOWEST_FLOOR, Math.min(level, this.floor * RISE_A_PIECE, HIGHEST_FLOOR));
    const startLevel = Math.max(QUIETEST_SPEECH, this.floor * START_RATIO);
    const stopLevel = Math.max(QUIETEST_SPEECH / 2, this.floor * STOP_RATIO);
    const { state } = this;
    if (state.name === 'quiet') {
      state.loudMs = level >= startLevel ? state.loudMs + PIECE_MS : 0;
      if (state.loudMs < STARTS_AFTER_MS) return;
      this.state = { name: 'speaking', quietMs: 0 };
      this.onStarted();
    } else {
      state.quietMs = level < stopLevel ? state.quietMs + PIECE_MS : 0;
      if (state.quietMs < STOPS_AFTER_MS) return;
      this.state = { name: 'quiet', loudMs: 0 };
      this.onStopped();
    }
  }
}
