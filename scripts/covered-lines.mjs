// From what V8 counts in the built JavaScript to the lines of the TypeScript that have run.
/** What V8 has counted in the scripts below a folder, of all processes together. */
export class CoveredScripts {
  #folder;
  /** For each script a byte for each character: 1 if it has run in any process. */
  #ran = new Map();

  /** @param {string} folder its URL, with a slash at the end */
  constructor(folder) {
    this.#folder = folder;
  }

  /**
   * Adds what one process or thread has counted.
   * @param {string} text a file that NODE_V8_COVERAGE made
   */
  add(text) {
    let result;
    try {
      ({ result } = JSON.parse(text));
    } catch {
      // The process was killed while it wrote.
      return;
    }
    for (const { functions, url } of result) {
      if (!url.startsWith(this.#folder)) continue;
      const path = url.slice(this.#folder.length).replace(/[?#].*$/, '');
      const length = Math.max(...functions.flatMap(({ ranges }) => ranges.map(({ endOffset }) => endOffset)));
      const ran = new Uint8Array(length);
      // A function comes after the one around it, and a block after the one around it.
      for (const { ranges } of functions) {
        for (const { count, endOffset, startOffset } of ranges) ran.fill(count > 0 ? 1 : 0, startOffset, endOffset);
      }
      const before = this.#ran.get(path);
      if (before === undefined) this.#ran.set(path, ran);
      else for (let at = 0; at < length; at++) before[at] |= ran[at];
    }
  }

  /**
   * Returns which characters of a script have run, or `undefined` if no process has loaded it.
   * @param {string} path relative to the folder
   */
  of(path) {
    return this.#ran.get(path);
  }
}

/**
 * Returns the lines of the source that hold code, each with whether all of it has run. Types and comments are no code.
 * @param {string} code the built JavaScript
 * @param {{ mappings: string }} map its source map, which has one source
 * @param {Uint8Array | undefined} ran for each character whether it has run
 * @returns {Map<number, boolean>}
 */
export function coveredLines(code, map, ran) {
  const lines = new Map();
  let offset = 0;
  const starts = segmentsOf(map.mappings);
  for (const [number, text] of code.split('\n').entries()) {
    const segments = starts[number] ?? [];
    for (const [index, { column, source }] of segments.entries()) {
      const end = segments[index + 1]?.column ?? text.length;
      const piece = text.slice(column, end);
      // Brackets and commas belong to the code beside them.
      if (!/[\w$]/.test(piece)) continue;
      const has = ran !== undefined && allRan(ran, offset + column, offset + column + piece.trimEnd().length);
      lines.set(source, (lines.get(source) ?? true) && has);
    }
    offset += text.length + 1;
  }
  return lines;
}

function allRan(ran, from, to) {
  for (let at = from; at < to; at++) if (ran[at] !== 1) return false;
  return true;
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/**
 * Returns for each line of the built script where its pieces begin and which line of the source each comes from. The first line
 * of the source is 1. (ECMA-426: Base64 VLQ, each number relative to the one before.)
 * @param {string} mappings
 * @returns {{ column: number, source: number }[][]}
 */
export function segmentsOf(mappings) {
  let source = 1;
  return mappings.split(';').map((line) => {
    let column = 0;
    return line.split(',').flatMap((segment) => {
      const [columns, , lines] = numbersOf(segment);
      if (lines === undefined) return [];
      column += columns;
      source += lines;
      return [{ column, source }];
    });
  });
}

function numbersOf(segment) {
  const numbers = [];
  let value = 0;
  let shift = 0;
  for (const character of segment) {
    const digit = DIGITS.indexOf(character);
    value += (digit & 31) << shift;
    shift += 5;
    if (digit & 32) continue;
    numbers.push(value & 1 ? -(value >> 1) : value >> 1);
    value = 0;
    shift = 0;
  }
  return numbers;
}
