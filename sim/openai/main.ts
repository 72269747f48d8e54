import { parseArgs } from 'node:util';
import { systemClock } from '../../src/base/clock.js';
import { UsageError, runCommand, serveUntilStopped } from '../model/command.js';
import { FAULT_USAGE, type PlannedFault, parseFault } from '../model/faults.js';
import { type OpenAiSim, type OpenAiSimOptions, startOpenAiSim } from './server.js';
import type { Session } from './session.js';

const DEFAULT_PORT = '8790';
const EXAMPLE_KEY = 'sk-simulated';

const USAGE = `Runs a simulated OpenAI Realtime service, for clients of the real one.

  npm run sim:openai -- [--port ${DEFAULT_PORT}] [--key KEY]… [--tones] [--session-seconds 3600]
                        [--first-output-ms 300] [--delta-ms 200] [--audio-speed 5]
                        [--transcript-delay-ms MS] [--fault WHEN=WHAT]…

  --key    accepts only this API key; without it every key is accepted
  --tones  answers with tones and understands nothing, without loading a speech engine
  --fault  ${FAULT_USAGE}`;

async function main(): Promise<void> {
  const values = readArguments();
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const options = optionsFrom(values);
  await serveUntilStopped({
    tones: values.tones,
    start: (senses) => startOpenAiSim({ ...options, ...senses, onSession: watch }),
    introduction: (sim) => introduction(sim, values.key[0] ?? EXAMPLE_KEY),
  });
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        port: { type: 'string', default: DEFAULT_PORT },
        key: { type: 'string', multiple: true, default: [] },
        tones: { type: 'boolean', default: false },
        'session-seconds': { type: 'string', default: '3600' },
        'first-output-ms': { type: 'string', default: '300' },
        'delta-ms': { type: 'string', default: '200' },
        'audio-speed': { type: 'string', default: '5' },
        'transcript-delay-ms': { type: 'string' },
        fault: { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

function optionsFrom(values: ReturnType<typeof readArguments>): OpenAiSimOptions {
  const delay = values['transcript-delay-ms'];
  return {
    port: numberOf('port', values.port),
    sessionSeconds: numberOf('session-seconds', values['session-seconds']),
    pacing: {
      firstOutputMs: numberOf('first-output-ms', values['first-output-ms']),
      deltaMs: numberOf('delta-ms', values['delta-ms'], 1),
      speed: numberOf('audio-speed', values['audio-speed'], 0.1),
    },
    faults: values.fault.map(faultOf),
    ...(delay === undefined ? {} : { transcription: { delayMs: numberOf('transcript-delay-ms', delay) } }),
    ...(values.key.length === 0 ? {} : { apiKeys: values.key }),
  };
}

function numberOf(name: string, text: string, least = 0): number {
  const value = Number(text);
  if (text === '' || !(value >= least)) throw new UsageError(`--${name} ${text} is not a number of at least ${least}.`);
  return value;
}

function faultOf(text: string): PlannedFault {
  const fault = parseFault(text);
  if (fault === undefined) throw new UsageError(`--fault ${text} is not valid: ${FAULT_USAGE}`);
  return fault;
}

function introduction(sim: OpenAiSim, key: string): string {
  return `OpenAI Realtime, simulated, listens at ${sim.url} (WebSocket: ws://127.0.0.1:${sim.port}/v1/realtime).

Put these settings into a file .env beside package.json:

  VOICE_PROVIDER=openai
  OPENAI_BASE_URL=${sim.url}
  OPENAI_API_KEY=${key}

Then run "npm start" in another terminal, and in a third one:

  npm run call -- --say "What are your opening hours?" --say "I want to speak to a human."

Ctrl-C stops it.`;
}

/** Prints when a session opens and closes. What is said in a session is not printed. */
function watch(session: Session): void {
  const startedMs = systemClock.now();
  console.log(`session  opened, model ${session.model}`);
  session.onClosed = () => {
    const seconds = ((systemClock.now() - startedMs) / 1000).toFixed(1);
    const responses = session.sent.filter(({ type }) => type === 'response.done').length;
    const codes = session.errors.map(({ code }) => code ?? 'server_error');
    const errors = codes.length === 0 ? 'no errors' : `errors: ${codes.join(', ')}`;
    console.log(`session  closed with ${session.closed?.code} after ${seconds} s; ${responses} responses, ${errors}`);
  };
}

runCommand(main);
