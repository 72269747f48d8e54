#!/usr/bin/env node
// The command of the installed package: `tandem demo`, `tandem start`, … Each runs what the npm script of that name runs in a clone.
import { readFileSync } from 'node:fs';
import { isAbsolute, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../dist/src/process/command-line.js';

const COMMANDS = {
  demo: ['sim/demo.js', 'a whole call with handover, with everything simulated'],
  start: ['src/main.js', 'the gateway'],
  cluster: ['src/cluster.js', 'several gateways behind one port'],
  doctor: ['src/doctor.js', 'checks the settings and everything they name'],
  call: ['sim/call.js', 'one simulated call against a running gateway'],
  'sim openai': ['sim/openai/main.js', 'a simulated OpenAI Realtime service'],
  'sim nova': ['sim/nova/main.js', 'a simulated Amazon Nova 2 Sonic'],
  'sim hubspot': ['sim/hubspot/main.js', 'a simulated HubSpot account'],
  'sim events': ['sim/hooks/main.js', 'a receiver of call events'],
  'sim mcp': ['sim/mcp/main.js', 'a simulated MCP server'],
};

const typed = howTyped();
const shown = (command, args = '') => [typed, command.replace(':', ' '), args].filter((part) => part !== '').join(' ');

const args = process.argv.slice(2);
const name = args[0] === 'sim' ? args.slice(0, 2).join(' ') : args[0];
if (name === undefined || name === '--help' || name === '-h') {
  console.log(usage());
  process.exitCode = name === undefined ? 2 : 0;
} else if (name === '--version') {
  console.log(readJson(new URL('../package.json', import.meta.url)).version);
} else if (Object.hasOwn(COMMANDS, name)) {
  const entry = new URL(`../dist/${COMMANDS[name][0]}`, import.meta.url);
  const { command } = await import(entry.href);
  await runCommand(command, args.slice(name.split(' ').length), shown);
} else {
  console.error(`There is no command ${JSON.stringify(name)}: "${typed} --help" lists them.`);
  process.exitCode = 2;
}

function usage() {
  const width = Math.max(...Object.keys(COMMANDS).map((command) => command.length));
  const rows = Object.entries(COMMANDS).map(([command, [, about]]) => `  ${command.padEnd(width)}  ${about}`);
  return [
    'A phone gateway for AI agents: Twilio in, a speech model on the line, Amazon Connect when a human is needed.',
    '',
    `Usage: ${typed} <command> [options]`,
    '',
    ...rows,
    '',
    'Examples:',
    `  ${typed} demo`,
    `  ${typed} start`,
    `  ${typed} call --help`,
  ].join('\n');
}

/** Returns how the user writes this command: with npx from a file or a registry, or by its name. */
function howTyped() {
  const here = fileURLToPath(import.meta.url);
  const folder = /^.*[/\\]_npx[/\\][^/\\]+(?=[/\\]node_modules[/\\])/.exec(here)?.[0];
  if (folder === undefined) return 'tandem';
  try {
    const [spec] = readJson(`${folder}/package.json`)._npx.packages;
    return `npx ${isAbsolute(spec) ? `./${relative('.', spec)}`.replace('./../', '../') : spec}`;
  } catch {
    return 'tandem';
  }
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}
