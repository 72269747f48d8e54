import type { AudioChunk } from '../../audio/chunk.js';
import { EnergyVad } from '../../audio/energy-vad.js';
import type { Clock } from '../../base/clock.js';

/** Minimum time of speech without a key between. A tone of a key that is in the audio is shorter. */
const SPOKEN_MS = 1500;

/** Notices from the loudness of the line that a caller who should type speaks instead. Nothing of what they say is kept. */
export class SpokenInstead {
  private readonly clock: Clock;
  private readonly vad: EnergyVad;
  private sinceMs: number | undefined;

  constructor(clock: Clock) {
    this.clock = clock;
    this.vad = new EnergyVad(
      () => (this.sinceMs = clock.now()),
      () => (this.sinceMs = undefined),
    );
  }

  /** Takes one frame of mu-law at 8 kHz. Returns whether the caller has spoken for long. */
  hear(chunk: AudioChunk): boolean {
    this.vad.hear(chunk);
    return this.sinceMs !== undefined && this.clock.now() - this.sinceMs >= SPOKEN_MS;
  }

  /** The caller has pressed a key. */
  pressed(): void {
    if (this.sinceMs !== undefined) this.sinceMs = this.clock.now();
  }
}
