import { mulawRms } from '../../audio/level.js';
import type { Clock } from '../../base/clock.js';

/**
 * So long without a sound on either side. `calm`: whoever answers at once has begun to by then. `breath`: nobody is in the middle
 * of a word.
 */
const QUIET_MS = { calm: 1200, breath: 400 };
/** What was said before it listened is known to the model by then. */
const HEARD_BY_MODEL_MS = 1200;
/** Whoever waits for an answer has heard one by then, or that it takes a moment. */
const SETTLED_MS = 5000;
/** Root mean square of 16-bit samples: speech on a telephone line, not its noise. */
const LOUD = 400;
/** Twilio sends a frame every 20 ms. Without any for so long, what the caller says does not arrive. */
const HOLE_MS = 500;

export type PauseKind = keyof typeof QUIET_MS;

/**
 * Whether the caller is silent and waits for nothing. That they speak is known from their audio at once; the model says so later.
 * While none of it arrives nobody knows, and what was said meanwhile may have been a question. Listens only once it has been
 * asked, so that it costs nothing before.
 */
export class PauseDetector {
  private readonly clock: Clock;
  private sinceMs: number | undefined;
  private lastFrameMs = Number.NEGATIVE_INFINITY;
  private lastLoudMs = Number.NEGATIVE_INFINITY;
  private lastSpokenToMs = Number.NEGATIVE_INFINITY;
  /** Nothing was said to them since they were heard. */
  private isUnanswered = false;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** False at first: it begins to listen. `awaitsAnswer`: as far as the model has said. */
  isPause(kind: PauseKind, { awaitsAnswer, isSpokenTo }: { awaitsAnswer: boolean; isSpokenTo: boolean }): boolean {
    const nowMs = this.clock.now();
    this.sinceMs ??= nowMs;
    if (isSpokenTo) {
      this.isUnanswered = false;
      this.lastSpokenToMs = nowMs;
    }
    if (isSpokenTo || nowMs - this.sinceMs < HEARD_BY_MODEL_MS || nowMs - this.lastFrameMs >= HOLE_MS) return false;
    const quietMs = nowMs - Math.max(this.lastLoudMs, this.lastSpokenToMs, this.sinceMs);
    return quietMs >= (this.isUnanswered || awaitsAnswer ? SETTLED_MS : QUIET_MS[kind]);
  }

  /** `payload`: base64 of raw mu-law. */
  heard(payload: string): void {
    if (this.sinceMs === undefined) return;
    const nowMs = this.clock.now();
    const isAfterHole = nowMs - Math.max(this.lastFrameMs, this.sinceMs) >= HOLE_MS;
    this.lastFrameMs = nowMs;
    if (!isAfterHole && mulawRms(Buffer.from(payload, 'base64')) < LOUD) return;
    this.lastLoudMs = nowMs;
    this.isUnanswered = true;
  }
}
