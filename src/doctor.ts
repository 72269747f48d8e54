import { writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { type Clock, systemClock } from './base/clock.js';
import { isTandemError } from './base/errors.js';
import { type Config, readConfig } from './config/config.js';
import type { Check, CheckContext } from './doctor/check.js';
import { CHECKS } from './doctor/checks.js';
import { ClockWatch } from './doctor/clock-watch.js';
import { type Finding, advice, fault, fine } from './doctor/finding.js';
import { answersText } from './doctor/live/answers-file.js';
import { LIVE_MS, type LiveAnswer, askLive } from './doctor/live/ask-live.js';
import { readNamed } from './doctor/named.js';
import { type Limits, type NamedFinding, runChecks } from './doctor/run-checks.js';
import { useDotEnv } from './process/dot-env.js';

type Environment = Readonly<Record<string, string | undefined>>;

export interface DiagnoseOptions {
  env: Environment;
  /** Called with each finding as soon as it and those before it are known. */
  report: (finding: NamedFinding) => void;
  checks?: readonly Check[];
  clock?: Clock;
  limits?: Limits;
}

const ANSWERS_FILE = 'tandem-answers.json';

/** The embedded recogniser takes some seconds to load on a small machine. Everything else answers within ten seconds. */
const LIMITS: Limits = { eachMs: 30_000, allMs: 40_000 };

type Context = Omit<CheckContext, 'signal'>;

/** Checks the settings and asks everything they name. Resolves with the exit code, and with no context if they are invalid. */
export async function diagnose(options: DiagnoseOptions): Promise<{ code: 0 | 1; context: Context | undefined }> {
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
    return { code: 1, context: undefined };
  }
  say('configuration', fine('settings', 'Every variable is valid.'));
  for (const text of config.warnings) say('configuration', advice('settings', text));
  const named = readNamed(config);
  // Each check that needs it hears of the error.
  named.catch(() => undefined);
  const context: Context = { config, env, clock, named, clocks: new ClockWatch() };
  await runChecks(checks, context, limits, report);
  for (const finding of context.clocks.findings()) say('clock', finding);
  return { code, context };
}

const USAGE = `Checks the settings and asks every service that they name.

  npm run doctor [-- [--json] [--live [--answers ${ANSWERS_FILE}]]]

  --json     prints one JSON object: {"result": "fine" | "advice" | "fault", "findings": [{"service", "id", "result", "text"}]}
  --live     then puts the questions to the accounts that no document answers ("To confirm against the real services" in
             docs/project/roadmap.md), and writes the answers to a file without secrets. It takes up to two minutes and
             costs some cents. Twilio is asked only while no gateway listens on PORT
  --answers  names that file
  --help     prints this

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
  let values: ReturnType<typeof readArguments>;
  try {
    values = readArguments(args);
  } catch (error) {
    write(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  const { answers: file, help, json, live } = values;
  if (help) {
    write(USAGE);
    return 0;
  }
  const say = (line: string): void => {
    if (!json) write(line);
  };
  const findings: NamedFinding[] = [];
  const { code, context } = await diagnose({
    ...rest,
    report: (finding) => {
      findings.push(finding);
      say(lineOf(finding));
    },
  });
  let answers: LiveAnswer[] | undefined;
  if (live && context !== undefined) {
    say('\nAsking what only an account shows, for up to two minutes …');
    answers = await askLive({ ...context, signal: AbortSignal.timeout(LIVE_MS) });
    for (const { area, question, status, text } of answers)
      say(`${status.padEnd('not-asked'.length)}  ${area}: ${question}: ${text}`);
    try {
      await writeFile(file, answersText(answers, context.config, context.clock.epochMs()));
    } catch (error) {
      write(
        `The answers cannot be written to ${file} (${(error as NodeJS.ErrnoException).code ?? 'an error'}). Name another file with --answers.`,
      );
      return 2;
    }
    say(`Written to ${file}.`);
  }
  if (json) write(JSON.stringify({ result: worstOf(findings), findings, answers }, null, 2));
  return code;
}

function readArguments(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      live: { type: 'boolean', default: false },
      answers: { type: 'string', default: ANSWERS_FILE },
      help: { type: 'boolean', default: false },
    },
  }).values;
}

function worstOf(findings: readonly NamedFinding[]): Finding['result'] {
  const order = ['fault', 'advice'] as const;
  return order.find((one) => findings.some(({ result }) => result === one)) ?? 'fine';
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  useDotEnv(process.env);
  // The timers of the doctor's clock do not keep the process alive, and a service may be waited for without a socket.
  const alive = setInterval(() => undefined, 60_000);
  const code = await doctor(process.argv.slice(2), { env: process.env, write: (line) => console.log(line) });
  clearInterval(alive);
  // A service that never answered may hold a socket.
  process.exit(code);
}
