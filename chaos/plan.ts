import { type ConnectFault, ERROR_CLASSES, type FaultMoment } from '../sim/model/faults.js';
import { EXCEPTION_TYPES } from '../sim/nova/event-stream.js';
import type { NovaFault, PlannedNovaFault } from '../sim/nova/faults.js';
import { seeded } from '../sim/twilio/callbacks.js';
import type { LineCondition } from '../sim/twilio/caller-line.js';

// The plan of a chaos run, made from a seed: what each caller does, and which faults happen when.

/** What a caller does when it is their turn. */
export type CallerAct =
  | { type: 'speak'; text: string; ms: number }
  /** Begins `afterMs` after a sentence of the assistant has begun. */
  | { type: 'barge-in'; text: string; ms: number; afterMs: number }
  | { type: 'keys'; digits: string }
  | { type: 'silence'; ms: number };

export type CarrierFault =
  { type: 'drop' | 'stop' | 'garbage' } | { type: 'line'; condition: Exclude<LineCondition, 'clear'>; ms: number };

export type DialFault = 'busy' | 'failed' | 'no-answer' | 'dropping';

export interface CallPlan {
  number: number;
  /** Time at which the caller hangs up, unless the call has ended before. */
  hangUpMs: number;
  acts: readonly CallerAct[];
  /** Faults of each provider in the sessions of this call. */
  modelFaults: Readonly<Record<'openai' | 'nova', readonly PlannedNovaFault[]>>;
  withoutMulaw: 'ignored' | 'refused' | undefined;
  /** Faults of the line or the stream. `atMs` counts from the start of the call. */
  carrierFaults: readonly { atMs: number; fault: CarrierFault }[];
  /** What the agent's phone does with this caller's dials, in order. After them it answers. */
  dialFaults: readonly DialFault[];
  /** What the hook does that is asked before the call. */
  hook: HookAct;
}

/** `lies`: an answer that cannot be used, by its place in a list of them. */
export type HookAct =
  { type: 'knows' | 'silent' | 'down' } | { type: 'slow'; ms: number } | { type: 'lies'; which: number };

/** An event that affects all calls. */
export type Calamity =
  | { type: 'redis-killed' | 'redis-frozen'; ms: number }
  | { type: 'dynamodb'; how: StoreFault; ms: number }
  | { type: 'hubspot'; fault: string }
  | { type: 'receiver'; fault: string }
  | { type: 'receiver-down'; ms: number }
  | { type: 'rest-refuses'; times: number }
  | { type: 'no-connection'; ms: number }
  | { type: 'gateway-restarted' | 'gateway-killed'; which: number };

export const STORE_FAULTS = ['reset', 'error', 'throttled', 'slow', 'hung'] as const;
export type StoreFault = (typeof STORE_FAULTS)[number];

/** Languages of a run. The gateway has a voice of its own for English only, so in German it must do without. */
export const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

/** What callers say. The simulated models understand the key words, such as *order* and *bye*, in English only. */
const PHRASES: Readonly<Record<Language, { questions: readonly string[]; human: string; bye: string }>> = {
  en: {
    questions: [
      'What are your opening hours?',
      'Where is my order?',
      'My order number is four two.',
      'Can I send it back?',
    ],
    human: 'I want to speak to a human agent.',
    bye: 'That is all, goodbye.',
  },
  de: {
    questions: [
      'Wann haben Sie offen, open?',
      'Wo ist meine Order?',
      'Meine Nummer ist vier zwei.',
      'Kann ich das umtauschen?',
    ],
    human: 'Ich möchte mit einem Mitarbeiter sprechen.',
    bye: 'Das ist alles, bye.',
  },
};
const MS = { shortestCall: 4000, longestCall: 75_000 };

const REFUSAL_STATUSES = [400, 401, 403, 404, 429, 500, 503];

