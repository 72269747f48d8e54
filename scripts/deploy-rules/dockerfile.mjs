// What the Dockerfile must keep to. Each rule is a fault that an image of such a gateway has had somewhere: a token in a layer, npm as
// process 1 that keeps SIGTERM, a named user that Kubernetes refuses.

const SECRET = /(?:TOKEN|SECRET|PASSWORD|PEPPER|CREDENTIAL|PRIVATE|_KEY)/i;
/** Stages that run. The last one is what `docker build .` makes. */
const RUNNING = ['dev', 'final'];
const LABELS = ['title', 'description', 'licenses', 'version', 'revision'];

/**
 * @typedef {{ line: number, name: string, value: string }} Instruction
 * @typedef {{ name: string, from: string, instructions: Instruction[] }} Stage
 */

/** @returns {Instruction[]} the instructions with the numbers of their lines, continued lines joined */
export function instructionsOf(text) {
  const found = [];
  let open;
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    open ??= { line: index + 1, value: '' };
    open.value += line.replace(/\\\s*$/, ' ');
    if (/\\\s*$/.test(line)) continue;
    const [, name, value] = /^\s*(\w+)\s+(.*)$/s.exec(open.value) ?? [undefined, open.value.trim(), ''];
    found.push({ line: open.line, name: name.toUpperCase(), value: value.trim().replace(/\s+/g, ' ') });
    open = undefined;
  }
  return found;
}

/** @returns {{ before: Instruction[], stages: Stage[] }} */
export function stagesOf(text) {
  const before = [];
  const stages = [];
  for (const instruction of instructionsOf(text)) {
    const from = instruction.name === 'FROM' ? /^(\S+)(?: AS (\S+))?$/i.exec(instruction.value) : null;
    if (from !== null) stages.push({ from: from[1], name: from[2] ?? '', instructions: [instruction] });
    else (stages.at(-1)?.instructions ?? before).push(instruction);
  }
  return { before, stages };
}

/** @returns {string[]} what is wrong with a Dockerfile, as `Dockerfile:line: what` */
export function dockerfileProblems(text) {
  const problems = [];
  const { before, stages } = stagesOf(text);
  const say = (line, what) => problems.push(`Dockerfile:${line}: ${what}`);
  checkBase(before, stages, say);
  for (const { instructions } of stages) for (const instruction of instructions) checkInstruction(instruction, say);
  for (const name of RUNNING) {
    const stage = stages.find((each) => each.name === name);
    if (stage === undefined) say(1, `there is no stage ${name}`);
    else checkRunning(stage, say);
  }
  const last = stages.at(-1);
  if (last?.name !== 'final')
    say(last?.instructions[0].line ?? 1, 'the last stage must be final, because it is what is built by default');
  else checkFinal(last, say);
  return problems;
}

function checkBase(before, stages, say) {
  const base = before.find(({ name, value }) => name === 'ARG' && value.startsWith('BASE='));
  if (base === undefined) say(1, 'ARG BASE= must be there before the first stage');
  else if (!/^BASE=[\w./-]+:(?!latest)[\w.-]+(?:@sha256:[0-9a-f]{64})?$/.test(base.value))
    say(base.line, `${base.value} needs a tag, and not latest`);
  const known = ['${BASE}'];
  for (const { from, instructions, name } of stages) {
    if (!known.includes(from)) say(instructions[0].line, `FROM ${from} is neither \${BASE} nor an earlier stage`);
    known.push(name);
  }
}

function checkInstruction({ line, name, value }, say) {
  switch (name) {
    case 'ADD':
      say(line, 'ADD unpacks and downloads; use COPY');
      break;
    case 'ENTRYPOINT':
    case 'SHELL':
    case 'ONBUILD':
    case 'MAINTAINER':
    case 'VOLUME':
      say(line, `${name} is not used here`);
      break;
    case 'ARG':
    case 'ENV':
      for (const [, variable] of value.matchAll(/(?:^|\s)(\w+)=?/g)) {
        if (SECRET.test(variable)) say(line, `${variable} would be readable in the image; use RUN --mount=type=secret`);
      }
      break;
    case 'RUN':
      checkRun(line, value, say);
      break;
    default:
  }
}

