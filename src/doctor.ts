import { pathToFileURL } from 'node:url';
import { CHECKS, runChecks } from './doctor/checks.js';
import type { Check, Finding } from './doctor/finding.js';
import { type Config, readConfig } from './config/config.js';
import { isTandemError } from './base/errors.js';
import { useDotEnv } from './process/dot-env.js';

type Environment = Readonly<Record<string, string | undefined>>;

const MARKS: Readonly<Record<Finding['result'], string>> = { fine: 'ok   ', advice: 'note ', fault: 'FAULT' };

/** Checks the configuration and everything it depends on, and writes one line a check. Resolves with the exit code. */
export async function diagnose(
  env: Environment,
  write: (line: string) => void,
  checks: readonly Check[] = CHECKS,
): Promise<0 | 1> {
  const line = (name: string, { result, text }: Finding): void => write(`${MARKS[result]}  ${name}: ${text}`);
  let config: Config;
  try {
    config = readConfig(env);
  } catch (error) {
    if (!isTandemError(error)) throw error;
    line('configuration', { result: 'fault', text: error.message });
    return 1;
  }
  line('configuration', { result: 'fine', text: 'Every variable is valid.' });
  for (const text of config.warnings) line('configuration', { result: 'advice', text });
  const findings = await runChecks(checks, config, env);
  for (const finding of findings) line(finding.name, finding);
  return findings.some(({ result }) => result === 'fault') ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  useDotEnv(process.env);
  process.exitCode = await diagnose(process.env, (line) => console.log(line));
}