const LATER_FAULTS = [
  'close',
  'reset',
  'error',
  'failed-response',
  'blocked',
  'malformed',
  'unknown-event',
  'stall',
] as const;
const DIAL_FAULTS: readonly DialFault[] = ['busy', 'failed', 'no-answer', 'dropping'];

const HUBSPOT_FAULTS = [
  'any*5=503',
  'any*3=429',
  'search=secondly',
  'any*2=rolling',
  'any=daily',
  'tickets=hang',
  'tickets=hang-after',
  'contacts=reset',
  'notes=reset-after',
  'any=malformed',
  'any*3=slow:4000',
  'any=401',
];

/** What the receiver of call events does with the next requests. */
const RECEIVER_FAULTS = [
  'status:500*6',
  'status:429*3',
  'redirect*2',
  'reset*6',
  'lost*4',
  'late:4000*4',
  'late:12000*2',
  'hang*3',
];

type Random = () => number;

/** Returns the plan of one call. It depends on seed, number and language alone. */
export function planCall(seed: number, number: number, language: Language = 'en'): CallPlan {
  const random = seeded(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b));
  // Short calls are more frequent than long ones.
  const hangUpMs = between(random, MS.shortestCall, MS.longestCall * (0.3 + 0.7 * random()));
  return {
    number,
    hangUpMs,
    acts: Array.from({ length: 12 }, () => act(random, language)),
    modelFaults: { openai: modelFaults(random, 'openai'), nova: modelFaults(random, 'nova') },
    withoutMulaw: random() < 0.03 ? pick(random, ['ignored', 'refused'] as const) : undefined,
    carrierFaults: random() < 0.35 ? carrierFaults(random, hangUpMs) : [],
    dialFaults: random() < 0.4 ? listOf(random, 3, () => pick(random, DIAL_FAULTS)) : [],
    hook: hookAct(random),
  };
}

/** Yields calamities in order, each with the pause before it. */
export function* calamities(seed: number): Generator<{ pauseMs: number; calamity: Calamity }> {
  const random = seeded(seed ^ 0x5bd1e995);
  for (;;) yield { pauseMs: between(random, 4000, 14_000), calamity: calamity(random) };
}

/** Returns the names under which the faults of a plan are counted. */
export function kindsOf(plan: CallPlan): string[] {
  const ofModels = (['openai', 'nova'] as const).flatMap((model) =>
    plan.modelFaults[model].map(({ fault }) => `${model}: ${nameOf(fault)}`),
  );
  const ofCarrier = plan.carrierFaults.map(({ fault }) =>
    fault.type === 'line' ? `line: ${fault.condition}` : `stream: ${fault.type}`,
  );
  const mulaw = plan.withoutMulaw === undefined ? [] : [`openai: mu-law ${plan.withoutMulaw}`];
  const { hook } = plan;
  const ofHook = hook.type === 'knows' ? [] : [`hook: ${hook.type}`];
  return [...ofModels, ...mulaw, ...ofCarrier, ...plan.dialFaults.map((fault) => `dial: ${fault}`), ...ofHook];
}

function nameOf(fault: NovaFault | ConnectFault): string {
  if ('status' in fault) return `refused with ${fault.status}`;
  if ('class' in fault) return `${fault.type} ${fault.class}`;
  return 'exception' in fault ? fault.exception : fault.type;
}

function act(random: Random, language: Language): CallerAct {
  const { bye, human, questions } = PHRASES[language];
  const text = random() < 0.1 ? human : random() < 0.05 ? bye : pick(random, questions);
  const ms = between(random, 300, 2500);
  const roll = random();
  if (roll < 0.6) return { type: 'speak', text, ms };
  if (roll < 0.8) return { type: 'barge-in', text, ms, afterMs: between(random, 100, 2000) };
  if (roll < 0.88) return { type: 'keys', digits: random() < 0.3 ? '0' : '42#' };
  return { type: 'silence', ms: between(random, 1000, 40_000) };
}

