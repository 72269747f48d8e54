/** A full stop after one of these does not end a sentence. */
const ABBREVIATION = /\b(?:mr|mrs|ms|dr|st|no|vs|etc|approx|e\.g|i\.e|a\.m|p\.m)\.$/i;
/** A sentence that never ends is spoken in pieces of about this length. */
const MAX_CHARACTERS = 400;

/** Cuts text that arrives in pieces into sentences, as soon as each is complete. */
export class SentenceSplitter {
  private rest = '';

  push(piece: string): string[] {
    this.rest += piece;
    const sentences: string[] = [];
    let from = 0;
    for (const match of this.rest.matchAll(/[.!?…]+["')\]*_]*(?=\s)|\n+/g)) {
      const end = match.index + match[0].length;
      const candidate = this.rest.slice(from, end);
      if (ABBREVIATION.test(candidate)) continue;
      sentences.push(candidate);
      from = end;
    }
    this.rest = this.rest.slice(from);
    if (this.rest.length > MAX_CHARACTERS) {
      const cut = this.rest.lastIndexOf(' ', MAX_CHARACTERS);
      const end = cut > 0 ? cut : MAX_CHARACTERS;
      sentences.push(this.rest.slice(0, end));
      this.rest = this.rest.slice(end);
    }
    return sentences.map(speakable).filter(isSpoken);
  }

  /** What is left once no more text comes. */
  flush(): string[] {
    const rest = speakable(this.rest);
    this.rest = '';
    return isSpoken(rest) ? [rest] : [];
  }
}

export function sentencesOf(text: string): string[] {
  const splitter = new SentenceSplitter();
  return [...splitter.push(text), ...splitter.flush()];
}

/** Models slip into markup although they are told not to; a voice would read it out. */
function speakable(text: string): string {
  return text
    .replace(/[*_#`]+/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

function isSpoken(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text);
}
