import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { type Clock, systemClock } from './base/clock.js';
import { isTandemError } from './base/errors.js';
import { type Config, readConfig } from './config/config.js';
import type { Check } from './doctor/check.js';
import { CHECKS } from './doctor/checks.js';
import { ClockWatch } from './doctor/clock-watch.js';
import { type Finding, advice, fault, fine } from './doctor/finding.js';
import { readNamed } from './doctor/named.js';
import { type Limits, type NamedFinding, runChecks } from './doctor/run-checks.js';

type Environment = Readonly<Record<string, string | undefined>>;

export interface DiagnoseOptions {
  env: Environment;
  /** Called with each finding as soon as it and those before it are known. */
  report: (finding: NamedFinding) => void;
  checks?: readonly Check[];
  clock?: Clock;
  limits?: Limits;
}

/** The embedded recogniser takes some seconds to load on a small machine. Everything else answers within ten seconds. */
const LIMITS: Limits = { eachMs: 30_000, allMs: 40_000 };

/** Checks the settings and asks everything they name. Resolves with the exit code. */
export async function diagnose(options: DiagnoseOptions): Promise<0 | 1> {
  const { checks = CHECKS, clock = systemClock, env, limits = LIMITS } = options;
  let code: 0 | 1 = 0;
  const report = (finding: NamedFinding): void => {
    if (finding.result === 'fault') code = 1;
    options.report(finding);
  };
  const say = (service: string, finding: Finding): void => report({ service, ...finding });
  let config: Config;
  try {
    config = readConfig(env);
  } catch (error) {
    if (!isTandemError(error)) throw error;
    say('configuration', fault('settings', error.message));
    return 1;
  }
  say('configuration', fine('settings', 'Every variable is valid.'));
  for (const text of config.warnings) say('configuration', advice('settings', text));
  const named = readNamed(config);
  // Each check that needs it hears of the error.
  named.catch(() => undefined);
  const clocks = new ClockWatch();
  await runChecks(checks, { config, env, clock, named, clocks }, limits, report);
  for (const finding of clocks.findings()) say('clock', finding);
  return code;
}

const USAGE = `Checks the settings and asks every service that they name.

  npm run doctor [-- --json]

  --json   prints one JSON object: {"result": "fine" | "advice" | "fault", "findings": [{"service", "id", "result", "text"}]}
  --help   prints this

A line begins with ok, note (works, but know this) or FAULT (would cost a call, or what belongs to one), and ends with the
id of the finding, which docs/operate/doctor.md explains. The exit code is 1 if there is a fault, 2 for bad usage.

Example: OPENAI_API_KEY=… VOICE_PROVIDER=openai npm run doctor`;

const MARKS: Readonly<Record<Finding['result'], string>> = { fine: 'ok   ', advice: 'note ', fault: 'FAULT' };

/** One line of the report. */
export function lineOf({ id, result, service, text }: NamedFinding): string {
  return `${MARKS[result]}  ${service}: ${text}${result === 'fine' ? '' : ` [${id}]`}`;
}

/** Runs the command. Resolves with the exit code. */
export async function doctor(
  args: readonly string[],
  options: Omit<DiagnoseOptions, 'report'> & { write: (line: string) => void },
): Promise<0 | 1 | 2> {
  const { write, ...rest } = options;
  let values: { json: boolean; help: boolean };
  try {
    values = parseArgs({
      args: [...args],
      options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    }).values;
  } catch (error) {
    write(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (values.help) {
    write(USAGE);
    return 0;
  }
  if (!values.json) return diagnose({ ...rest, report: (finding) => write(lineOf(finding)) });
  const findings: NamedFinding[] = [];
  const code = await diagnose({ ...rest, report: (finding) => findings.push(finding) });
  write(JSON.stringify({ result: worstOf(findings), findings }, null, 2));
  return code;
}

function worstOf(findings: readonly NamedFinding[]): Finding['result'] {
  const order = ['fault', 'advice'] as const;
  return order.find((one) => findings.some(({ result }) => result === one)) ?? 'fine';
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  // The timers of the doctor's clock do not keep the process alive, and a service may be waited for without a socket.
  const alive = setInterval(() => undefined, 60_000);
  const code = await doctor(process.argv.slice(2), { env: process.env, write: (line) => console.log(line) });
  clearInterval(alive);
  // A service that never answered may hold a socket.
  process.exit(code);
}
