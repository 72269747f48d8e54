import type { CarrierCall } from '../../sim/twilio/carrier-call.js';
import type { PhoneEndpoint } from '../../sim/twilio/phone.js';
import type { RestOptions } from '../../sim/twilio/rest.js';
import type { Clock } from '../../src/base/clock.js';
import type { SecretFunction } from '../../src/call/secrets/secret-function.js';
import type { Config } from '../../src/config/config.js';
import { ACCOUNT_SID, PUBLIC_HOST, type Rig, startRig } from './rig.js';
import { type ScaledClock, scaledClock } from './scaled-clock.js';
import { TONES } from './tone-engine.js';

/** A host that always leads to the first gateway, past the load balancer. */
export const FIRST_ALONE = 'first.example.com';

/** For tests of calls that two gateways share by a Redis. Twilio's requests go to the one that is `asked`. */
export interface Pair {
  first: Rig;
  second: Rig;
  asked: Rig;
  call: CarrierCall;
  clock: ScaledClock;
}

export interface PairOptions {
  phone?: PhoneEndpoint;
  env?: Record<string, string>;
  secondEnv?: Record<string, string>;
  /** The way of the second gateway to the store, which is in the first one. */
  wayToStore?: (store: string) => string;
  /** How far the wall clock of the second gateway is ahead of the first one's. */
  secondAheadMs?: number;
  /** `true` for the frame pipeline, `false` for the direct bridge. Default true. */
  pipeline?: boolean;
  statusCallback?: true;
  /** If set, both ask the REST API of the carrier that places the call. */
  rest?: RestOptions;
  /** The operator's function that takes digits, of both. */
  onSecret?: SecretFunction;
  /** Changes the configuration of both in ways that the environment cannot. */
  change?: (config: Config) => Config;
}

/** Runs `body` with two gateways and a call that the first one answers. */
export async function withPair(
  redisUrl: string,
  options: PairOptions,
  body: (pair: Pair) => Promise<void>,
): Promise<void> {
  const clock = scaledClock(10);
  const env = { REDIS_URL: redisUrl, JOURNAL_KEY: 'cd'.repeat(32), IDLE_PROMPT_SECONDS: '0', ...options.env };
  let pair: Pair | undefined;
  const { change = (config) => config, onSecret, phone, pipeline = true, rest, secondAheadMs = 0 } = options;
  const taker = onSecret === undefined ? {} : { onSecret };
  const first: Rig = await startRig({
    clock,
    ...taker,
    ...(rest === undefined ? {} : { rest }),
    env: { ...env, ...(rest === undefined ? {} : { HANDOVER_MODE: 'twiml' }) },
    pipeline,
    engine: TONES,
    change,
    ...(phone === undefined ? {} : { phone }),
    carrier: { resolve: (host) => (host === FIRST_ALONE ? first : (pair?.asked ?? first)).base },
  });
  const store = first.running.embeddedStore?.dynamodb_endpoint ?? '';
  const secondClock: Clock = {
    now: () => clock.now(),
    epochMs: () => clock.epochMs() + secondAheadMs,
    setTimer: (delayMs, callback) => clock.setTimer(delayMs, callback),
  };
  const second = await startRig({
    clock: secondClock,
    engine: TONES,
    change,
    pipeline,
    ...taker,
    env: {
      ...env,
      ...(first.restUrl === undefined ? {} : { TWILIO_ACCOUNT_SID: ACCOUNT_SID, TWILIO_API_URL: first.restUrl }),
      DYNAMODB_ENDPOINT_URL: options.wayToStore?.(store) ?? store,
      ...options.secondEnv,
    },
  });
  const statusCallback = `https://${PUBLIC_HOST}/twilio/call-status`;
  const call = first.call(undefined, options.statusCallback === true ? { statusCallback } : {});
  try {
    pair = { first, second, call, clock, asked: first };
    await body(pair);
  } finally {
    await first.close();
    await second.close();
  }
}
