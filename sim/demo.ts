import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { MULAW_BYTES_PER_MS } from '../src/audio/chunk.js';
import { systemClock } from '../src/base/clock.js';
import { readConfig } from '../src/config/config.js';
import { defineCommand, isEntry, runCommand } from '../src/process/command-line.js';
import { painter } from '../src/base/terminal.js';
import { openSpeechEngine } from '../src/speech/engine.js';
import { startGateway } from '../src/app/start-gateway.js';
import { connectSide } from './caller/agent-side.js';
import { Caller, type CallerAct } from './caller/caller.js';
import { StereoRecording } from './caller/stereo-recording.js';
import { Timeline } from './caller/timeline.js';
import { checkWritable } from './caller/check-writable.js';
import { noteCaller, watchAgentSide, watchCarrier } from './caller/watch-call.js';
import type { AgentScreen } from './connect/connect.js';
import { Carrier } from './twilio/carrier.js';

/** What the caller does. Everything else on the call follows from it. */
const CALLER: readonly { say: string; when: CallerAct['when'] }[] = [
  { say: 'What are your opening hours?', when: 'after-reply' },
  { say: 'Where is my order?', when: 'interrupt' },
  { say: 'I want to speak to a human agent.', when: 'after-reply' },
];

const PUBLIC_HOST = 'tandem.example.com';
const LIMIT_MS = 150_000;

const AGENT_SAYS = 'Hello, this is Sam. I can see that it is about your order.';
/** Pause of the agent before the first word and after the last one. */
const AGENT_PAUSE_MS = 400;

/** Places one spoken call through the whole gateway, without an account or a network. `record`: file for the recording. `verbose`: tells every step of the flow. */
async function demo(record: string | undefined, verbose: boolean): Promise<boolean> {
  if (record !== undefined) await checkWritable('record', record);
  const clock = systemClock;
  const timeline = new Timeline(clock, (line) => console.log(line), painter(process.stdout, process.env));
  console.log('Starting the gateway with everything embedded, a simulated Twilio and a simulated Amazon Connect…');
  const authToken = randomBytes(16).toString('hex');
  const pepper = randomBytes(24).toString('hex');
  const engine = await openSpeechEngine();
  const config = readConfig({
    PORT: '0',
    HOST: '127.0.0.1',
    PUBLIC_HOST,
    LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'error',
    USE_PIPECAT: process.env['USE_PIPECAT'],
    TWILIO_AUTH_TOKEN: authToken,
    USE_LOCAL_DYNAMODB: 'true',
    HANDOVER_TOKEN_PEPPER: pepper,
  });
  const running = await startGateway(config, { engine, logDestination: process.stderr });
  const { gateway } = running;
  gateway.watch((event) => {
    if (event.type === 'turn') {
      const { interrupted, speaker, text } = event.turn;
      if (speaker === 'caller') timeline.note('gateway', `heard: “${text}”`);
      else if (interrupted) timeline.note('assistant', `was cut off after: “${text}”`);
      else timeline.note('assistant', `“${text}”`);
    } else if (event.type === 'escalated')
      timeline.note('gateway', `a human is needed (${event.escalation.trigger}: ${event.escalation.reason})`);
    else if (event.type === 'handover-prepared')
      timeline.note('gateway', `handover ${event.handoverId ?? 'without a record'} is ready`);
  });

  let screen: AgentScreen | undefined;
  let recording: StereoRecording | undefined;
  const agentSpeech = await engine.synthesize(AGENT_SAYS, { voice: 'awb' });
  if (running.embeddedStore === undefined) throw new Error('The demo needs the embedded store.');
  const watch = watchAgentSide(timeline, verbose);
  const agent = connectSide(running.embeddedStore, pepper, clock, {
    ...watch,
    onScreen: (shown) => {
      screen = shown;
      watch.onScreen(shown);
    },
    onWhisper: (text) => {
      watch.onWhisper?.(text);
      void engine.synthesize(text, { voice: 'awb' }).then((whisper) => recording?.put('assistant', whisper));
    },
    onTalk: () => {
      clock.setTimer(AGENT_PAUSE_MS, () => {
        timeline.note('agent', `says: “${AGENT_SAYS}”`);
        recording?.put('assistant', agentSpeech);
      });
    },
    agentTalksMs: 2 * AGENT_PAUSE_MS + agentSpeech.length / MULAW_BYTES_PER_MS,
  });
  const base = `http://127.0.0.1:${gateway.port}`;
  const carrier = new Carrier({
    accountSid: `AC${'0'.repeat(32)}`,
    authToken,
    resolve: () => base,
    phoneBook: (number) => (number === config.handover.connectPhoneNumber ? agent.phone : undefined),
    synthesize: (text) => engine.synthesize(text),
    clock,
  });
  const acts: CallerAct[] = [];
  for (const { say, when } of CALLER)
    acts.push({ what: { audio: await engine.synthesize(say, { voice: 'rms' }), label: say }, when });

  timeline.note('carrier', `a call from +12025550123 rings https://${PUBLIC_HOST}/twilio/voice`);
  const call = carrier.placeCall({
    from: '+12025550123',
    to: '+12065550199',
    voiceUrl: `https://${PUBLIC_HOST}/twilio/voice`,
  });
  watchCarrier(call, timeline);
  if (record !== undefined) recording = new StereoRecording(call, clock);
  let bridged = false;
  call.on('bridged', () => (bridged = true));
  const caller = new Caller(call, acts, {
    onEvent: (event) => {
      noteCaller(event, timeline);
      if (event.type === 'speaks') recording?.put('caller', event.audio);
    },
  });
  const limit = clock.setTimer(LIMIT_MS, () => call.hangup());
  await call.whenEnded();
  limit.cancel();
  void caller;

  carrier.close();
  await agent.close();
  await running.close();
  await engine.close();
  if (record !== undefined && recording !== undefined) {
    await writeFile(record, recording.wav());
    console.log(`The recording is in ${record}: the caller on the left, what answers on the right.`);
  }
  return isComplete(screen, bridged);
}

function isComplete(screen: AgentScreen | undefined, bridged: boolean): boolean {
  const complete =
    bridged &&
    screen?.attributes['token_status'] === 'valid' &&
    (screen.attributes['summary'] ?? '') !== '' &&
    screen.view !== undefined;
  console.log(
    complete
      ? 'The handover arrived with its context.'
      : 'The handover did NOT arrive with its context; see the lines above.',
  );
  return complete;
}

export const command = defineCommand({
  name: 'demo',
  does: 'Starts the gateway with everything embedded and places one call with real speech through a simulated carrier, up to a human agent. It takes about 40 seconds, and needs no account and no network.',
  options: {
    record: {
      type: 'string',
      value: 'file.wav',
      about:
        'writes the call as a stereo WAV (8 kHz, 16-bit PCM): the caller on the left, on the right what answers: the assistant, the ringing, the whisper that only the agent hears, the agent',
    },
    verbose: { type: 'boolean', about: "tells every step of the simulated Connect's flow" },
  },
  examples: ['', '--record demo.wav', 'USE_PIPECAT=false'],
  notes: `USE_PIPECAT=false demonstrates the direct bridge. LOG_LEVEL=info adds the gateway's log on standard error.

Exit code: 0 the handover arrived with its context, 1 something on the way failed.`,
  run: async ({ values }) => ((await demo(values.record, values.verbose)) ? 0 : 1),
});

if (isEntry(import.meta.url)) void runCommand(command);
