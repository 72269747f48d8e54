/**
 * How much of an assistant's item the caller heard before playout was cut, in milliseconds of audio. `heardMs` ≤
 * `sentMs`.
 */
export interface HeardItem {
  itemId: string;
  heardMs: number;
  sentMs: number;
}

/** One utterance of either side. */
export interface Turn {
  speaker: 'caller' | 'assistant';
  /** For the assistant, what the caller *heard*: an interrupted answer ends with the last whole word before the cut. */
  text: string;
  itemId: string;
  /** Whether the caller interrupted it, so that the rest was never heard. */
  interrupted: boolean;
}

/** The transcript of a call: what both sides said, in order, with the assistant's turns as far as they were heard. */
export class History {
  /** Includes the places of utterances whose text has not arrived. Those are no turns yet. */
  private readonly list: Turn[] = [];
  private readonly byItem = new Map<string, Turn>();

  /** `earlier` holds the turns before this part of the call, as heard. */
  constructor(earlier: readonly Omit<Turn, 'itemId'>[] = []) {
    for (const [index, { interrupted, speaker, text }] of earlier.entries()) {
      Object.assign(this.turn(speaker, `earlier-${index}`), { text, interrupted });
    }
  }

  get turns(): readonly Turn[] {
    return this.list.filter((turn) => turn.text !== '');
  }

  /** Keeps a place for an utterance of the caller, because its text may arrive after the assistant's answer. */
  callerTurn(itemId: string): void {
    this.turn('caller', itemId);
  }

  /** Records what the caller said. A second text for the same item replaces the first. */
  callerSaid(itemId: string, text: string): Turn {
    const turn = this.turn('caller', itemId);
    turn.text = text;
    return turn;
  }

  /**
   * Appends a piece of the assistant's item. A piece that arrives after the item was cut is ignored, because it was not
   * heard.
   */
  assistantSaid(itemId: string, text: string): Turn {
    const turn = this.turn('assistant', itemId);
    if (!turn.interrupted) turn.text += text;
    return turn;
  }

  /** Replaces the pieces by the item's whole text as it was spoken. An item that was cut stays cut. */
  assistantSaidFinally(itemId: string, text: string): Turn {
    const turn = this.turn('assistant', itemId);
    if (!turn.interrupted) turn.text = text;
    return turn;
  }

  /**
   * Cuts the assistant's items at what was heard, by shortening the text in proportion, back to the last whole word.
   * Returns the turns that changed. An item of which no word was heard is no turn any more.
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

  /** Returns the turns while `playing` is on its way to the caller, with only what has been heard of those items. */
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

/** Returns the beginning of `text` for this share (0 to 1) of its audio, back to the last whole word. */
export function cutAtShare(text: string, share: number): string {
  if (share >= 1) return text;
  const end = Math.floor(text.length * Math.max(0, share));
  let start = end;
  // The words up to `start` are whole if there is a space on one side of `end`.
  if (!isSpace(text, end)) while (start > 0 && !isSpace(text, start - 1)) start--;
  return (text.slice(0, start) + wholeWords(text, start, end)).trimEnd();
}

const SPACES = /\s/;

function isSpace(text: string, index: number): boolean {
  return SPACES.test(text[index] ?? ' ');
}

/** Scripts that put no space between words. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const WORDS = new Intl.Segmenter(undefined, { granularity: 'word' });
/** The rest of a word that is cut through, which the segmenter has to see. */
const LONGEST_WORD = 32;

/** Returns the whole words of `text` from `start` to `end` where no space separates words. */
function wholeWords(text: string, start: number, end: number): string {
  const piece = text.slice(start, end);
  if (!UNSPACED.test(piece)) return '';
  let length = 0;
  for (const { index, segment } of WORDS.segment(text.slice(start, end + LONGEST_WORD))) {
    if (index + segment.length > piece.length) break;
    length = index + segment.length;
  }
  return piece.slice(0, length);
}
