import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { mulawToPcm, pcmToMulaw } from '../src/audio/g711.js';
import { readTelephoneWav, writeWav } from '../src/audio/wav.js';
import { systemClock } from '../src/clock.js';
import { isTandemError } from '../src/errors.js';
import { type SpeechEngine, openSpeechEngine } from '../src/speech/engine.js';
import { type AgentSide, type StoreLocation, connectSide, plainSide } from './caller/agent-side.js';
import { Caller, type CallerAct } from './caller/caller.js';
import { Timeline } from './caller/timeline.js';
import { noteFlowStep, showAgentScreen, watchCarrier } from './caller/watch-call.js';
import type { AgentScreen } from './connect/connect.js';
import { Carrier } from './twilio/carrier.js';

const USAGE = `Places one simulated call against a running gateway.

  npm run call -- [--say "text" | --wav file | --interrupt "text" | --press digits]…   in the order of the call
                  [--gateway http://127.0.0.1:8000] [--public-host host] [--from +1…] [--to +1…]
                  [--record heard.wav] [--json]

TWILIO_AUTH_TOKEN signs the requests; HANDOVER_TOKEN_PEPPER is needed for the agent's screen when the gateway has one.`;

/** The pepper of a gateway in local mode; see src/handover/token.ts. */
const LOCAL_MODE_PEPPER = 'tandem-local-mode-only';
const DEFAULT_SAY = ['What are your opening hours?'];
const LIMIT_MS = 300_000;

class UsageError extends Error {}

interface Health {
  public_host?: string;
  embedded?: StoreLocation & { connect_phone_number?: string };
}

async function main(): Promise<number> {
  const { tokens, values } = readOptions();
  if (values.help === true) {
    console.log(USAGE);
    return 0;
  }
  const gatewayUrl = values.gateway ?? 'http://127.0.0.1:8000';
  const health = await readHealth(gatewayUrl);
  const publicHost = values['public-host'] ?? health.public_host ?? new URL(gatewayUrl).host;
  const json = values.json === true;
  const clock = systemClock;
  const timeline = new Timeline(clock, (line) => {
    if (!json) console.log(line);
  });
  const engine = await openSpeechEngine();
  const acts = await readActs(tokens, engine);

  let screen: AgentScreen | undefined;
  let digits = 0;
  const agent = agentSide(health, {
    onStep: (step) => noteFlowStep(step, timeline),
    onScreen: (shown) => {
      screen = shown;
      showAgentScreen(shown, timeline);
    },
    onDigits: (count) => {
      digits = count;
      timeline.note('agent', `answers; ${count} keys were played to the line`);
    },
  });
  const authToken = process.env['TWILIO_AUTH_TOKEN']?.split(',')[0];
  const carrier = new Carrier({
    accountSid: process.env['TWILIO_ACCOUNT_SID'] ?? `AC${'0'.repeat(32)}`,
    ...(authToken === undefined ? {} : { authToken }),
    resolve: () => gatewayUrl,
    phoneBook: () => agent.phone,
    synthesize: (text) => engine.synthesize(text),
    clock,
  });
  const call = carrier.placeCall({
    from: values.from ?? '+12025550123',
    to: values.to ?? '+12065550199',
    voiceUrl: `https://${publicHost}/twilio/voice`,
  });
  watchCarrier(call, timeline);
  const heard: string[] = [];
  const recording: Uint8Array[] = [];
  const ear = engine.listen({
    onSpeechStarted: () => undefined,
    onSpeechStopped: () => undefined,
    onText: (text) => {
      heard.push(text);
      timeline.note('hears', `“${text}”`);
    },
    onFailure: () => undefined,
  });
  call.on('heard', (frame) => {
    recording.push(frame);
    ear.push(frame);
  });
  let bridged = false;
  let problems = 0;
  call.on('bridged', () => (bridged = true));
  call.on('problem', (code) => (problems += code === 31921 ? 0 : 1));
  const caller = new Caller(call, acts, (event) => {
    timeline.note('caller', event.type === 'speaks' ? `says: “${event.label}”` : `presses ${event.digits.length} keys`);
  });
  void caller;
  const limit = clock.setTimer(LIMIT_MS, () => call.hangup());
  const reason = await call.whenEnded();
  limit.cancel();

  if (values.record !== undefined)
    await writeFile(values.record, writeWav([mulawToPcm(Buffer.concat(recording))], 8000));
  if (json) {
    const attributes = screen?.attributes;
    console.log(
      JSON.stringify({
        call_sid: call.callSid,
        ended: reason,
        bridged,
        problems,
        heard,
        digits_played: digits,
        agent: attributes ?? null,
      }),
    );
  }
  carrier.close();
  await agent.close();
  await engine.close();
  return reason === 'error' || reason === 'rejected' ? 1 : 0;
}

