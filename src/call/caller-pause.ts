import { mulawRms } from '../audio/level.js';
import type { Clock } from '../clock.js';

/** So long without a sound of the caller's: they are not in the middle of a word. */
const QUIET_MS = 400;
/** Root mean square of 16-bit samples: speech on a telephone line, not its noise. */
const LOUD = 400;

/**
 * Whether the caller is silent, known from their audio at once and not from the model, which says so later. Listens only
 * once it has been asked, so that it costs nothing before.
 */
export class CallerPause {
  private readonly clock: Clock;
  private lastLoudMs: number | undefined;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** False at first: it begins to listen. */
  get isPause(): boolean {
    this.lastLoudMs ??= this.clock.now();
    return this.clock.now() - this.lastLoudMs >= QUIET_MS;
  }

  /** `payload`: base64 of raw mu-law. */
  heard(payload: string): void {
    if (this.lastLoudMs === undefined) return;
    if (mulawRms(Buffer.from(payload, 'base64')) >= LOUD) this.lastLoudMs = this.clock.now();
  }
}
