import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { connectSide } from '../sim/caller/agent-side.js';
import type { AgentScreen } from '../sim/connect/connect.js';
import { loudnessEar } from '../sim/model/ear.js';
import { type OpenAiSim, type OpenAiSimOptions, startOpenAiSim } from '../sim/openai/server.js';
import type { CarrierCall } from '../sim/twilio/carrier-call.js';
import { Carrier } from '../sim/twilio/carrier.js';
import type { CallEvent } from '../src/call/call-events.js';
import { readConfig } from '../src/config/config.js';
import { createLogger } from '../src/telemetry/log.js';
import { startGateway } from '../src/app/start-gateway.js';
import { createOpenAiProvider } from '../src/voice/openai/provider.js';
import { sound } from './support/openai-sim.js';
import { LeakWatch } from './support/leaks.js';
import { AUTH_TOKEN, CONNECT_NUMBER, PATIENT_LAMBDA, PUBLIC_HOST, until } from './support/rig.js';
import { scaledClock } from './support/scaled-clock.js';

const PEPPER = 'rig-pepper-0123456789';
/** How many times faster than the gateway's clock the simulated people, network and model run. */
const SPEED = 10;

interface Setup {
  openai: OpenAiSim;
  call: CarrierCall;
  events: CallEvent[];
  screens: AgentScreen[];
}

/** One call from a simulated carrier through the gateway to the simulated OpenAI, with a simulated Connect behind. */
async function withCall(pipeline: boolean, options: OpenAiSimOptions, body: (setup: Setup) => Promise<void>) {
  const clock = scaledClock(SPEED);
  const lines: string[] = [];
  const logDestination = { write: (line: string) => void lines.push(line) };
  const openai = await startOpenAiSim({ clock, ...options });
  const provider = createOpenAiProvider({
    apiKey: 'sk-simulated',
    baseUrl: openai.url,
    model: 'gpt-realtime-2.1',
    voice: 'marin',
    transcriptionModel: 'gpt-transcribe',
    log: createLogger({ level: 'trace', destination: logDestination }),
  });
  const env = {
    PORT: '0',
    HOST: '127.0.0.1',
    PUBLIC_HOST,
    LOG_LEVEL: 'trace',
    MAX_LOOP_DELAY_MS: '0',
    USE_PIPECAT: String(pipeline),
    TWILIO_AUTH_TOKEN: AUTH_TOKEN,
    USE_LOCAL_DYNAMODB: 'true',
    HANDOVER_TOKEN_PEPPER: PEPPER,
    CONNECT_PHONE_NUMBER: CONNECT_NUMBER,
  };
  const leaks = new LeakWatch();
  leaks.settings({ ...env, OPENAI_API_KEY: 'sk-simulated' });
  const running = await startGateway(readConfig(env), { providers: [provider], logDestination });
  const events: CallEvent[] = [];
  running.gateway.watch((event) => {
    if (event.type === 'turn') leaks.said(event.turn.text);
    events.push(event.type === 'turn' ? { ...event, turn: { ...event.turn } } : event);
  });
  assert.ok(running.embeddedStore !== undefined);
  const screens: AgentScreen[] = [];
  const listener = {
    onStep: () => undefined,
    onScreen: (screen: AgentScreen) => {
      leaks.shown(screen.attributes);
      screens.push(screen);
    },
  };
  const agent = connectSide(running.embeddedStore, PEPPER, clock, listener, PATIENT_LAMBDA);
  const carrier = new Carrier({
    accountSid: `AC${'1'.repeat(32)}`,
    authToken: AUTH_TOKEN,
    resolve: () => `http://127.0.0.1:${running.gateway.port}`,
    phoneBook: (number) => (number === CONNECT_NUMBER ? agent.phone : undefined),
    clock,
    onCall: (call) => leaks.follow(call),
  });
  try {
    const call = carrier.placeCall({
      from: '+12025550123',
      to: '+12065550199',
      voiceUrl: `https://${PUBLIC_HOST}/twilio/voice`,
    });
    await body({ openai, call, events, screens });
  } finally {
    carrier.close();
    await agent.close();
    await running.close();
    await openai.close();
    leaks.wrote('the log', lines.join(''));
    leaks.wrote('the metrics', await running.metrics.text());
    leaks.wrote("the Lambda's console", agent.output());
    leaks.check();
  }
}

function turnsOf(events: readonly CallEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'turn' ? [`${event.turn.speaker}: ${event.turn.text.trim()}`] : []));
}

for (const pipeline of [true, false]) {
  describe(pipeline ? 'OpenAI through the pipeline' : 'OpenAI through the direct bridge', () => {
    test('OpenAI greets, answers, is interrupted, and hands the caller to an agent who sees what was said', async () => {
      const ear = loudnessEar({ texts: ['When are you open?', 'I want to talk to a human.'] });
      await withCall(pipeline, { ear }, async ({ openai, call, events, screens }) => {
        await until(() => turnsOf(events).length === 1, 'the greeting');
        call.speak(await sound(800));
        await until(() => openai.sessions[0]?.memory.some(({ text }) => text.includes('Monday')) === true, 'an answer');
        call.speak(await sound(800));
        assert.equal(await call.whenEnded(), 'gateway-hung-up');
        const [screen] = screens;
        assert.equal(screen?.attributes['token_status'], 'valid');
        assert.match(screen.attributes['summary'] ?? '', /When are you open\?/);
        assert.match(turnsOf(events).join('\n'), /caller: When are you open\?[^]*caller: I want to talk to a human\./);
        const [session] = openai.sessions;
        assert.deepEqual(
          session?.errors.filter(({ code }) => code !== 'response_cancel_not_active'),
          [],
        );
        assert.equal(session?.closed?.by, 'client');
        // The interrupted answer was truncated where the caller stopped hearing it.
        assert.ok((session?.truncations.length ?? 0) >= 1);
      });
    });

    test('the caller goes to an agent when the connection to OpenAI is lost', async () => {
      const faults = [{ when: { at: 'session', ms: 6000 }, fault: { type: 'reset' } }] as const;
      await withCall(pipeline, { faults }, async ({ call, screens, events }) => {
        const said: string[] = [];
        call.on('say', (text) => said.push(text));
        assert.equal(await call.whenEnded(), 'gateway-hung-up');
        assert.equal(said.length, 1);
        assert.equal(screens[0]?.attributes['token_status'], 'valid');
        assert.equal(screens[0].attributes['reason'], 'assistant_failed');
        assert.match(turnsOf(events)[0] ?? '', /^assistant: /);
      });
    });

    test('the caller goes to an agent when OpenAI refuses every session', async () => {
      await withCall(pipeline, { apiKeys: ['sk-another'] }, async ({ call, screens, openai }) => {
        await call.whenEnded();
        assert.equal(screens[0]?.attributes['token_status'], 'valid');
        assert.ok(openai.refusals.length > 0);
      });
    });
  });
}