function readOptions() {
  try {
    return parseArgs({
      tokens: true,
      options: {
        say: { type: 'string', multiple: true },
        wav: { type: 'string', multiple: true },
        interrupt: { type: 'string', multiple: true },
        press: { type: 'string', multiple: true },
        gateway: { type: 'string' },
        'public-host': { type: 'string' },
        from: { type: 'string' },
        to: { type: 'string' },
        record: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

async function readHealth(gatewayUrl: string): Promise<Health> {
  if (!/^https?:\/\//.test(gatewayUrl))
    throw new UsageError(`--gateway ${gatewayUrl} is not a URL that begins with http:// or https://.`);
  try {
    const response = await fetch(new URL('/health', gatewayUrl), { signal: AbortSignal.timeout(5000) });
    return response.ok ? ((await response.json()) as Health) : {};
  } catch {
    throw new UsageError(
      `No gateway answers at ${gatewayUrl}. Start one with "npm start", or name another with --gateway.`,
    );
  }
}

interface Token {
  kind: string;
  name?: string;
  value?: string | undefined;
}

async function readActs(tokens: readonly Token[], engine: SpeechEngine): Promise<CallerAct[]> {
  const speak = (text: string): Promise<Uint8Array> => engine.synthesize(text, { voice: 'rms' });
  const acts: CallerAct[] = [];
  for (const { kind, name, value } of tokens) {
    if (kind !== 'option' || value === undefined) continue;
    if (name === 'say' || name === 'interrupt') {
      const when = name === 'say' ? 'after-reply' : 'interrupt';
      acts.push({ what: { audio: await speak(value), label: value }, when });
    } else if (name === 'wav')
      acts.push({ what: { audio: await readAudio(value), label: value }, when: 'after-reply' });
    else if (name === 'press') {
      if (!/^[0-9*#A-D]+$/.test(value)) throw new UsageError(`--press ${value}: keys are 0-9, * and #.`);
      acts.push({ what: { digits: value }, when: 'after-reply' });
    }
  }
  if (acts.length > 0) return acts;
  return Promise.all(
    DEFAULT_SAY.map(async (say) => ({ what: { audio: await speak(say), label: say }, when: 'after-reply' as const })),
  );
}

async function readAudio(path: string): Promise<Uint8Array> {
  try {
    return pcmToMulaw(readTelephoneWav(await readFile(path)));
  } catch (error) {
    throw new UsageError(`--wav ${path} cannot be used: ${(error as Error).message}`);
  }
}

function agentSide(
  health: Health,
  listener: Parameters<typeof connectSide>[3] & { onDigits(count: number): void },
): AgentSide {
  const { embedded } = health;
  if (embedded === undefined) return plainSide(systemClock, (count) => listener.onDigits(count));
  return connectSide(embedded, process.env['HANDOVER_TOKEN_PEPPER'] ?? LOCAL_MODE_PEPPER, systemClock, listener);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const known = error instanceof UsageError || isTandemError(error);
    console.error(known ? error.message : error);
    process.exit(known ? 2 : 1);
  },
);
