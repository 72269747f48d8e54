import { VARIABLES } from './variables.js';
import type { Variable } from './variables/variable.js';

const HEADER = [
  'Generated from src/config/variables/*.ts by "node scripts/generate.mjs". Do not edit.',
  'Every setting of the gateway with its default. None is required: "npm start" without any runs everything embedded.',
  'To change some, copy this file to .env and remove the "#" before their names. An empty value counts as unset.',
  'Every command reads .env in its working directory, with quotation marks and comments as Node reads them, and says so. What the environment says wins. "docker run --env-file" keeps quotation marks and comments; write the file for it without them.',
];
const LINE_CHARACTERS = 100;

/** The text of `.env.example`. */
export function exampleEnvironment(): string {
  const lines = HEADER.flatMap(comment);
  for (const [group, variables] of Object.entries(VARIABLES)) {
    lines.push('', `# ── ${group} ──`);
    for (const [name, { about, secret, shown }] of Object.entries(variables) as [string, Variable][]) {
      lines.push('', ...comment(`${about}${secret ? ' Secret.' : ''}`), `#${name}=${shown}`);
    }
  }
  return lines.join('\n') + '\n';
}

/** `text` as comment lines, broken between words. */
function comment(text: string): string[] {
  const lines = ['#'];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`;
    if (longer.length <= LINE_CHARACTERS) lines[lines.length - 1] = longer;
    else lines.push(`# ${word}`);
  }
  return lines;
}
