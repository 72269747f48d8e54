import { Writable } from 'node:stream';
import type { CallEvent } from '../../src/call/call-events.js';
import type { SecretFunction } from '../../src/call/secrets/secret-function.js';
import { CONNECTION_OVERRIDES } from '../../src/call/paths.js';
import { type Config, readConfig } from '../../src/config/config.js';
import { type Clock, systemClock } from '../../src/base/clock.js';
import type { SpeechEngine } from '../../src/speech/engine.js';
import type { AssistantTool } from '../../src/voice/tools.js';
import { type RunningGateway, type StartOptions, startGateway } from '../../src/app/start-gateway.js';
import { type LambdaTime, connectSide } from '../../sim/caller/agent-side.js';
import type { AgentScreen } from '../../sim/connect/connect.js';
import type { CarrierCall, PlaceCallOptions } from '../../sim/twilio/carrier-call.js';
import { Carrier, type CarrierOptions } from '../../sim/twilio/carrier.js';
import type { PhoneEndpoint } from '../../sim/twilio/phone.js';
import { RestApi, type RestOptions } from '../../sim/twilio/rest.js';
import { incompleteLines } from './correlation.js';
import { PATIENCE_MS } from './deadline.js';
import { LeakWatch } from './leaks.js';
import { scaledClock } from './scaled-clock.js';
import { ScriptedProvider } from './scripted-provider.js';

// For tests of whole calls: a gateway on real sockets with everything around it simulated.

export const PUBLIC_HOST = 'gateway.example.com';
export const AUTH_TOKEN = 'rig-auth-token';
export const CONNECT_NUMBER = '+12065550100';
export const ACCOUNT_SID = `AC${'1'.repeat(32)}`;
const PEPPER = 'rig-pepper-0123456789';
/** The Lambda takes real time, at any speed of the call's clock, and several times as much on a busy machine. */
export const PATIENT_LAMBDA: LambdaTime = { clock: systemClock, patience: 10 };
/** How many times faster than real time a rig runs by default. */
const SPEED = 10;

/** A gateway on real sockets with a scripted model, a simulated carrier, and a simulated Connect with the real Lambda. */
export interface Rig {
  running: RunningGateway;
  provider: ScriptedProvider;
  carrier: Carrier;
  events: CallEvent[];
  screens: AgentScreen[];
  /** Returns every log line so far. */
  log(): string;
  /** Knows everything private on this rig. {@link close} fails if any of it was written down. */
  leaks: LeakWatch;
  base: string;
  /** Twilio's REST API, through which the gateway dials. `undefined` if the gateway dials by TwiML. */
  rest: RestApi | undefined;
  /** Where that API is. */
  restUrl: string | undefined;
  call(from?: string, options?: Partial<PlaceCallOptions>): CarrierCall;
  close(): Promise<void>;
}

