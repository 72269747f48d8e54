import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { Clock } from '../../base/clock.js';
import type { Playback } from '../../twilio/playback.js';
import type { ResponseStatus } from '../../voice/session.js';

const LOOK_EVERY_MS = 100;

/** `cut`: the caller talked over it. `unsaid`: the session did not bring it out in time, or the stream ended. */
export type GoodbyeEnd = 'heard' | 'cut' | 'unsaid';

/** The last line on a stream: waits until the session has given it and the caller has heard it. */
export class Goodbye {
  readonly end: Promise<GoodbyeEnd>;
  readonly sayId: string;
  private settle: (wasGiven: boolean) => void = () => undefined;

  /** `waitsMs`: so long the caller has heard nothing already. */
  constructor(options: { sayId: string; clock: Clock; playback: Playback; waitsMs: number }) {
    const { clock, playback, sayId, waitsMs } = options;
    this.sayId = sayId;
    const beginsMs = Math.max(
      SILENCE_BUDGET.goodbyeMinimumMs,
      Math.min(SILENCE_BUDGET.goodbyeBeginsMs, SILENCE_BUDGET.goodbyeSilenceMs - waitsMs),
    );
    const given = new Promise<boolean>((resolve) => {
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
      this.settle = (wasGiven) => {
        timer.cancel();
        resolve(wasGiven);
      };
    });
    this.end = given.then((wasGiven) => (wasGiven ? heard(playback) : 'unsaid'));
  }

  /** The session has given the line, or could not. */
  onSaid(status: ResponseStatus): void {
    this.settle(status === 'completed');
  }

  /** Nobody is there to hear it any more. */
  cancel(): void {
    this.settle(false);
  }
}

/** What was sent so far has been played, or will not be. */
export async function heard(playback: Playback): Promise<'heard' | 'cut'> {
  return (await playback.whenHeard(SILENCE_BUDGET.goodbyeHeardMs)) === 'cleared' ? 'cut' : 'heard';
}
