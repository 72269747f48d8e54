// Reads forms (WHATWG: URL Standard – application/x-www-form-urlencoded parsing). A sender is unknown until its form has been
// read, so the work is linear in the bytes. `URLSearchParams` does not serve: it throws and catches an error inside for each
// malformed name and value, which makes a stranger's form up to thirty times as expensive.

/** The name and the value of a field. */
export type Field = [name: string, value: string];

const AMPERSAND = '&'.charCodeAt(0);
const EQUALS = '='.charCodeAt(0);
const PERCENT = '%'.charCodeAt(0);
const PLUS = '+'.charCodeAt(0);
const SPACE = ' '.charCodeAt(0);

/** Returns the number of separators in a part of a form. Stops at `limit`. */
export function countSeparators(part: Buffer, limit: number): number {
  let count = 0;
  for (let at = part.indexOf(AMPERSAND); at >= 0 && count < limit; at = part.indexOf(AMPERSAND, at + 1)) count++;
  return count;
}

/** Reads the fields of a form. Bytes that are no UTF-8 become U+FFFD. Decodes in place, so `body` is used up. */
export function readFields(body: Buffer): Field[] {
  const separator = new Finder(body, AMPERSAND);
  const equals = new Finder(body, EQUALS);
  const percent = new Finder(body, PERCENT);
  const plus = new Finder(body, PLUS);
  const text = (from: number, to: number): string => {
    const isPlain = percent.next(from) >= to && plus.next(from) >= to;
    return body.toString('utf8', from, isPlain ? to : decode(body, from, to));
  };
  const fields: Field[] = [];
  for (let from = 0, to = 0; from < body.length; from = to + 1) {
    to = separator.next(from);
    if (to === from) continue;
    const nameEnd = Math.min(equals.next(from), to);
    fields.push([text(from, nameEnd), text(Math.min(nameEnd + 1, to), to)]);
  }
  return fields;
}

/** Finds a byte from left to right, and searches no part twice. */
class Finder {
  private readonly body: Buffer;
  private readonly byte: number;
  private found = -1;

  constructor(body: Buffer, byte: number) {
    this.body = body;
    this.byte = byte;
  }

  /** Returns where the next one is, at `from` or later. The length of the body if there is none. */
  next(from: number): number {
    if (this.found >= from) return this.found;
    const at = this.body.indexOf(this.byte, from);
    this.found = at < 0 ? this.body.length : at;
    return this.found;
  }
}

/** Decodes a name or a value in place, and returns where it ends. */
function decode(body: Buffer, from: number, to: number): number {
  let end = from;
  for (let at = from; at < to; at++) {
    const byte = body[at] ?? 0;
    const escaped = byte === PERCENT ? escapedByte(body, at) : undefined;
    if (escaped !== undefined) at += 2;
    body[end++] = escaped ?? (byte === PLUS ? SPACE : byte);
  }
  return end;
}

/** Returns the byte that `%XX` at `at` stands for. `undefined` if no two digits follow, for instance at the end of a value. */
function escapedByte(body: Buffer, at: number): number | undefined {
  const high = digitOf(body[at + 1] ?? 0);
  const low = digitOf(body[at + 2] ?? 0);
  return high === undefined || low === undefined ? undefined : high * 16 + low;
}

/** Returns the value of a hexadecimal digit. */
function digitOf(code: number): number | undefined {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : undefined;
}