export async function startRig(
  options: {
    pipeline?: boolean;
    env?: Record<string, string>;
    /** Changes the configuration in ways that the environment cannot. */
    change?: (config: Config) => Config;
    phone?: PhoneEndpoint;
    /** Returns the telephone of a person whom the gateway calls. */
    callee?: (number: string) => PhoneEndpoint | undefined;
    /** Whether the configured providers are used, not the scripted one. */
    isConfigured?: boolean;
    /** Providers that take over when the scripted one fails. */
    fallbacks?: readonly ScriptedProvider[];
    tools?: readonly AssistantTool[];
    /** The operator's function that takes digits. */
    onSecret?: SecretFunction;
    carrier?: Partial<CarrierOptions>;
    /** Speaks the gateway's own lines. By default a thread of the gateway does. */
    engine?: SpeechEngine;
    /** If set, the gateway dials over REST, and Twilio's REST API behaves as these options say. */
    rest?: RestOptions;
    /** Takes the people out of tapes for the console. By default nothing does. */
    scrubTape?: StartOptions['scrubTape'];
    /** The clock of the gateway, the carrier and the agent's side, for a test that moves time by hand. */
    clock?: Clock;
  } = {},
): Promise<Rig> {
  const provider = new ScriptedProvider();
  const clock = options.clock ?? scaledClock(SPEED);
  let written = '';
  const logDestination = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      written += chunk.toString();
      done();
    },
  });
  const leaks = new LeakWatch();
  let base = '';
  let phone: PhoneEndpoint | undefined = options.phone;
  const carrier = new Carrier({
    accountSid: ACCOUNT_SID,
    authToken: AUTH_TOKEN,
    resolve: () => base,
    phoneBook: (number) => (number === CONNECT_NUMBER ? phone : options.callee?.(number)),
    clock,
    // The gateway's answers take real time, at any speed of the call's clock.
    networkClock: systemClock,
    onCall: (call) => leaks.follow(call),
    ...options.carrier,
  });
  const rest = options.rest === undefined ? undefined : new RestApi(carrier, options.rest);
  const restUrl = await rest?.start();
  const env = {
    PORT: '0',
    HOST: '127.0.0.1',
    PUBLIC_HOST,
    LOG_LEVEL: 'trace',
    // Tests share the machine, so the event-loop delay says nothing about the gateway.
    MAX_LOOP_DELAY_MS: '0',
    USE_PIPECAT: String(options.pipeline ?? true),
    TWILIO_AUTH_TOKEN: AUTH_TOKEN,
    USE_LOCAL_DYNAMODB: 'true',
    HANDOVER_TOKEN_PEPPER: PEPPER,
    ...(restUrl === undefined
      ? {}
      : { HANDOVER_MODE: 'rest', TWILIO_ACCOUNT_SID: ACCOUNT_SID, TWILIO_API_URL: restUrl }),
    ...options.env,
  };
  leaks.settings(env);
  const config = readConfig(env);
  const running = await startGateway(options.change?.(config) ?? config, {
    ...(options.isConfigured === true ? {} : { providers: [provider, ...(options.fallbacks ?? [])] }),
    ...(options.tools === undefined ? {} : { tools: options.tools }),
    ...(options.onSecret === undefined ? {} : { onSecret: options.onSecret }),
    ...(options.engine === undefined ? {} : { engine: options.engine }),
    scrubTape: options.scrubTape,
    logDestination,
    clock,
    env,
  });
  const events: CallEvent[] = [];
  running.gateway.watch((event) => {
    // An interruption changes the turn in place, so keep a copy.
    if (event.type === 'turn') leaks.said(event.turn.text);
    events.push(event.type === 'turn' ? { ...event, turn: { ...event.turn } } : event);
  });
  const screens: AgentScreen[] = [];
  if (running.embeddedStore === undefined) throw new Error('The rig needs the embedded store.');
  const agent =
    phone === undefined
      ? connectSide(
          running.embeddedStore,
          PEPPER,
          clock,
          {
            onStep: () => undefined,
            onScreen: (screen) => {
              leaks.shown(screen.attributes);
              screens.push(screen);
            },
          },
          PATIENT_LAMBDA,
        )
      : undefined;
  phone ??= agent?.phone;
  base = `http://127.0.0.1:${running.gateway.port}`;
  return {
    running,
    provider,
    carrier,
    events,
    screens,
    log: () => written,
    leaks,
    base,
    rest,
    restUrl,
    call: (from = '+12025550123', more = {}) =>
      carrier.placeCall({
        from,
        to: '+12065550199',
        voiceUrl: `https://${PUBLIC_HOST}/twilio/voice${CONNECTION_OVERRIDES}`,
        ...more,
      }),
    close: async () => {
      carrier.close();
      await rest?.close();
      await agent?.close();
      await running.close();
      leaks.wrote('the log', written);
      leaks.wrote('the metrics', await running.metrics.text());
      leaks.wrote("the Lambda's console", agent?.output() ?? '');
      leaks.check();
      const incomplete = incompleteLines(written);
      if (incomplete.length > 0) throw new Error(`Lines of a call lack its ids.\n${incomplete.join('\n')}`);
    },
  };
}

/**
 * Polls `condition` every few milliseconds until it holds. Fails with `what` after `limitMs`, which is long because other work may
 * leave a test a tenth of a core.
 */
export async function until(condition: () => boolean, what: string, limitMs = PATIENCE_MS): Promise<void> {
  const startedMs = performance.now();
  while (!condition()) {
    if (performance.now() - startedMs > limitMs) throw new Error(`Did not happen within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}
