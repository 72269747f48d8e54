import { UsageError, defineCommand, isEntry, numberOption, runCommand } from '../../src/process/command-line.js';
import { systemClock } from '../../src/base/clock.js';
import { serveUntilStopped } from '../model/command.js';
import { faultUsage, parseFault } from '../model/faults.js';
import { LiveHost } from '../openai-live/host.js';
import { startOpenAiSim } from './server.js';
import type { Session } from './session.js';

export const command = defineCommand({
  name: 'sim:openai',
  does: 'Runs a simulated OpenAI with Realtime and GPT-Live, for clients of the real one.',
  options: {
    port: { type: 'string', value: 'number', default: '8790', about: 'the port to listen on' },
    key: {
      type: 'string',
      value: 'key',
      multiple: true,
      about: 'accepts only this API key, and others given like it; without any, every key is accepted',
    },
    tones: {
      type: 'boolean',
      about: 'answers with tones and understands nothing, without loading a speech engine',
    },
    'session-seconds': { type: 'string', value: 's', default: '3600', about: 'how long a session may last' },
    'first-output-ms': {
      type: 'string',
      value: 'ms',
      default: '300',
      about: 'time from a request to the first output',
    },
    'delta-ms': { type: 'string', value: 'ms', default: '200', about: 'length of the audio in one message' },
    'audio-speed': {
      type: 'string',
      value: 'times',
      default: '5',
      about: 'how much faster than it plays audio is sent',
    },
    'transcript-delay-ms': { type: 'string', value: 'ms', about: "time until the caller's words are sent" },
    fault: { type: 'string', value: 'WHEN=WHAT', multiple: true, about: 'what goes wrong, see below' },
  },
  examples: ['', '--fault answer:800:2@1=reset', '--port 8795 --key sk-mine --tones'],
  notes: faultUsage(),
  run: ({ shown, values }) => {
    const delay = values['transcript-delay-ms'];
    const options = {
      port: numberOption('port', values.port, { most: 65_535, whole: true }),
      sessionSeconds: numberOption('session-seconds', values['session-seconds']),
      pacing: {
        firstOutputMs: numberOption('first-output-ms', values['first-output-ms']),
        deltaMs: numberOption('delta-ms', values['delta-ms'], { least: 1 }),
        speed: numberOption('audio-speed', values['audio-speed'], { least: 0.1 }),
      },
      faults: values.fault.map((text) => {
        const fault = parseFault(text);
        if (fault !== undefined) return fault;
        throw new UsageError(`--fault ${text} is not a fault: "${shown('sim:openai', '--help')}" lists them.`);
      }),
      ...(delay === undefined ? {} : { transcription: { delayMs: numberOption('transcript-delay-ms', delay) } }),
      ...(values.key.length === 0 ? {} : { apiKeys: values.key }),
    };
    return serveUntilStopped({
      tones: values.tones,
      start: (senses) => {
        const { apiKeys, faults } = { apiKeys: undefined, ...options };
        const live = new LiveHost({ ...senses, faults, ...(apiKeys === undefined ? {} : { apiKeys }) });
        return startOpenAiSim({ ...options, ...senses, onSession: watch, others: [live] });
      },
      introduction: ({ port, url }) =>
        `OpenAI, simulated, listens at ${url} (Realtime: ws://127.0.0.1:${port}/v1/realtime, GPT-Live: ws://127.0.0.1:${port}/v1/live/sessions).

Put these settings into a file .env where you start the gateway:

  VOICE_PROVIDER=openai        (or openai-live)
  OPENAI_BASE_URL=${url}
  OPENAI_API_KEY=${values.key[0] ?? 'sk-simulated'}

Then run "${shown('start')}" in another terminal, and in a third one:

  ${shown('call', '--say "What are your opening hours?" --say "I want to speak to a human."')}

Ctrl-C stops it.`,
    });
  },
});

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

if (isEntry(import.meta.url)) void runCommand(command);
