/** A full stop after one of these does not end a sentence. */
const ABBREVIATION = /\b(?:mr|mrs|ms|dr|st|no|vs|etc|approx|e\.g|i\.e|a\.m|p\.m)\.$/i;
const LONGEST_ABBREVIATION = 8;
/**
 * Maximum weight of a sentence. An ordinary letter weighs 1. A longer sentence is spoken in pieces, because the thread that
 * synthesises a piece hears no caller meanwhile. Flite takes about 0.4 s for a piece of ordinary words.
 */
const MAX_WEIGHT = 200;
/** A voice reads digits and symbols out as words, spells capitals, and takes a syllable for each of these characters. */
const WORD_WEIGHT = 5;
const CAPITAL_WEIGHT = 4;
const SYLLABLE_WEIGHT = 3;

/** These end a sentence only before a space, because they also stand inside numbers and names. */
const OPEN_STOP = /[.!?…]/u;
/** The stops of every script: 。 । ؟ ። and their like (Unicode property Sentence_Terminal). */
const STOP = /[\p{Sentence_Terminal}…]/u;
/** What may follow a stop and still belongs to its sentence. */
const CLOSER = /["')\]*_”’»」』）】》〉]/u;
/** Where a sentence that is too long is best cut. */
const CLAUSE_END = /[,;:،、，；：؛—]/u;
const SPACE = /\s/u;
const CAPITAL = /\p{Lu}/u;
const LETTER = /[\p{L}\p{M}]/u;
const SYLLABLE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;

/** Splits text that arrives in pieces into sentences, and returns each as soon as it is complete. Reads every character once. */
export class SentenceSplitter {
  private sentence = '';
  private weight = 0;
  /** Whether the last characters are a stop with its closers. `closed`: it ends the sentence whatever follows. */
  private stop: 'none' | 'open' | 'closed' = 'none';
  /** Length of the sentence up to the last space, and up to the last end of a clause. 0 if there is none. */
  private spaceAt = 0;
  private clauseAt = 0;

  push(piece: string): string[] {
    const sentences: string[] = [];
    for (const character of piece) this.take(character, sentences);
    return sentences.map(speakable).filter(isSpoken);
  }

  /** Returns the rest when no more text arrives. */
  flush(): string[] {
    const rest = speakable(this.sentence);
    this.begin('');
    return isSpoken(rest) ? [rest] : [];
  }

  private take(character: string, sentences: string[]): void {
    if (this.endsBefore(character)) {
      sentences.push(this.sentence);
      this.begin('');
    } else if (this.weight >= MAX_WEIGHT) {
      sentences.push(this.cut());
    }
    this.append(character);
  }

  private endsBefore(character: string): boolean {
    if (character === '\n') return true;
    if (this.stop === 'none' || STOP.test(character) || CLOSER.test(character)) return false;
    if (this.stop === 'closed') return true;
    return SPACE.test(character) && !ABBREVIATION.test(this.sentence.slice(-LONGEST_ABBREVIATION));
  }

  private append(character: string): void {
    this.sentence += character;
    this.weight += weightOf(character);
    if (SPACE.test(character)) this.spaceAt = this.sentence.length;
    else if (CLAUSE_END.test(character)) this.clauseAt = this.sentence.length;
    if (STOP.test(character)) this.stop = this.stop === 'closed' || !OPEN_STOP.test(character) ? 'closed' : 'open';
    else if (!CLOSER.test(character)) this.stop = 'none';
  }

  /** Takes the longest piece off the sentence that ends with a clause or a word. Text without spaces is cut anywhere. */
  private cut(): string {
    const end = this.clauseAt > this.sentence.length / 2 ? this.clauseAt : this.spaceAt || this.sentence.length;
    const piece = this.sentence.slice(0, end);
    this.begin(this.sentence.slice(end));
    return piece;
  }

  private begin(rest: string): void {
    this.sentence = '';
    this.weight = 0;
    this.stop = 'none';
    this.spaceAt = 0;
    this.clauseAt = 0;
    for (const character of rest) this.append(character);
  }
}

export function sentencesOf(text: string): string[] {
  const splitter = new SentenceSplitter();
  return [...splitter.push(text), ...splitter.flush()];
}

/** Maximum length of a text that is synthesised at once, about six minutes. The rest is not spoken. */
const MAX_CHARACTERS = 5000;

/** Returns a short text as it is, and a long one in pieces of which none keeps the synthesiser busy for long. */
export function piecesOf(text: string): string[] {
  const bounded = text.slice(0, MAX_CHARACTERS);
  let weight = 0;
  for (const character of bounded) weight += weightOf(character);
  return weight <= MAX_WEIGHT ? [bounded] : sentencesOf(bounded);
}

function weightOf(character: string): number {
  if (SYLLABLE.test(character)) return SYLLABLE_WEIGHT;
  if (CAPITAL.test(character)) return CAPITAL_WEIGHT;
  return LETTER.test(character) || SPACE.test(character) ? 1 : WORD_WEIGHT;
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
