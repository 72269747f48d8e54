import { createHmac, randomBytes } from 'node:crypto';
import { identifyingNumber } from '../../src/twilio/caller-identity.js';
import type { IsPublic } from './public-words.js';

const CONSONANTS = 'bcdfghjklmnpqrstvwxz';
/** A masked number of a telephone. Its area code does not exist. */
const MASKED_NUMBER = '+12000';
/** No word, but a name of a setting of the protocol or an id. */
const SID = /\b([A-Z]{2})[0-9a-f]{32}\b/g;
const NUMBER = /\+[1-9]\d{6,14}/g;
const ACCOUNT_IN_ARN = /(arn:aws[\w-]*:[\w-]*:[\w-]*:)\d{12}/g;

/**
 * Replaces what people said and who they are. The same word becomes the same mask throughout a tape, as long and never a word,
 * so that the gateway still sees what belongs together. The key is thrown away.
 */
export class Mask {
  private readonly key = randomBytes(32);
  private readonly isPublic: IsPublic;
  private readonly words = new Map<string, string>();
  private readonly numbers = new Map<string, string>();
  private readonly sids = new Map<string, string>();

  constructor(isPublic: IsPublic) {
    this.isPublic = isPublic;
  }

  /** Replaces the telephone numbers, the ids of Twilio and the accounts in the text of a line. */
  ids(text: string): string {
    return text
      .replace(SID, (sid, kind: string) => this.known(this.sids, sid, (n) => kind + n.toString(16).padStart(32, '0')))
      .replace(NUMBER, (number) =>
        // A number that stands for a withheld one is everybody's.
        identifyingNumber(number) === undefined ? number : this.known(this.numbers, number, (n) => numbered(number, n)),
      )
      .replace(ACCOUNT_IN_ARN, (_arn, head: string) => head + '0'.repeat(12));
  }

  /** Masks the words of a text and zeroes its digits. Public words stay. */
  text(text: string): string {
    return text
      .split(/(\+12000\d+|\{[a-z-]+-\d+\})/)
      .map((part, at) => (at % 2 === 1 ? part : part.replace(/[\p{L}\p{M}\p{N}'’]+/gu, (word) => this.word(word))))
      .join('');
  }

  private word(word: string): string {
    if (this.isPublic(word)) return word;
    return word
      .split(/(\d+|['’]+)/)
      .map((part) => (/^\d/.test(part) ? '0'.repeat(part.length) : /^['’]/.test(part) ? part : this.letters(part)))
      .join('');
  }

  private letters(word: string): string {
    if (word === '') return '';
    const lower = word.toLowerCase();
    let masked = this.words.get(lower);
    if (masked === undefined) {
      const bytes = createHmac('sha512', this.key).update(lower).digest();
      masked = Array.from({ length: word.length }, (_, at) =>
        CONSONANTS.charAt((bytes[at % bytes.length] ?? 0) % CONSONANTS.length),
      ).join('');
      this.words.set(lower, masked);
    }
    const isCapital = word.charAt(0) !== lower.charAt(0);
    return isCapital ? masked.charAt(0).toUpperCase() + masked.slice(1) : masked;
  }

  private known(map: Map<string, string>, value: string, make: (n: number) => string): string {
    const known = map.get(value) ?? make(map.size + 1);
    map.set(value, known);
    return known;
  }
}

function numbered(number: string, n: number): string {
  return MASKED_NUMBER + String(n).padStart(Math.max(0, number.length - MASKED_NUMBER.length), '0');
}
