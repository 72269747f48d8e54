import type { Clock, Timer } from '../../base/clock.js';

/** A line that has sent nothing for this long while the caller speaks has stopped with the speech. */
const GAP_MS = 600;
const SILENCE_MS = 1000;
/** Longer than any pause that the service may wait for. */
const MAX_SILENCES = 6;

/**
 * Some lines send nothing while the caller is silent, and the service finds the end of what was said in the audio alone: without
 * silence the turn would never end (OpenAI's own Twilio transport gives a second of it, too).
 */
export class SilencePadding {
  private readonly clock: Clock;
  private readonly giveSilence: (ms: number) => void;
  private lastAudioMs = 0;
  private timer: Timer | undefined;

  constructor(options: { clock: Clock; giveSilence: (ms: number) => void }) {
    this.clock = options.clock;
    this.giveSilence = options.giveSilence;
  }

  audioCame(): void {
    this.lastAudioMs = this.clock.now();
  }

  speechStarted(): void {
    this.timer ??= this.wait(GAP_MS, 0);
  }

  /** The speech is over, or the session is. */
  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  private wait(delayMs: number, given: number): Timer {
    return this.clock.setTimer(delayMs, () => {
      const leftMs = this.lastAudioMs + GAP_MS - this.clock.now();
      if (leftMs >= 1) {
        this.timer = this.wait(leftMs, 0);
        return;
      }
      this.timer = given + 1 < MAX_SILENCES ? this.wait(SILENCE_MS, given + 1) : undefined;
      this.giveSilence(SILENCE_MS);
    });
  }
}
