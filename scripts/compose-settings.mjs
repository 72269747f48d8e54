/** The lines between which docker-compose.yml passes settings on as they are. */
const BEGIN = '# Every other setting, passed on as it is; node scripts/generate.mjs writes this list.';
const END = '# end of the list';
/** What a container of this project has no use for: files of settings are read by docker-compose. */
const LEFT_OUT = new Set(['ENV_FILE']);

/**
 * Returns docker-compose.yml with every setting of `.env.example` in its list, except those that the file sets itself. A file of settings
 * cannot be named there instead: docker-compose 1.29 refuses one that is missing.
 */
export function withSettings(compose, example) {
  const [before, rest] = parted(compose, BEGIN);
  const [, after] = parted(rest, END);
  const names = [...example.matchAll(/^#?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name);
  const isListed = (name) => !LEFT_OUT.has(name) && !new RegExp(`^ {6}${name}:`, 'm').test(before);
  const lines = names.filter(isListed).map((name) => `      ${name}:\n`);
  return `${before}${BEGIN}\n${lines.join('')}      ${END}${after}`;
}

function parted(text, line) {
  const at = text.indexOf(line);
  if (at < 0) throw new Error(`docker-compose.yml has no line "${line}".`);
  return [text.slice(0, at), text.slice(at + line.length)];
}
