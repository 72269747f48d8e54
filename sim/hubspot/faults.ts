import type { RatePolicy } from './problem.js';

/** The kinds of requests that a fault can strike. */
export const FAULT_PLACES = ['any', 'search', 'contacts', 'tickets', 'notes', 'account'] as const;
export type FaultPlace = (typeof FAULT_PLACES)[number];

/**
 * With `hang` and `reset` the request has no effect. With `hang-after` and `reset-after` it has, but the client gets no
 * answer. With `malformed`, `no-id` and `status-after` it has, but the client cannot use the answer. With `lock` requests of
 * this kind get 423 for two seconds, with `moving` all requests get 477 for `seconds`.
 */
export type Fault =
  | { type: 'status' | 'status-after'; status: number }
  | { type: 'lock' }
  | { type: 'moving'; seconds: number }
  | { type: 'limit'; policy: RatePolicy; retryAfterSeconds?: number }
  | { type: 'hang' | 'hang-after' | 'reset' | 'reset-after' | 'malformed' | 'no-id' }
  | { type: 'slow'; delayMs: number };

interface Planned {
  place: FaultPlace;
  fault: Fault;
  times: number;
}

/** Planned faults that wait for their requests, in the order of planning. */
export class FaultQueue {
  private planned: Planned[] = [];

  plan(place: FaultPlace, fault: Fault, times = 1): void {
    this.planned.push({ place, fault, times });
  }

  clear(): void {
    this.planned = [];
  }

  take(place: FaultPlace): Fault | undefined {
    const next = this.planned.find((one) => one.place === place || one.place === 'any');
    if (next === undefined) return undefined;
    if (--next.times <= 0) this.planned = this.planned.filter((one) => one !== next);
    return next.fault;
  }
}

export const FAULT_USAGE = `A fault is PLACE=WHAT, or PLACE*TIMES=WHAT for several requests. Faults strike in the order given.
  PLACE  ${FAULT_PLACES.join(' | ')} (contacts, tickets, notes: their creation)
  WHAT   an HTTP status | STATUS-after | secondly | rolling | daily | lock | moving:SECONDS | hang | hang-after |
         reset | reset-after | malformed | no-id | slow:MS; “after” means that the request took effect

  --fault "any*3=503"          answers three requests with HTTP status 503
  --fault search=401           refuses the key
  --fault contacts=502-after   creates the contact, and answers with status 502
  --fault contacts=secondly    answers 429 for the limit of a second (rolling: of ten seconds; daily: of a day)
  --fault tickets=lock         answers 423 for two seconds
  --fault any=moving:5         answers every request with 477 for five seconds
  --fault tickets=hang         never answers, and creates nothing
  --fault tickets=hang-after   creates the ticket, and never answers
  --fault notes=reset          breaks the connection, and creates nothing
  --fault notes=reset-after    creates the note, and breaks the connection
  --fault search=malformed     answers with something that is not JSON
  --fault contacts=no-id       answers without the id of what it created
  --fault any=slow:3000        answers after three seconds`;

const POLICIES: Readonly<Record<string, RatePolicy>> = {
  secondly: 'SECONDLY',
  rolling: 'TEN_SECONDLY_ROLLING',
  daily: 'DAILY',
};

/** Parses a fault of a command line (see {@link FAULT_USAGE}). `undefined` if the text is not a fault. */
export function parseFault(text: string): { place: FaultPlace; fault: Fault; times: number } | undefined {
  const [, at, times = '1', what = '', delay] =
    /^([a-z]+)(?:\*(\d{1,6}))?=([a-z-]+|\d{3}(?:-after)?)(?::(\d{1,7}))?$/.exec(text) ?? [];
  const place = FAULT_PLACES.find((name) => name === at);
  const fault = faultNamed(what, delay);
  return place === undefined || fault === undefined ? undefined : { place, fault, times: Number(times) };
}

function faultNamed(what: string, delay: string | undefined): Fault | undefined {
  if (what === 'slow') return delay === undefined ? undefined : { type: 'slow', delayMs: Number(delay) };
  if (what === 'moving') return delay === undefined ? undefined : { type: 'moving', seconds: Number(delay) };
  if (delay !== undefined) return undefined;
  if (what === 'lock') return { type: 'lock' };
  const [, status, after] = /^([345]\d\d)(-after)?$/.exec(what) ?? [];
  if (status !== undefined) return { type: after === undefined ? 'status' : 'status-after', status: Number(status) };
  const policy = POLICIES[what];
  if (policy !== undefined) return { type: 'limit', policy };
  switch (what) {
    case 'hang':
    case 'hang-after':
    case 'reset':
    case 'reset-after':
    case 'malformed':
    case 'no-id':
      return { type: what };
    default:
      return undefined;
  }
}
