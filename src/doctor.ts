import { writeFile } from 'node:fs/promises';
import { type Clock, systemClock } from './base/clock.js';
import { isTandemError } from './base/errors.js';
import { type Paint, painter } from './base/terminal.js';
import { isPrivateHost } from './config/addresses.js';
import { type Config, readConfig } from './config/config.js';
import type { Check, CheckContext } from './doctor/check.js';
import { CHECKS } from './doctor/checks.js';
import { ClockWatch } from './doctor/clock-watch.js';
import { type Finding, advice, fault, fine } from './doctor/finding.js';
import { answersText } from './doctor/live/answers-file.js';
import { LIVE_MS, type LiveAnswer, askLive } from './doctor/live/ask-live.js';
import { readNamed } from './doctor/named.js';
import { LONGEST_HOLD_MS, askIdle } from './doctor/balancer-idle.js';
import { openDeployment } from './doctor/deployment/open-deployment.js';
import { type Limits, type NamedFinding, runChecks } from './doctor/run-checks.js';
import { UsageError, defineCommand, isEntry, runCommand } from './process/command-line.js';

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

/** Limits of what `--slow` adds. */
const SLOW_LIMITS: Limits = { eachMs: LONGEST_HOLD_MS + 20_000, allMs: LONGEST_HOLD_MS + 20_000 };

const SLOW_CHECKS: readonly Check[] = [{ name: 'idle connection', run: checkIdle }];

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
  const named = readNamed(config, env);
  // Each check that needs it hears of the error.
  named.catch(() => undefined);
  const context: Context = { config, env, clock, named, clocks: new ClockWatch() };
  await runChecks(checks, context, limits, report);
  for (const finding of context.clocks.findings()) say('clock', finding);
  return { code, context };
}

function checkIdle({ clock, config, signal }: CheckContext): Promise<Finding[]> | Finding[] {
  const { keepAliveMs, publicHost, twilio } = config;
  if (publicHost === undefined || isPrivateHost(publicHost))
    return [advice('balancer-idle', 'PUBLIC_HOST is not set to a host that can be asked.')];
  const { accountSid, authTokens } = twilio;
  return askIdle({ host: publicHost, authTokens, accountSid, keepAliveMs, clock, signal });
}

const MARKS: Readonly<Record<Finding['result'], string>> = { fine: 'ok   ', advice: 'note ', fault: 'FAULT' };
const COLOURS = { fine: 'green', advice: 'yellow', fault: 'red' } as const;

const plain: Paint = (_colour, text) => text;

/** One line of the report. */
export function lineOf({ id, result, service, text }: NamedFinding, paint: Paint = plain): string {
  return `${paint(COLOURS[result], MARKS[result])}  ${service}: ${text}${result === 'fine' ? '' : ` [${id}]`}`;
}

export const command = defineCommand({
  name: 'doctor',
  does: 'Checks the settings and asks every service that they name, and says what to do. No call is placed.',
  options: {
    json: {
      type: 'boolean',
      about:
        'prints one JSON object: {"result", "findings": [{"service", "id", "result", "text"}]}; result is fine, advice or fault',
    },
    live: {
      type: 'boolean',
      about:
        'then puts the questions to the accounts that no document answers ("To confirm against the real services" in docs/project/roadmap.md), and writes the answers to a file without secrets. It takes up to two minutes and costs some cents. Twilio is asked only while no gateway listens on PORT',
    },
    deployment: {
      type: 'boolean',
      about:
        'checks what Terraform has deployed on AWS, with the settings and secrets that it runs with: also the Lambda and its pepper, the flows, and whether the wanted version runs. Run it in the root of the project',
    },
    outputs: {
      type: 'string',
      value: 'FILE',
      about: "for --deployment: a file with Terraform's outputs, in place of asking Terraform in terraform/",
    },
    slow: {
      type: 'boolean',
      about: `then holds an idle connection to PUBLIC_HOST, for up to ${Math.ceil(LONGEST_HOLD_MS / 60_000)} minutes, and says when it is closed`,
    },
    answers: { type: 'string', value: 'FILE', default: ANSWERS_FILE, about: 'the file for the answers of --live' },
  },
  examples: ['', '--json', '--deployment', '--live', 'VOICE_PROVIDER=openai OPENAI_API_KEY=sk-…'],
  notes:
    'A line begins with ok, note (works, but know this) or FAULT (would cost a call, or what belongs to one), and ends with the\nid of the finding, which docs/operate/doctor.md explains.\n\nExit code: 0 callers can be served, 1 there is a fault, 2 the command line is wrong.',
  run: ({ values }) =>
    doctor(values, {
      env: process.env,
      write: (line) => console.log(line),
      paint: painter(process.stdout, process.env),
    }),
});

/** Runs the command. Resolves with the exit code. @throws UsageError if the answers cannot be written */
export async function doctor(
  values: {
    answers: string;
    deployment?: boolean;
    json: boolean;
    live: boolean;
    outputs?: string | undefined;
    slow?: boolean;
  },
  options: Omit<DiagnoseOptions, 'report'> & { write: (line: string) => void; paint?: Paint },
): Promise<0 | 1> {
  const { answers: file, deployment = false, json, live, outputs, slow = false } = values;
  const { paint = plain, write, ...rest } = options;
  const say = (line: string): void => {
    if (!json) write(line);
  };
  const findings: NamedFinding[] = [];
  const report = (finding: NamedFinding): void => {
    findings.push(finding);
    say(lineOf(finding, paint));
  };
  const { clock = systemClock } = options;
  const opened = deployment
    ? await openDeployment({ file: outputs, env: options.env, clock, checks: options.checks })
    : undefined;
  for (const finding of opened?.findings ?? []) report({ service: 'deployment', ...finding });
  const { context } = await diagnose({
    ...rest,
    ...(opened === undefined ? {} : { env: opened.env, checks: opened.checks }),
    report,
  });
  if (slow && context !== undefined) {
    say('\nHolding an idle connection …');
    await runChecks(SLOW_CHECKS, context, SLOW_LIMITS, report);
  }
  let answers: LiveAnswer[] | undefined;
  if (live && context !== undefined) {
    say('\nAsking what only an account shows, for up to two minutes …');
    answers = await askLive({ ...context, signal: AbortSignal.timeout(LIVE_MS) });
    for (const { area, question, status, text } of answers)
      say(`${status.padEnd('not-asked'.length)}  ${area}: ${question}: ${text}`);
    try {
      await writeFile(file, answersText(answers, context.config, context.clock.epochMs()));
    } catch (error) {
      throw new UsageError(
        `The answers cannot be written to ${file} (${(error as NodeJS.ErrnoException).code ?? 'an error'}). Name another file with --answers.`,
      );
    }
    say(`Written to ${file}.`);
  }
  const result = worstOf(findings);
  if (json) write(JSON.stringify({ result, findings, answers }, null, 2));
  return result === 'fault' ? 1 : 0;
}

function worstOf(findings: readonly NamedFinding[]): Finding['result'] {
  const order = ['fault', 'advice'] as const;
  return order.find((one) => findings.some(({ result }) => result === one)) ?? 'fine';
}

if (isEntry(import.meta.url)) void runCommand(command);
