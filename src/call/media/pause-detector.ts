import type { AudioChunk } from '../../audio/chunk.js';
import { mulawRms } from '../../audio/level.js';
import type { Clock } from '../../base/clock.js';

// Finds the pauses in which a call can move to another instance without the caller noticing.

/**
 * Minimum silence on both sides. After `calm`, a caller who answers at once would have begun. After `breath`, neither
 * side is in the middle of a word.
 */
const QUIET_MS = { calm: 1200, breath: 400 };
/** Delay before the first pause. By then the model knows what the caller said before the detector listened. */
const HEARD_BY_MODEL_MS = 1200;
/** Minimum silence while the caller may wait for an answer. By then they have heard it, or "one moment". */
const SETTLED_MS = 5000;
/** Root mean square of 16-bit samples from which a frame is speech. Noise on a telephone line stays below. */
const SPEECH_RMS = 400;
/**
 * Maximum time between two frames. Twilio sends one every 20 ms. After a longer gap the caller's words are being lost.
 */
const MAX_GAP_MS = 500;

export type PauseKind = keyof typeof QUIET_MS;

/**
 * Tells whether the caller is silent and waits for nothing.
 *
 * It measures the caller's audio, because the model reports speech later. While no audio arrives there is no pause,
 * because the caller may have asked something in the gap. It listens only after the first {@link isPause}, so that it
 * costs nothing before.
 */
export class PauseDetector {
  private readonly clock: Clock;
  /** When it began to listen. */
  private sinceMs: number | undefined;
  private lastFrameMs = Number.NEGATIVE_INFINITY;
  private lastSpeechMs = Number.NEGATIVE_INFINITY;
  private lastSpokenToMs = Number.NEGATIVE_INFINITY;
  /** The caller has spoken, and nothing has been said to them since. */
  private isUnanswered = false;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /**
   * Whether this is a pause. The first call returns `false` and starts the detector. `awaitsAnswer`: the model owes an
   * answer, as far as its events say. `isSpokenTo`: audio is playing to the caller.
   */
  isPause(kind: PauseKind, { awaitsAnswer, isSpokenTo }: { awaitsAnswer: boolean; isSpokenTo: boolean }): boolean {
    const nowMs = this.clock.now();
    this.sinceMs ??= nowMs;
    if (isSpokenTo) {
      this.isUnanswered = false;
      this.lastSpokenToMs = nowMs;
    }
    if (isSpokenTo || nowMs - this.sinceMs < HEARD_BY_MODEL_MS || nowMs - this.lastFrameMs >= MAX_GAP_MS) return false;
    const quietMs = nowMs - Math.max(this.lastSpeechMs, this.lastSpokenToMs, this.sinceMs);
    return quietMs >= (this.isUnanswered || awaitsAnswer ? SETTLED_MS : QUIET_MS[kind]);
  }

  /** Takes one frame of the caller's audio, as mu-law. */
  heard(chunk: AudioChunk): void {
    if (this.sinceMs === undefined) return;
    const nowMs = this.clock.now();
    const isAfterGap = nowMs - Math.max(this.lastFrameMs, this.sinceMs) >= MAX_GAP_MS;
    this.lastFrameMs = nowMs;
    // The caller may have spoken in the gap, so its end counts as speech.
    if (!isAfterGap && mulawRms(chunk.bytes) < SPEECH_RMS) return;
    this.lastSpeechMs = nowMs;
    this.isUnanswered = true;
  }
}
