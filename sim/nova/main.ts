import {
  UsageError,
  choiceOption,
  defineCommand,
  isEntry,
  numberOption,
  runCommand,
} from '../../src/process/command-line.js';
import { systemClock } from '../../src/base/clock.js';
import { serveUntilStopped } from '../model/command.js';
import { NOVA_FAULT_USAGE, type PlannedNovaFault, parseNovaFault } from './faults.js';
import { type NovaSimOptions, SIMULATED_CREDENTIALS, startNovaSim } from './nova-sim.js';
import type { SessionRecording } from './recording.js';
import type { BargeInSignal, FinalTexts, TurnEnd } from './speaker.js';

const BARGE_IN_SIGNALS: readonly BargeInSignal[] = ['text-and-stop-reason', 'text', 'stop-reason', 'speech-start'];
const TURN_ENDS: readonly TurnEnd[] = ['stop-reason', 'none', 'completion'];
/** The least that a number above 0 can be. */
const ABOVE_ZERO = { least: 0.001 };

export const command = defineCommand({
  name: 'sim:nova',
  does: 'Runs a simulated Amazon Bedrock endpoint with Nova 2 Sonic, for clients of the real one.',
  options: {
    port: { type: 'string', value: 'number', default: '8791', about: 'the port to listen on' },
    host: { type: 'string', value: 'address', default: '127.0.0.1', about: 'the address to listen on' },
    region: { type: 'string', value: 'region', default: 'us-east-1', about: 'the region that requests are signed for' },
    tones: {
      type: 'boolean',
      about: 'answers with tones and understands nothing, without loading a speech engine',
    },
    'session-seconds': { type: 'string', value: 's', default: '480', about: 'how long a session may last' },
    'idle-seconds': { type: 'string', value: 's', default: '55', about: 'how long a session may go without input' },
    'max-sessions': { type: 'string', value: 'number', default: '20', about: 'sessions at the same time' },
    'audio-speed': {
      type: 'string',
      value: 'times',
      default: '4',
      about: 'how much faster than it plays audio is sent',
    },
    'endpointing-scale': {
      type: 'string',
      value: 'times',
      default: '1',
      about: 'multiplies the pauses that end a turn of the caller (1.5 to 2 s); 0.3 is as short as was measured once',
    },
    finals: {
      type: 'string',
      value: 'ms|next-input',
      default: '2600',
      about: 'when the final texts come: this long after an answer, or with the next input',
    },
    'barge-in': {
      type: 'string',
      value: 'signal',
      default: 'text-and-stop-reason',
      about: `how an interruption shows: ${BARGE_IN_SIGNALS.join(', ')}`,
    },
    'turn-end': {
      type: 'string',
      value: TURN_ENDS.join('|'),
      default: 'stop-reason',
      about: "how the end of the model's turn shows",
    },
    'late-headers': { type: 'boolean', about: 'sends the head of the response with the first output only' },
    'no-caller-texts': { type: 'boolean', about: 'sends no text of what the caller says' },
    'double-encoded-tools': {
      type: 'boolean',
      about: 'encodes the arguments of tools twice, as the service was seen to',
    },
    fault: { type: 'string', value: 'WHEN=WHAT', multiple: true, about: 'what goes wrong, see below' },
  },
  examples: ['', '--fault answer:800:2@1=rst-stream', '--session-seconds 60 --finals next-input'],
  notes: NOVA_FAULT_USAGE,
  run: ({ shown, values }) => {
    const options: NovaSimOptions = {
      port: numberOption('port', values.port, { least: 1, most: 65_535, whole: true }),
      host: values.host,
      region: values.region,
      sessionSeconds: numberOption('session-seconds', values['session-seconds'], ABOVE_ZERO),
      idleSeconds: numberOption('idle-seconds', values['idle-seconds'], ABOVE_ZERO),
      maxSessions: numberOption('max-sessions', values['max-sessions'], { least: 1, whole: true }),
      audioSpeed: numberOption('audio-speed', values['audio-speed'], ABOVE_ZERO),
      endpointingScale: numberOption('endpointing-scale', values['endpointing-scale'], ABOVE_ZERO),
      finals: readFinals(values.finals),
      bargeInSignal: choiceOption('barge-in', values['barge-in'], BARGE_IN_SIGNALS),
      turnEnd: choiceOption('turn-end', values['turn-end'], TURN_ENDS),
      headers: values['late-headers'] ? 'with-first-output' : 'at-once',
      callerTexts: !values['no-caller-texts'],
      doubleEncodeToolUse: values['double-encoded-tools'],
      faults: values.fault.map((text): PlannedNovaFault => {
        const fault = parseNovaFault(text);
        if (fault !== undefined) return fault;
        throw new UsageError(`--fault ${text} is not a fault: "${shown('sim:nova', '--help')}" lists them.`);
      }),
    };
    return serveUntilStopped({
      tones: values.tones,
      start: (senses) => startNovaSim({ ...options, ...senses, onSession: watch }),
      introduction: ({
        url,
      }) => `Simulated Nova 2 Sonic at ${url}. Put these settings into a file .env where you start the gateway:

  VOICE_PROVIDER=nova
  NOVA_REGION=${values.region}
  AWS_ENDPOINT_URL_BEDROCK_RUNTIME=${url}
  AWS_ACCESS_KEY_ID=${SIMULATED_CREDENTIALS.accessKeyId}
  AWS_SECRET_ACCESS_KEY=${SIMULATED_CREDENTIALS.secretAccessKey}

The AWS SDK prefers AWS_PROFILE to these keys, so unset it if your shell has it.
Then run "${shown('start')}" in another terminal, and "${shown('call')}" in a third one. Ask for the opening hours, an order, or a
human. "${shown('sim:nova', '--help')}" lists the faults, for instance --fault answer:800:2@1=rst-stream.
Ctrl-C stops it.`,
    });
  },
});

function readFinals(text: string): FinalTexts {
  return text === 'next-input' ? text : { afterMs: numberOption('finals', text, ABOVE_ZERO) };
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

if (isEntry(import.meta.url)) void runCommand(command);
