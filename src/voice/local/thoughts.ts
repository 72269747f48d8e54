const BEGIN = '<think>';
const END = '</think>';

/**
 * Takes out of a streamed answer what the model thinks: each section from `<think>` to `</think>`, or to the end of the
 * answer. Models that reason write it there if their server does not tell it apart. A tag may come in pieces. Reads every
 * character once, and holds back no more than a piece of a tag.
 */
export class ThoughtFilter {
  private isThinking = false;
  /** The end of what has come, which may be the beginning of a tag. */
  private held = '';

  /** Returns what of the answer can be spoken so far. */
  push(piece: string): string {
    const text = this.held + piece;
    this.held = '';
    let spoken = '';
    for (let from = 0; from < text.length;) {
      const at = text.indexOf(this.isThinking ? END : '<', from);
      if (!this.isThinking) spoken += text.slice(from, at < 0 ? text.length : at);
      if (at < 0) {
        if (this.isThinking) this.hold(text, from);
        return spoken;
      }
      const tag = [BEGIN, END].find((one) => text.startsWith(one, at));
      if (tag !== undefined) {
        // The end of a section that began in the prompt is a tag, too.
        this.isThinking = tag === BEGIN;
        from = at + tag.length;
      } else if (isBeginning(text, at)) {
        this.held = text.slice(at);
        return spoken;
      } else {
        spoken += '<';
        from = at + 1;
      }
    }
    return spoken;
  }

  /** Returns the rest at the end of the answer. */
  flush(): string {
    const rest = this.isThinking ? '' : this.held;
    this.held = '';
    return rest;
  }

  /** Keeps the end of a thought if it may be the beginning of its last tag. */
  private hold(text: string, from: number): void {
    const at = text.lastIndexOf('<');
    if (at >= from && isBeginning(text, at)) this.held = text.slice(at);
  }
}

/** Whether the rest of `text` may go on to be a tag. */
function isBeginning(text: string, at: number): boolean {
  if (text.length - at >= END.length) return false;
  const rest = text.slice(at);
  return BEGIN.startsWith(rest) || END.startsWith(rest);
}
