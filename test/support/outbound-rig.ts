import type { IncomingLeg, PhoneEndpoint } from '../../sim/twilio/phone.js';
import type { CarrierCall } from '../../sim/twilio/carrier-call.js';
import type { RestApi, RestOptions } from '../../sim/twilio/rest.js';
import { type Answered, ask } from './asking.js';
import { type Rig, startRig, until } from './rig.js';

// For tests of calls that the gateway makes.

export const API_TOKEN = 'outbound-rig-token-0123456789';
export const OWN_NUMBER = '+12065550199';
export const CALLEE = '+12025550177';

export const OUTBOUND_ENV = {
  OUTBOUND_API_TOKENS: `another-outbound-token-9876543210,${API_TOKEN}`,
  TWILIO_PHONE_NUMBER: OWN_NUMBER,
  HANDOVER_MODE: 'twiml',
  IDLE_PROMPT_SECONDS: '0',
};

/** A request that passes every guard. */
export const WANTED = {
  to: CALLEE,
  context: { appointment: 'Tuesday at nine' },
  consent: { basis: 'customer', reference: 'crm-1' },
  machine: 'hangup',
};

export interface OutboundRig extends Rig {
  rest: RestApi;
  /** Sends a request to make a call. */
  post(body?: unknown, headers?: Record<string, string | string[]>): Promise<Answered>;
  /** Makes a call and returns its id. */
  make(body?: Record<string, unknown>): Promise<string>;
  read(id: string, method?: 'GET' | 'DELETE'): Promise<Answered>;
  /** Resolves with what GET says of a call, once that is of this status. */
  settled(id: string, status: string): Promise<Record<string, unknown>>;
  /** The calls that the carrier was asked for, oldest first. */
  made(): CarrierCall[];
  /** Returns how often an outcome was counted. */
  counted(outcome: string): Promise<number>;
}

let keys = 0;

export function freshKey(): string {
  return `key-${++keys}`;
}

/** A telephone that is answered, by a person if `detected` says nothing else. */
export function answering(detected?: PhoneEndpoint['detected'], onLeg?: (leg: IncomingLeg) => void): PhoneEndpoint {
  return {
    ring: (leg) => {
      onLeg?.(leg);
      leg.answer();
    },
    ...(detected === undefined ? {} : { detected }),
  };
}

/** Sends a request to make a call to a gateway. */
export function postCall(
  { base }: Pick<Rig, 'base'>,
  body: unknown = WANTED,
  headers: Record<string, string | string[]> = {},
): Promise<Answered> {
  return ask(base, '/api/calls', {
    method: 'POST',
    headers: {
      authorization: `Bearer ${API_TOKEN}`,
      'content-type': 'application/json',
      'idempotency-key': freshKey(),
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

/** Runs `body` with a gateway that makes calls over a simulated carrier, then checks that nothing private was written down. */
export async function withOutbound(
  options: Omit<NonNullable<Parameters<typeof startRig>[0]>, 'rest'> & { rest?: RestOptions },
  body: (rig: OutboundRig) => Promise<void>,
): Promise<void> {
  const rig = await startOutbound(options);
  try {
    await body(rig);
  } finally {
    await rig.close();
  }
}

export async function startOutbound(
  options: Omit<NonNullable<Parameters<typeof startRig>[0]>, 'rest'> & { rest?: RestOptions },
): Promise<OutboundRig> {
  const rig = await startRig({
    callee: () => answering(),
    ...options,
    env: { ...OUTBOUND_ENV, ...options.env },
    rest: { numbers: [{ phoneNumber: OWN_NUMBER }], ...options.rest },
  });
  rig.leaks.number(CALLEE);
  rig.leaks.secret(WANTED.context.appointment);
  const authorization = `Bearer ${API_TOKEN}`;
  const { rest } = rig;
  if (rest === undefined) throw new Error('The rig has no REST API.');
  const post: OutboundRig['post'] = (wanted, headers) => postCall(rig, wanted, headers);
  const read: OutboundRig['read'] = (id, method = 'GET') =>
    ask(rig.base, `/api/calls/${id}`, { method, headers: { authorization } });
  return Object.assign(rig, {
    rest,
    post,
    read,
    make: async (wanted: Record<string, unknown> = {}) => {
      const answer = await post({ ...WANTED, ...wanted });
      if (answer.status !== 202) throw new Error(`The call was refused with ${answer.status}: ${answer.text}`);
      return String(answer.json()['id']);
    },
    settled: async (id: string, status: string) => {
      let seen: Record<string, unknown> = {};
      for (let tries = 0; seen['status'] !== status; tries++) {
        if (tries > 2000) throw new Error(`The call is ${String(seen['status'])} and not ${status}.`);
        if (tries > 0) await new Promise((resolve) => void setTimeout(resolve, 15));
        seen = (await read(id)).json();
      }
      return seen;
    },
    made: () => rig.carrier.all.filter(({ isOutgoing }) => isOutgoing),
    counted: async (outcome: string) => {
      const text = await rig.running.metrics.text();
      return Number(new RegExp(`^gateway_outbound_calls_total\\{outcome="${outcome}"\\} (\\d+)$`, 'm').exec(text)?.[1]);
    },
  });
}

export { until };
