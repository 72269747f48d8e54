import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { Clock, Timer } from '../../base/clock.js';
import type { CallerIdleTimer } from './caller-idle.js';
import type { DtmfCollector } from './dtmf-collector.js';
import { type GoodbyeEnd, heard } from './goodbye.js';
import type { MediaSession } from './media-session.js';

const LOOK_EVERY_MS = 100;
/** Maximum number of times the assistant may add something after its last words. */
const MAX_ADDITIONS = 3;
/** Question marks of the scripts that a model may write, with what may stand behind one. */
const QUESTION = /[?\uFF1F\u061F\u037E\u055E\u1367][\s"'\u00BB\u201D\u2019\uFF09)]*$/u;

/**
 * Listens to the caller after the last words of a call that ends without an agent. A caller who begins to speak, or presses
 * a key, before the time is over has something to say after all.
 */
export class LastListening {
  /** `cut`: the caller has something to say. `heard`: they have heard everything and are silent. */
  readonly end: Promise<GoodbyeEnd>;
  private readonly clock: Clock;
  private readonly media: Pick<MediaSession, 'playback'> & {
    idle: Pick<CallerIdleTimer, 'awaitsAnswer' | 'speechStarts'>;
    dtmf: Pick<DtmfCollector, 'isCollecting'>;
  };
  private readonly lastWords: () => string;
  private stop: () => void = () => undefined;
  private isCancelled = false;

  /** `said` resolves when the last words have been heard. `lastWords` returns their text, as far as it is known by then. */
  constructor(options: {
    clock: Clock;
    media: LastListening['media'];
    said: Promise<GoodbyeEnd>;
    lastWords: () => string;
  }) {
    this.clock = options.clock;
    this.media = options.media;
    this.lastWords = options.lastWords;
    this.end = this.run(options.said);
  }

  /** The call has taken another way. */
  cancel(): void {
    this.isCancelled = true;
    this.stop();
  }

  private async run(said: Promise<GoodbyeEnd>): Promise<GoodbyeEnd> {
    let end = await said;
    for (let additions = 0; end === 'heard' && !this.isCancelled; additions++) {
      const sign = await this.listen(isQuestion(this.lastWords()));
      if (sign === 'speech') return 'cut';
      if (sign === 'silence' || additions === MAX_ADDITIONS) return 'heard';
      end = await heard(this.media.playback);
    }
    return end;
  }

  /** `more`: the assistant speaks again. */
  private listen(isTheirTurn: boolean): Promise<'speech' | 'silence' | 'more'> {
    const { clock } = this;
    const { dtmf, idle, playback } = this.media;
    // The model may have answered by the next look.
    const { speechStarts } = idle;
    const untilMs = clock.now() + (isTheirTurn ? SILENCE_BUDGET.lastQuestionMs : SILENCE_BUDGET.lastWordMs);
    return new Promise((resolve) => {
      let timer: Timer;
      const look = (): void => {
        if (idle.awaitsAnswer || idle.speechStarts > speechStarts || dtmf.isCollecting) resolve('speech');
        else if (playback.isPlaying) resolve('more');
        else if (clock.now() >= untilMs) resolve('silence');
        else timer = clock.setTimer(LOOK_EVERY_MS, look);
      };
      timer = clock.setTimer(LOOK_EVERY_MS, look);
      this.stop = () => {
        timer.cancel();
        resolve('silence');
      };
    });
  }
}

function isQuestion(text: string): boolean {
  return QUESTION.test(text);
}
