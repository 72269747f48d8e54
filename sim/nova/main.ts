import { parseArgs } from 'node:util';
import { systemClock } from '../../src/base/clock.js';
import { UsageError, runCommand, serveUntilStopped } from '../model/command.js';
import { NOVA_FAULT_USAGE, type PlannedNovaFault, parseNovaFault } from './faults.js';
import { type NovaSim, type NovaSimOptions, SIMULATED_CREDENTIALS, startNovaSim } from './nova-sim.js';
import type { SessionRecording } from './recording.js';
import type { BargeInSignal, FinalTexts, TurnEnd } from './speaker.js';

const BARGE_IN_SIGNALS: readonly BargeInSignal[] = ['text-and-stop-reason', 'text', 'stop-reason', 'speech-start'];
const TURN_ENDS: readonly TurnEnd[] = ['stop-reason', 'none', 'completion'];
const DEFAULT_PORT = '8791';

const USAGE = `Runs a simulated Amazon Bedrock endpoint with Nova 2 Sonic, for clients of the real one.

  npm run sim:nova -- [--port ${DEFAULT_PORT}] [--host 127.0.0.1] [--region us-east-1] [--tones]
                      [--session-seconds 480] [--idle-seconds 55] [--max-sessions 20] [--audio-speed 4]
                      [--finals MS | next-input] [--barge-in ${BARGE_IN_SIGNALS.join(' | ')}]
                      [--turn-end ${TURN_ENDS.join(' | ')}]
                      [--double-encoded-tools] [--late-headers] [--fault WHEN=WHAT]…

  --tones  answers with tones and understands nothing, without loading a speech engine
  --fault  ${NOVA_FAULT_USAGE}`;

async function main(): Promise<void> {
  const values = readArguments();
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const options = optionsFrom(values);
  await serveUntilStopped({
    tones: values.tones,
    start: (senses) => startNovaSim({ ...options, ...senses, onSession: watch }),
    introduction: (sim) => introduction(sim, values.region),
  });
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        port: { type: 'string', default: DEFAULT_PORT },
        host: { type: 'string', default: '127.0.0.1' },
        region: { type: 'string', default: 'us-east-1' },
        tones: { type: 'boolean', default: false },
        'session-seconds': { type: 'string' },
        'idle-seconds': { type: 'string' },
        'max-sessions': { type: 'string' },
        'audio-speed': { type: 'string' },
        finals: { type: 'string' },
        'barge-in': { type: 'string' },
        'turn-end': { type: 'string' },
        'double-encoded-tools': { type: 'boolean', default: false },
        'late-headers': { type: 'boolean', default: false },
        fault: { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

function optionsFrom(values: ReturnType<typeof readArguments>): NovaSimOptions {
  const options: NovaSimOptions = {
    port: positive('port', values.port),
    host: values.host,
    region: values.region,
    faults: values.fault.map(readFault),
    doubleEncodeToolUse: values['double-encoded-tools'],
    headers: values['late-headers'] ? 'with-first-output' : 'at-once',
  };
  const numbers = {
    sessionSeconds: 'session-seconds',
    idleSeconds: 'idle-seconds',
    maxSessions: 'max-sessions',
    audioSpeed: 'audio-speed',
  } as const;
  for (const [option, name] of Object.entries(numbers) as [
    keyof typeof numbers,
    (typeof numbers)[keyof typeof numbers],
  ][]) {
    const text = values[name];
    if (text !== undefined) options[option] = positive(name, text);
  }
  if (values.finals !== undefined) options.finals = readFinals(values.finals);
  if (values['barge-in'] !== undefined)
    options.bargeInSignal = readOneOf('barge-in', values['barge-in'], BARGE_IN_SIGNALS);
  if (values['turn-end'] !== undefined) options.turnEnd = readOneOf('turn-end', values['turn-end'], TURN_ENDS);
  return options;
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new UsageError(`--${name} ${text} is not a number above 0.`);
  return value;
}

function readFault(text: string): PlannedNovaFault {
  const fault = parseNovaFault(text);
  if (fault === undefined) throw new UsageError(`--fault ${text} is not valid: ${NOVA_FAULT_USAGE}`);
  return fault;
}

function readFinals(text: string): FinalTexts {
  return text === 'next-input' ? text : { afterMs: positive('finals', text) };
}

function readOneOf<T extends string>(name: string, text: string, values: readonly T[]): T {
  const value = values.find((one) => one === text);
  if (value === undefined) throw new UsageError(`--${name} must be one of ${values.join(', ')}.`);
  return value;
}

/** Prints a line when a session starts and when it ends, without anything that was said. */
function watch(session: SessionRecording): void {
  const label = `session ${session.number}`;
  console.log(`${label}  opened, model ${session.modelId}`);
  const startedMs = systemClock.now();
  session.onEnd = (end) => {
    const seconds = ((systemClock.now() - startedMs) / 1000).toFixed(1);
    const { bad, good } = session.signatures;
    const why = end.type === 'exception' ? `${end.exception}: ${end.message}` : end.type;
    console.log(
      `${label}  ended after ${seconds} s (${why}); ${session.turns.length} turns, ${session.interruptions} interruptions, ` +
        `${session.toolUses.length} tool uses, ${good} events with a good signature and ${bad} with a bad one`,
    );
  };
}

function introduction({ url }: NovaSim, region: string): string {
  return `Simulated Nova 2 Sonic at ${url}. Put these settings into a file .env beside package.json:

  VOICE_PROVIDER=nova
  NOVA_REGION=${region}
  AWS_ENDPOINT_URL_BEDROCK_RUNTIME=${url}
  AWS_ACCESS_KEY_ID=${SIMULATED_CREDENTIALS.accessKeyId}
  AWS_SECRET_ACCESS_KEY=${SIMULATED_CREDENTIALS.secretAccessKey}

The AWS SDK prefers AWS_PROFILE to these keys, so unset it if your shell has it.
Then run "npm start" in another terminal, and "npm run call" in a third one. Ask for the opening hours, an order, or a human.
npm run sim:nova -- --help lists the faults, for instance --fault answer:800=rst-stream.
Ctrl-C stops it.`;
}

runCommand(main);
