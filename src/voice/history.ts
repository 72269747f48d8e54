/** What the caller heard of an item before playout was cut. `heardMs` ≤ `sentMs`. */
export interface HeardItem {
  itemId: string;
  heardMs: number;
  sentMs: number;
}

/** One side's utterance. For the assistant, `text` is what the caller *heard*: a cut answer ends where it was cut. */
export interface Turn {
  speaker: 'caller' | 'assistant';
  text: string;
  itemId: string;
  /** True when the caller talked over it, so that the rest was never heard. */
  interrupted: boolean;
}

/** The conversation so far, in the order it was spoken, as heard. */
export class History {
  /** With the places of utterances whose text has not come yet; those are no turns so far. */
  private readonly list: Turn[] = [];
  private readonly byItem = new Map<string, Turn>();

  /** `earlier`: what was said before this part of the call, as heard. */
  constructor(earlier: readonly Omit<Turn, 'itemId'>[] = []) {
    for (const [index, { interrupted, speaker, text }] of earlier.entries()) {
      Object.assign(this.turn(speaker, `earlier-${index}`), { text, interrupted });
    }
  }

  get turns(): readonly Turn[] {
    return this.list.filter((turn) => turn.text !== '');
  }

  /** Keeps a place for an utterance of the caller: its text may come after the assistant's answer to it. */
  callerTurn(itemId: string): void {
    this.turn('caller', itemId);
  }

  /** Records what the caller said; a second text for the same item replaces the first. */
  callerSaid(itemId: string, text: string): Turn {
    const turn = this.turn('caller', itemId);
    turn.text = text;
    return turn;
  }

  /** Appends a piece of the assistant's item. Pieces that arrive after the item was cut are not taken: nobody heard them. */
  assistantSaid(itemId: string, text: string): Turn {
    const turn = this.turn('assistant', itemId);
    if (!turn.interrupted) turn.text += text;
    return turn;
  }

  /** The item's whole text as it was spoken. What the caller was not there to hear of it stays cut. */
  assistantSaidFinally(itemId: string, text: string): Turn {
    const turn = this.turn('assistant', itemId);
    if (!turn.interrupted) turn.text = text;
    return turn;
  }

  /**
   * Cuts assistant items at what was heard: the text is shortened in proportion, back to the last whole word. Gives the
   * turns that changed; an item nobody heard a word of is no turn any more.
   */
  heard(items: readonly HeardItem[]): readonly Turn[] {
    const changed: Turn[] = [];
    for (const item of items) {
      const turn = this.byItem.get(item.itemId);
      if (turn === undefined || turn.speaker !== 'assistant' || turn.interrupted) continue;
      if (item.heardMs >= item.sentMs) continue;
      turn.text = cutAtShare(turn.text, item.heardMs / item.sentMs);
      turn.interrupted = true;
      if (turn.text !== '') changed.push(turn);
    }
    return changed;
  }

  /** The turns as they stand while `playing` is on its way to the caller: of that, what has been heard so far. */
  turnsWhile(playing: readonly HeardItem[]): readonly Turn[] {
    const cut = new Map(playing.map((item) => [item.itemId, item]));
    return this.turns.flatMap((turn) => {
      const item = cut.get(turn.itemId);
      if (item === undefined || turn.interrupted || item.heardMs >= item.sentMs) return [turn];
      const text = cutAtShare(turn.text, item.heardMs / item.sentMs);
      return text === '' ? [] : [{ ...turn, text, interrupted: true }];
    });
  }

  turnOf(itemId: string): Turn | undefined {
    return this.byItem.get(itemId);
  }

  private turn(speaker: Turn['speaker'], itemId: string): Turn {
    let turn = this.byItem.get(itemId);
    if (turn === undefined) {
      turn = { speaker, text: '', itemId, interrupted: false };
      this.byItem.set(itemId, turn);
      this.list.push(turn);
    }
    return turn;
  }
}

/** The beginning of `text` that fits in this part of its sound, back to the last whole word. */
export function cutAtShare(text: string, share: number): string {
  if (share >= 1) return text;
  const cut = text.slice(0, Math.floor(text.length * Math.max(0, share)));
  if (cut.length === 0 || /\s/.test(text[cut.length] ?? ' ')) return cut.trimEnd();
  return cut.slice(0, Math.max(0, cut.search(/\s\S*$/))).trimEnd();
}
