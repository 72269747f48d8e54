/** A full stop after one of these does not end a sentence. */
const ABBREVIATION = /\b(?:mr|mrs|ms|dr|st|no|vs|etc|approx|e\.g|i\.e|a\.m|p\.m)\.$/i;
/** Maximum length of a sentence. A longer one is spoken in pieces. */
const MAX_CHARACTERS = 400;

/** Splits text that arrives in pieces into sentences, and returns each as soon as it is complete. */
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

  /** Returns the rest when no more text arrives. */
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

/** Removes markup, because a voice would read it out. Models write some although they are told not to. */
function speakable(text: string): string {
  return text
    .replace(/[*_#`]+/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

function isSpoken(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text);
}
