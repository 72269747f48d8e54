import { rms } from '../../audio/level.js';

/** Judged in pieces of 20 ms at 8 kHz. */
const PIECE_SAMPLES = 160;
const PIECE_MS = 20;
const STARTS_AFTER_MS = 60;
const STOPS_AFTER_MS = 600;
/** Whoever speaks into a telephone is louder than this; comfort noise is not. */
const QUIETEST_SPEECH = 400;
/** Speech stands this far above what is always there, and has ended when it is not even this far above it. */
const START_RATIO = 3.5;
const STOP_RATIO = 2;
/** The floor falls at once, and is up to steady noise after some seconds of it; speech has pauses that pull it down. */
const RISE_A_PIECE = 1.005;
const LOWEST_FLOOR = 20;
const HIGHEST_FLOOR = 2000;

type State = { name: 'quiet'; loudMs: number } | { name: 'speaking'; quietMs: number };

/**
 * Tells from loudness alone when a caller begins and ceases to speak; time is counted in audio. Enough to measure with,
 * not to interrupt by: the model hears better. (Nova has no such events.)
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

  /** 16-bit samples at 8 kHz, any number; what is left of the last 20 ms counts as a piece of its own. */
  push(pcm: Int16Array): void {
    for (let at = 0; at < pcm.length; at += PIECE_SAMPLES) this.judge(rms(pcm.subarray(at, at + PIECE_SAMPLES)));
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
