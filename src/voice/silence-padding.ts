import type { Clock, Timer } from '../base/clock.js';

/**
 * Length of a gap in the audio that counts as silence, because some lines stop sending when the caller stops speaking.
 */
const GAP_MS = 600;
const SILENCE_MS = 1000;
/** Maximum number of silences in a row. Together they are longer than any pause that a model may wait for. */
const MAX_SILENCES = 6;

/**
 * Sends silence in place of missing audio. Some telephone lines send nothing while the caller is silent, and a detector of
 * speech finds the end of a turn only in the audio, so without silence the turn would never end. OpenAI's own Twilio
 * transport adds a second of silence, too.
 */
export class SilencePadding {
  private readonly clock: Clock;
  private readonly sendSilence: (ms: number) => void;
  private lastAudioMs = 0;
  private timer: Timer | undefined;

  constructor(options: { clock: Clock; sendSilence: (ms: number) => void }) {
    this.clock = options.clock;
    this.sendSilence = options.sendSilence;
  }

  audioCame(): void {
    this.lastAudioMs = this.clock.now();
  }

  speechStarted(): void {
    this.timer ??= this.wait(GAP_MS, 0);
  }

  /** Called when the speech or the session is over. */
  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  private wait(delayMs: number, sent: number): Timer {
    return this.clock.setTimer(delayMs, () => {
      const leftMs = this.lastAudioMs + GAP_MS - this.clock.now();
      if (leftMs >= 1) {
        this.timer = this.wait(leftMs, 0);
        return;
      }
      this.timer = sent + 1 < MAX_SILENCES ? this.wait(SILENCE_MS, sent + 1) : undefined;
      this.sendSilence(SILENCE_MS);
    });
  }
}
