// Writes docs/CONFIGURATION.md from the table of settings.

const HEAD = `<!-- Generated from src/config by "node scripts/generate.mjs". Do not edit. -->

# Configuration

Every setting of the gateway, with its default. None is required: \`npm start\` without any runs everything embedded.

- Settings come from the environment, or from a file \`.env\` in the working directory ([.env.example](../.env.example) is one to copy).
  What the environment says wins. An empty value counts as unset.
- A setting that cannot be used ends the start, with one line that names it ([CONFIG_INVALID](operate/errors.md#config_invalid)). A name
  that looks misspelt is a warning.
- A *secret* is never shown, in no message and no log.
- \`npm run doctor\` says what the settings lack, and asks every service that they name ([the doctor](operate/doctor.md)).

`;

/**
 * Returns the text of the page.
 * @param {Record<string, Record<string, { about: string, default: string | undefined, shown: string, secret: boolean, schema: any }>>} groups
 */
export function configurationPage(groups) {
  const parts = Object.entries(groups).map(([group, variables]) => {
    const [title, see] = titleOf(group);
    const rows = Object.entries(variables).map(([name, variable]) => rowOf(name, variable));
    return [
      `## ${title}`,
      '',
      ...(see === undefined ? [] : [see, '']),
      '| variable | default | value | what it does |',
      '|---|---|---|---|',
      ...rows,
      '',
    ].join('\n');
  });
  const names = Object.keys(groups).map((group) => titleOf(group)[0]);
  const contents = names.map((name) => `[${name}](#${anchorOf(name)})`).join(' · ');
  return `${HEAD}${contents}\n\n${parts.join('\n')}`;
}

/** A group may end in what chooses it and in its guide: `Name (VOICE_PROVIDER=nova, see docs/x.md)`. */
function titleOf(group) {
  const [, title, rest] = /^(.*?)(?: \((.*)\))?$/.exec(group);
  const parts = (rest ?? '')
    .split(', ')
    .map((part) =>
      part.startsWith('see ') ? `guide: ${linked(part.slice(4))}` : part === '' ? '' : `with \`${part}\``,
    );
  const text = parts.filter((part) => part !== '').join('; ');
  return [title, text === '' ? undefined : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`];
}

function rowOf(name, { about, default: fallback, schema, secret, shown }) {
  const usual = fallback ?? shown;
  const cells = [
    `\`${name}\``,
    usual === '' ? '' : fallback === undefined ? `as \`${usual}\`` : `\`${usual}\``,
    [secret ? 'secret' : '', valueOf(schema)].filter((part) => part !== '').join('; '),
    linked(about),
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** What the setting accepts, as its own refusal of a value that nothing accepts says it. */
function valueOf(schema) {
  const result = schema.safeParse('\u0001');
  if (result.success) return '';
  const [{ message }] = result.error.issues;
  const options = [...message.matchAll(/"([^"]+)"/g)].map(([, option]) => `\`${option}\``);
  if (message.startsWith('Invalid option')) return options.join(', ');
  return message.replace(/^expected /, '');
}

/** Paths of pages become links from docs/. */
function linked(text) {
  return text.replace(/\b((?:docs|src)\/[\w/.-]+\.md)\b/g, (path) => {
    const target = path.startsWith('docs/') ? path.slice('docs/'.length) : `../${path}`;
    return `[${path.split('/').at(-1) === 'README.md' ? path : path.split('/').at(-1)}](${target})`;
  });
}

function anchorOf(title) {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
}
