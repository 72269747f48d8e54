import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { Clock, Timer } from '../../base/clock.js';
import type { HeardItem } from '../history.js';
import type { ConversationView } from '../session.js';
import { STOPS_AFTER_MS } from '../speech-detector.js';

/** Maximum number of times in a row an answer continues after a noise. A noise that goes on would cut it off without end. */
const MAX_CONTINUED = 3;

/** Maximum length of what the model is told that the caller has heard. Its end says where to continue. */
const MAX_QUOTE_CHARACTERS = 200;

/** `cut`: the model has stopped for the caller's side. `owed`: the caller has not heard all of it. */
type State = { name: 'none' } | { name: 'cut' } | { name: 'owed'; timer: Timer | undefined };

/**
 * The answer that the caller's side has cut off. Nova stops for a noise, too, and does not continue by itself: it waits for the
 * caller, who waits for it.
 */
export class CutAnswer {
  private readonly options: {
    clock: Clock;
    /** Returns whether the line is loud. */
    isLoud: () => boolean;
    conversation: ConversationView;
    /** Whether the model has said the item, and not the gateway. */
    isOwn: (itemId: string) => boolean;
    /** Sends a text to the model as the caller's. */
    ask: (text: string) => void;
  };
  private state: State = { name: 'none' };
  private continued = 0;

  constructor(options: CutAnswer['options']) {
    this.options = options;
  }

  interrupted(): void {
    this.over();
    this.state = { name: 'cut' };
  }

  /** Called with the items that the owner cut. */
  heard(items: readonly HeardItem[]): void {
    const isCut = items.some(({ heardMs, itemId, sentMs }) => heardMs < sentMs && this.options.isOwn(itemId));
    if (this.state.name !== 'cut' || !isCut) return;
    this.state = { name: 'owed', timer: undefined };
    if (!this.options.isLoud()) this.wait(SILENCE_BUDGET.speechOverMs);
  }

  /** Called when the line is quiet again, as the detector of speech notices it. */
  quiet(): void {
    this.wait(SILENCE_BUDGET.speechOverMs - STOPS_AFTER_MS);
  }

  /** Called when the model answers, or the owner does not want that answer any more. */
  over(): void {
    if (this.state.name === 'owed') this.state.timer?.cancel();
    this.state = { name: 'none' };
  }

  /** Called when the model has heard words, keys or a text of the caller. */
  answered(): void {
    this.over();
    this.continued = 0;
  }

  private wait(delayMs: number): void {
    if (this.state.name !== 'owed') return;
    this.state.timer?.cancel();
    this.state.timer = this.options.clock.setTimer(delayMs, () => {
      // Then it waits for the end of that.
      if (this.options.isLoud()) return;
      this.over();
      if (this.continued++ < MAX_CONTINUED) this.goOn();
    });
  }

  /** The line has been quiet, and the model has heard no words, so it was a noise. */
  private goOn(): void {
    const { ask, conversation, isOwn } = this.options;
    const last = conversation.turns.findLast(({ itemId }) => isOwn(itemId));
    const heard = last?.interrupted === true ? last.text.slice(-MAX_QUOTE_CHARACTERS) : '';
    // The model's own memory may go further than what was heard.
    const upTo = heard === '' ? 'nothing of your last sentence' : `your answer up to: "${heard}"`;
    ask(
      `(A noise on the line has cut you off. The caller has said nothing, and has heard ${upTo}. Continue from there, and do not mention the noise.)`,
    );
  }
}