function checkRun(line, value, say) {
  if (/<</.test(value)) say(line, 'older builders know no heredoc');
  if (/\bsudo\b/.test(value)) say(line, 'sudo is not needed');
  if (/\b(?:curl|wget)\b/.test(value)) say(line, 'nothing is downloaded besides packages of npm');
  if (/chmod (?:-R )?0?777/.test(value)) say(line, 'no file may be writable for everybody');
  if (/\bapt(?:-get)?\b/.test(value)) say(line, 'the base has all that is needed');
  if (/\bnpm (?:i|install|add)\b/.test(value)) say(line, 'npm ci installs what package-lock.json has');
  if (/\bnpm ci\b/.test(value) && !value.includes('--mount=type=secret,id=npmrc'))
    say(line, 'npm ci needs the secret npmrc, for networks with a certificate authority of their own');
}

function checkRunning({ instructions, name }, say) {
  const [{ line }] = instructions;
  const only = (wanted) => {
    const found = instructions.filter((each) => each.name === wanted);
    if (found.length !== 1) say(line, `the stage ${name} needs one ${wanted}`);
    return found.at(-1);
  };
  const user = only('USER');
  if (user !== undefined && !/^[1-9]\d*$/.test(user.value))
    say(user.line, `USER ${user.value} must be a number, and not 0`);
  const isAfterUser = (each) => user !== undefined && each.line > user.line;
  for (const each of instructions.filter((each) => ['COPY', 'RUN'].includes(each.name) && isAfterUser(each)))
    say(each.line, `${each.name} after USER`);
  const start = execForm(only('CMD'), say);
  if (start !== undefined && start[0] !== 'node')
    say(line, `the stage ${name} must start node itself, so that it gets SIGTERM`);
  const health = only('HEALTHCHECK');
  if (health === undefined) return;
  const [, command] = /\bCMD (.*)$/.exec(health.value) ?? [];
  const asked = execForm({ ...health, value: command ?? '' }, say);
  if (asked !== undefined && asked[0] !== 'node')
    say(health.line, 'HEALTHCHECK must ask with node; a slim image has nothing else');
}

function execForm(instruction, say) {
  if (instruction === undefined) return undefined;
  try {
    const parts = JSON.parse(instruction.value);
    if (Array.isArray(parts) && parts.every((part) => typeof part === 'string')) return parts;
  } catch {
    // Said below.
  }
  say(instruction.line, `${instruction.name} must be in exec form, ["node", …], so that no shell is in between`);
  return undefined;
}

function checkFinal({ instructions }, say) {
  const [{ line }] = instructions;
  const all = (name) => instructions.filter((each) => each.name === name);
  for (const each of all('RUN')) say(each.line, 'the stage final only copies, so that it has no tools of the build');
  for (const each of all('COPY')) {
    if (/(?:^|\s)\.\/?\s/.test(each.value)) say(each.line, 'the stage final names what it copies');
    if (/--chown/.test(each.value)) say(each.line, 'files belong to root, so that the gateway cannot change them');
  }
  const copied = all('COPY')
    .map(({ value }) => value)
    .join(' ');
  for (const file of ['LICENSE', 'NOTICE']) if (!copied.includes(file)) say(line, `the stage final must copy ${file}`);
  const labels = all('LABEL')
    .map(({ value }) => value)
    .join(' ');
  for (const label of LABELS)
    if (!labels.includes(`org.opencontainers.image.${label}=`))
      say(line, `the label org.opencontainers.image.${label} is missing`);
  if (!all('ENV').some(({ value }) => /(?:^|\s)NODE_ENV=production\b/.test(value)))
    say(line, 'NODE_ENV=production is missing');
}