function modelFaults(random: Random, model: 'openai' | 'nova'): PlannedNovaFault[] {
  const roll = random();
  if (roll < 0.5) return [];
  const which = random() < 0.85 ? { session: 1 + Math.floor(random() * 2) } : {};
  if (roll < 0.62) return [{ when: { at: 'connect' }, fault: connectFault(random), ...which }];
  return listOf(
    random,
    2,
    () => ({ when: moment(random), fault: laterFault(random, model), ...which }) as PlannedNovaFault,
  );
}

function connectFault(random: Random): ConnectFault {
  const type = pick(random, ['refuse', 'refuse', 'silent', 'reset'] as const);
  return type === 'refuse' ? { type, status: pick(random, REFUSAL_STATUSES) } : { type };
}

function moment(random: Random): FaultMoment {
  const turn = 1 + Math.floor(random() * 3);
  switch (pick(random, ['turn', 'session', 'answer'] as const)) {
    case 'turn':
      return { at: 'turn', turn };
    case 'session':
      return { at: 'session', ms: between(random, 0, 30_000) };
    case 'answer':
      return { at: 'answer', ms: between(random, 0, 3000), turn };
  }
}

function laterFault(random: Random, model: 'openai' | 'nova'): NovaFault {
  if (model === 'nova' && random() < 0.4) {
    const type = pick(random, ['exception', 'exception', 'instability', 'rst-stream', 'stop-reading'] as const);
    return type === 'exception' ? { type, exception: pick(random, EXCEPTION_TYPES) } : { type };
  }
  const type = pick(random, LATER_FAULTS);
  switch (type) {
    case 'close':
      return { type, code: pick(random, [1000, 1001, 1011]) };
    case 'error':
    case 'failed-response':
      return { type, class: pick(random, ERROR_CLASSES) };
    default:
      return { type };
  }
}

function hookAct(random: Random): HookAct {
  const roll = random();
  if (roll < 0.5) return { type: 'knows' };
  if (roll < 0.6) return { type: 'silent' };
  if (roll < 0.7) return { type: 'down' };
  if (roll < 0.85) return { type: 'slow', ms: between(random, 200, 3000) };
  return { type: 'lies', which: between(random, 0, 100) };
}

function carrierFaults(random: Random, callMs: number): CallPlan['carrierFaults'] {
  return listOf(random, 3, () => ({ atMs: between(random, 500, callMs), fault: carrierFault(random) }));
}

function carrierFault(random: Random): CarrierFault {
  if (random() < 0.5) return { type: pick(random, ['drop', 'drop', 'stop', 'garbage'] as const) };
  const condition = pick(random, ['gaps', 'stalled', 'congested', 'frozen'] as const);
  return { type: 'line', condition, ms: between(random, 300, 8000) };
}

function calamity(random: Random): Calamity {
  const roll = random();
  if (roll < 0.12) return { type: 'redis-killed', ms: between(random, 500, 4000) };
  if (roll < 0.24) return { type: 'redis-frozen', ms: between(random, 200, 1500) };
  if (roll < 0.5) return { type: 'dynamodb', how: pick(random, STORE_FAULTS), ms: between(random, 1000, 9000) };
  if (roll < 0.6) return { type: 'hubspot', fault: pick(random, HUBSPOT_FAULTS) };
  if (roll < 0.67) return { type: 'receiver', fault: pick(random, RECEIVER_FAULTS) };
  if (roll < 0.7) return { type: 'receiver-down', ms: between(random, 2000, 60_000) };
  if (roll < 0.82) return { type: 'rest-refuses', times: 1 + Math.floor(random() * 3) };
  if (roll < 0.9) return { type: 'no-connection', ms: between(random, 100, 2000) };
  const type = roll < 0.95 ? 'gateway-restarted' : 'gateway-killed';
  return { type, which: Math.floor(random() * 2) };
}

function between(random: Random, from: number, to: number): number {
  return Math.round(from + random() * (to - from));
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T;
}

function listOf<T>(random: Random, most: number, make: () => T): T[] {
  return Array.from({ length: 1 + Math.floor(random() * most) }, make);
}
