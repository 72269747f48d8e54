// Reads the titles of tests from their source, for checks of documents that name tests.

/** The titles in a test file. A title that holds values is a pattern. A string that is no title is in neither. */
export interface TestTitles {
  exact: readonly string[];
  patterns: readonly RegExp[];
}

interface Token {
  kind: 'text' | 'template' | 'word' | 'sign';
  /** The content of a text or template, without its quotes. */
  value: string;
}

const TOKEN =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\[\s\S])*)`|([\w$]+)|\S/g;

/** A title that is hardly more than its value would match anything. */
const FEWEST_FIXED = 20;

/** Finds `test('…')`, `test("…")`, `` test(`…`) `` and `test(name)` whose `name` is in the table that a loop goes through. */
export function titlesIn(source: string): TestTitles {
  const tokens = tokensOf(source);
  const exact: string[] = [];
  const patterns: RegExp[] = [];
  for (const [index, { kind, value }] of tokens.entries()) {
    if (kind !== 'word' || value !== 'test' || !isSign(tokens[index + 1], '(') || isSign(tokens[index - 1], '.'))
      continue;
    const title = tokens[index + 2];
    if (title?.kind === 'text') exact.push(title.value);
    else if (title?.kind === 'word') exact.push(...valuesOf(title.value, tokens.slice(0, index)));
    else if (title?.kind === 'template') {
      const fixed = title.value.split(/\$\{[^}]*\}/);
      const pattern = fixed.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.+');
      if (fixed.length === 1) exact.push(title.value);
      else if (fixed.join('').length >= FEWEST_FIXED) patterns.push(new RegExp(`^${pattern}$`));
    }
  }
  return { exact, patterns };
}

function tokensOf(source: string): Token[] {
  return Array.from(source.matchAll(TOKEN)).flatMap((match): Token[] => {
    const [all, single, double, template, word] = match;
    if (/^\/[/*]/.test(all)) return [];
    const text = single ?? double;
    if (text !== undefined) return [{ kind: 'text', value: text.replace(/\\(.)/g, '$1') }];
    if (template !== undefined) return [{ kind: 'template', value: template }];
    return [word === undefined ? { kind: 'sign', value: all } : { kind: 'word', value: word }];
  });
}

/** Returns the texts that `name` has in the latest loop `for (const [a, name] of [[…], …])` before. */
function valuesOf(name: string, before: readonly Token[]): string[] {
  for (let start = before.length - 1; start >= 0; start--) {
    if (before[start]?.value !== 'for' || !isSign(before[start + 1], '(')) continue;
    const head = before.slice(start + 3);
    if (!isSign(head[0], '[')) continue;
    const end = head.findIndex((token) => isSign(token, ']'));
    const names = head.slice(1, end).filter(({ kind }) => kind === 'word');
    const place = names.findIndex(({ value }) => value === name);
    if (place < 0 || head[end + 1]?.value !== 'of' || !isSign(head[end + 2], '[')) continue;
    return columnOf(head.slice(end + 2), place);
  }
  return [];
}

/** Returns the texts at `place` of each row of the array of arrays that `tokens` begin with. */
function columnOf(tokens: readonly Token[], place: number): string[] {
  const texts: string[] = [];
  let depth = 0;
  let at = 0;
  for (const [index, token] of tokens.entries()) {
    if (token.kind === 'sign' && '[({'.includes(token.value)) {
      depth++;
      if (depth === 2) at = 0;
    } else if (token.kind === 'sign' && '])}'.includes(token.value)) {
      depth--;
      if (depth === 0) break;
    } else if (depth === 2 && isSign(token, ',')) at++;
    const isWhole = isSign(tokens[index + 1], ',') || isSign(tokens[index + 1], ']');
    if (depth === 2 && at === place && token.kind === 'text' && isWhole) texts.push(token.value);
  }
  return texts;
}

function isSign(token: Token | undefined, sign: string): boolean {
  return token?.kind === 'sign' && token.value === sign;
}
