import { defineCommand, isEntry, runCommand } from './process/command-line.js';
import { CHECKS, runChecks } from './doctor/checks.js';
import type { Check, Finding } from './doctor/finding.js';
import { type Config, readConfig } from './config/config.js';
import { isTandemError } from './base/errors.js';
import { type Paint, painter } from './base/terminal.js';

type Environment = Readonly<Record<string, string | undefined>>;

const MARKS: Readonly<Record<Finding['result'], string>> = { fine: 'ok   ', advice: 'note ', fault: 'FAULT' };
const COLOURS = { fine: 'green', advice: 'yellow', fault: 'red' } as const;

type Report = (name: string, finding: Finding) => void;

/** Checks the configuration and everything it depends on, and reports each finding. Resolves with the exit code. */
export async function diagnose(env: Environment, report: Report, checks: readonly Check[] = CHECKS): Promise<0 | 1> {
  let config: Config;
  try {
    config = readConfig(env);
  } catch (error) {
    if (!isTandemError(error)) throw error;
    report('configuration', { result: 'fault', text: error.message });
    return 1;
  }
  report('configuration', { result: 'fine', text: 'Every variable is valid.' });
  for (const text of config.warnings) report('configuration', { result: 'advice', text });
  const findings = await runChecks(checks, config, env);
  for (const finding of findings) report(finding.name, finding);
  return findings.some(({ result }) => result === 'fault') ? 1 : 0;
}

/** Returns the line of a finding. */
export function lineOf(name: string, { result, text }: Finding, paint: Paint = (_colour, plain) => plain): string {
  return `${paint(COLOURS[result], MARKS[result])}  ${name}: ${text}`;
}

export const command = defineCommand({
  name: 'doctor',
  does: 'Checks the settings of the environment and everything they name, and says what to do. No call is placed.',
  options: {
    json: { type: 'boolean', about: 'prints one JSON array of {check, result, text}; result is fine, advice or fault' },
  },
  examples: ['', '--json', 'VOICE_PROVIDER=openai OPENAI_API_KEY=sk-…'],
  notes: 'Exit code: 0 callers can be served, 1 a fault would cost calls, 2 the command line is wrong.',
  run: async ({ values }) => {
    const paint = painter(process.stdout, process.env);
    const found: { check: string; result: string; text: string }[] = [];
    const code = await diagnose(process.env, (name, finding) => {
      if (values.json) found.push({ check: name, result: finding.result, text: finding.text });
      else console.log(lineOf(name, finding, paint));
    });
    if (values.json) console.log(JSON.stringify(found));
    return code;
  },
});

if (isEntry(import.meta.url)) void runCommand(command);
