// Checks comments and documents for a few phrases that hide who acts or what a number limits. The style they come from is
// in CONTRIBUTING.md and AGENTS.md; this check knows only what needs no judgement.
//
//   node scripts/check-words.mjs   prints what it finds, exits 1 if there is something
import { readFileSync, readdirSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Each phrase with what to write in its place. `atStart`: matched only where a comment begins. */
const PHRASES = [
  { pattern: /\bGives\b/g, instead: 'Begin with what the code does, such as "Returns".' },
  { pattern: /^gives\b/g, atStart: true, instead: 'Begin with what the code does, such as "Returns".' },
  { pattern: /\b[Ww]hoever\b/g, instead: 'Name the actor: caller, model, gateway, Twilio, agent, operator.' },
  { pattern: /\bSo (?:often|long|late|many)\b/g, instead: 'Name the kind of limit: Maximum, Minimum, Delay before.' },
  {
    pattern: /^so (?:often|long|late|many)\b/g,
    atStart: true,
    instead: 'Name the kind of limit: Maximum, Minimum, Delay before.',
  },
  { pattern: /\b[Ww]hat now\b/g, instead: 'Say what Twilio does: it requests the action URL.' },
  { pattern: /\bis to be\b/g, instead: 'Write "must be", "should be" or "will be".' },
];

const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', 'vendor']);

/** The comments of a source file, a line each: its number, its text, and whether a comment begins with it. */
function commentLines(source, extension) {
  const found = [];
  let isInBlock = false;
  let wasComment = false;
  source.split('\n').forEach((line, index) => {
    const block = isInBlock ? line : /(?:^|\s)\/\*+(.*)$/.exec(line)?.[1];
    // Not `http://`, and in TypeScript not `#`.
    const rest =
      /(?:^|\s)\/\/(.*)$/.exec(line)?.[1] ?? (extension === '.tf' ? /^\s*#(.*)$/.exec(line)?.[1] : undefined);
    const text = block ?? rest;
    if (text === undefined) {
      wasComment = false;
      return;
    }
    found.push({ line: index + 1, text: text.replace(/^\s*\*?\s*/, ''), isStart: !isInBlock && !wasComment });
    if (block !== undefined) isInBlock = !block.includes('*/');
    wasComment = block === undefined;
  });
  return found;
}

/** The prose of a Markdown file, a line each: no fenced block and no inline code. */
function proseLines(source) {
  let fence;
  return source.split('\n').flatMap((line, index) => {
    const marker = /^\s*(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence === undefined && marker !== undefined) fence = marker;
    else if (fence !== undefined) {
      if (marker?.startsWith(fence)) fence = undefined;
    } else return [{ line: index + 1, text: line.replace(/`[^`]*`/g, ''), isStart: false }];
    return [];
  });
}

/** Every phrase found in `files` (path → text), one line each. */
export function phrasesIn(files) {
  return Object.entries(files).flatMap(([file, source]) => {
    const extension = extname(file);
    const lines = extension === '.md' ? proseLines(source) : commentLines(source, extension);
    return lines.flatMap(({ isStart, line, text }) =>
      PHRASES.filter(({ atStart }) => isStart || !atStart).flatMap(({ instead, pattern }) =>
        [...text.matchAll(pattern)].map(([phrase]) => `${file}:${line}: "${phrase}". ${instead}`),
      ),
    );
  });
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return SKIPPED_FOLDERS.has(entry.name) || entry.name.startsWith('.') ? [] : filesBelow(path);
    return ['.ts', '.mjs', '.tf', '.md'].includes(extname(entry.name)) ? [path] : [];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const files = Object.fromEntries(filesBelow(root).map((path) => [relative(root, path), readFileSync(path, 'utf8')]));
  const found = phrasesIn(files);
  for (const phrase of found) console.error(phrase);
  process.exit(found.length === 0 ? 0 : 1);
}
