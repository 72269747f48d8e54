import type { HeardItem } from '../history.js';
import type { ReplyPart } from './replier.js';
import type { SuspendedAnswer } from './response.js';

/** Maximum number of times in a row an answer continues after a noise. A noise that goes on would cut it off without end. */
const MAX_CONTINUED = 3;

/**
 * The answer that the caller's side has cut off last. If a noise did that, the caller is still owed the rest: the sentences
 * that they have not heard whole, and what was not spoken yet.
 */
export class CutAnswer {
  /** Texts of the sentences sent since the caller's last words, by item. */
  private readonly sent = new Map<string, string>();
  private unheard: readonly string[] = [];
  private suspended: SuspendedAnswer | undefined;
  private isCut = false;
  private continued = 0;

  spoke(itemId: string, text: string): void {
    this.sent.set(itemId, text);
  }

  /** Called when the caller's side has begun to speak. `suspended`: the answer in progress. */
  cut(suspended: SuspendedAnswer | undefined): void {
    this.isCut = true;
    if (suspended === undefined) return;
    this.suspended?.drop();
    this.suspended = suspended;
  }

  /** Called with the items that the owner cut. Only those that the caller's side has cut off count. */
  heard(items: readonly HeardItem[]): void {
    if (!this.isCut) return;
    const unheard = items.flatMap(({ heardMs, itemId, sentMs }) => {
      const text = heardMs < sentMs ? this.sent.get(itemId) : undefined;
      return text === undefined ? [] : [text];
    });
    if (unheard.length > 0) this.unheard = unheard;
  }

  /** Returns what the caller is owed after a noise. `undefined` if nothing, or if noises have cut it off again and again. */
  afterNoise(): ((signal: AbortSignal) => AsyncIterable<ReplyPart>) | undefined {
    const { suspended, unheard } = this;
    const isOwed = suspended !== undefined || unheard.length > 0;
    if (!isOwed || this.continued >= MAX_CONTINUED) {
      this.forget();
      return undefined;
    }
    this.continued++;
    this.suspended = undefined;
    this.unheard = [];
    return async function* (signal) {
      for (const text of unheard) yield { type: 'sentence', text };
      if (suspended !== undefined) yield* suspended.rest(signal);
    };
  }

  /** Called when nothing of it is owed any more. */
  forget(): void {
    this.suspended?.drop();
    this.suspended = undefined;
    this.unheard = [];
    this.isCut = false;
  }

  /** Called when the caller has said something, which begins a new answer. */
  answered(): void {
    this.forget();
    this.sent.clear();
    this.continued = 0;
  }
}
