import type { Clock } from '../../base/clock.js';
import type { Playback } from '../../twilio/playback.js';
import type { ResponseStatus } from '../../voice/session.js';

/** The goodbye must have begun by then, and have been given whole by the second; else TwiML says it. */
const BEGINS_MS = 2000;
/** Sooner, when the caller has been waiting before: in all they hear nothing for so long, and then Twilio asks for TwiML. */
const SILENCE_MS = 3500;
const AT_LEAST_MS = 300;
const GIVEN_MS = 10_000;
/** So long nothing of it is heard in its middle: no more is coming. */
const BROKEN_OFF_MS = 1200;
const LOOK_EVERY_MS = 100;
/** A goodbye is some seconds long; its last mark is not waited for beyond this. */
const HEARD_MS = 15_000;

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
    const beginsMs = Math.max(AT_LEAST_MS, Math.min(BEGINS_MS, SILENCE_MS - waitsMs));
    const given = new Promise<boolean>((resolve) => {
      const startedMs = clock.now();
      let quietSinceMs = startedMs;
      let limitMs = beginsMs;
      const look = (): void => {
        const nowMs = clock.now();
        if (playback.isPlaying) {
          quietSinceMs = nowMs;
          limitMs = BROKEN_OFF_MS;
        }
        if (nowMs - quietSinceMs >= limitMs || nowMs - startedMs >= GIVEN_MS) this.settle(false);
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
  return (await playback.whenHeard(HEARD_MS)) === 'cleared' ? 'cut' : 'heard';
}
