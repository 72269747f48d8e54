import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { Clock } from '../../base/clock.js';
import type { Playback } from '../../twilio/playback.js';
import type { ResponseStatus } from '../../voice/session.js';

/** How often playout is looked at, because it sends no event when it falls silent. */
const LOOK_EVERY_MS = 100;

/** `cut`: the caller interrupted it. `unsaid`: the session did not deliver it in time, or the stream ended. */
export type GoodbyeEnd = 'heard' | 'cut' | 'unsaid';

/** Waits until the session has delivered the last line on a stream and the caller has heard it. */
export class Goodbye {
  readonly end: Promise<GoodbyeEnd>;
  readonly sayId: string;
  private settle: (wasDelivered: boolean) => void = () => undefined;

  /** `waitsMs` is how long the caller has heard nothing already. */
  constructor(options: { sayId: string; clock: Clock; playback: Playback; waitsMs: number }) {
    const { clock, playback, sayId, waitsMs } = options;
    this.sayId = sayId;
    const beginsMs = Math.max(
      SILENCE_BUDGET.goodbyeMinimumMs,
      Math.min(SILENCE_BUDGET.goodbyeBeginsMs, SILENCE_BUDGET.goodbyeSilenceMs - waitsMs),
    );
    const delivered = new Promise<boolean>((resolve) => {
      const startedMs = clock.now();
      let quietSinceMs = startedMs;
      let limitMs = beginsMs;
      const look = (): void => {
        const nowMs = clock.now();
        if (playback.isPlaying) {
          quietSinceMs = nowMs;
          limitMs = SILENCE_BUDGET.goodbyeBreakMs;
        }
        if (nowMs - quietSinceMs >= limitMs || nowMs - startedMs >= SILENCE_BUDGET.goodbyeDeliveredMs)
          this.settle(false);
        else timer = clock.setTimer(LOOK_EVERY_MS, look);
      };
      let timer = clock.setTimer(LOOK_EVERY_MS, look);
      this.settle = (wasDelivered) => {
        timer.cancel();
        resolve(wasDelivered);
      };
    });
    this.end = delivered.then((wasDelivered) => (wasDelivered ? heard(playback) : 'unsaid'));
  }

  /** Called when the session has delivered the line, or could not. */
  onSaid(status: ResponseStatus): void {
    this.settle(status === 'completed');
  }

  /** Stops waiting, so that `end` resolves with `unsaid`. */
  cancel(): void {
    this.settle(false);
  }
}

/** Resolves when everything sent so far has been played or cut. */
export async function heard(playback: Playback): Promise<'heard' | 'cut'> {
  return (await playback.whenHeard(SILENCE_BUDGET.goodbyeHeardMs)) === 'cleared' ? 'cut' : 'heard';
}
