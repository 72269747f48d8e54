import { sleep } from '../src/base/clock.js';
import { CONNECTION_OVERRIDES } from '../src/call/paths.js';
import { FALLBACK_URL } from '../test/support/fallback-edge.js';
import { scaledClock } from '../test/support/scaled-clock.js';
import { playCaller } from './caller.js';
import { growth } from './growth.js';
import { Judge, type Verdict } from './judge.js';
import { CallModels } from './call-models.js';
import { type Language, calamities, kindsOf, planCall } from './plan.js';
import { type Resources, takeStock } from './resources.js';
import { ToldEvents } from './told-events.js';
import { World } from './world.js';

// A chaos run: it places the calls, lets calamities happen and collects the verdicts.

export interface ChaosOptions {
  seed: number;
  calls: number;
  concurrent: number;
  direct: boolean;
  language?: Language;
  /** Whether two gateways share a Redis. If false, there is one gateway without Redis. */
  isShared: boolean;
  /** Number of the only call to run, without calamities. */
  only?: number | undefined;
  speed: number;
  /** Index of the gateway that answers the first request. */
  askedFirst?: number;
  onProgress?: (done: number, violations: number) => void;
}

export interface JudgedCall extends Omit<Verdict, 'violations' | 'story'> {
  number: number;
  faults: readonly string[];
  /** Those of the events come once the run has settled. */
  violations: readonly string[];
  story: readonly string[];
}

export interface ChaosReport {
  calls: readonly JudgedCall[];
  calamities: ReadonlyMap<string, number>;
  errors: ReadonlyMap<string, number>;
  /** Voice sessions lost, by the gateways' own count. */
  lostSessions: number;
  /** Number of times a caller was passed to another assistant. */
  passedOn: number;
  contexts: number;
  /** Requests to the number's fallback, and how many of them came without a calamity. */
  fallbacks: { asked: number; needless: number };
  /** What the operator's own systems had to refuse. */
  refusals: readonly string[];
  resources: readonly Resources[];
  callTimeMs: number;
  realMs: number;
}

const CHECK_MS = 100;
/** Maximum step of the clock. Small, because all parts share this process, and a killed gateway needs many turns of its loop. */
const MAX_JUMP_MS = 15;
/**
 * Call time after the last call until no gateway should hold one. A gateway remembers an ended call for a minute. It finds out
 * about a call that was resumed elsewhere after two minutes, or when Redis is back. If the report of an end was lost with a killed
 * gateway, another one asks Twilio, repeatedly if need be.
 */
const AFTERMATH_MS = 1_300_000;
const SETTLED_AFTER_MS = 10_000;
/** How often events of calls that are still to come are waited for, and how long each time. */
const WAITS_FOR_EVENTS = 20;
const WAIT_FOR_EVENTS_MS = 60_000;
/** Maximum number of further measures of a process that has grown, and the machine's time between two. */
const MAX_STOCKS = 24;
const BETWEEN_STOCKS_MS = 5000;

/** Runs calls with every fault there is, and a judge on each call. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { concurrent, direct, isShared, language = 'en', only, seed, speed } = options;
  const clock = scaledClock(speed, MAX_JUMP_MS);
  const judges = new Map<string, Judge>();
  /** The same judges, by the caller's number. */
  const callers = new Map<string, Judge>();
  let passedOn = 0;
  const told = new ToldEvents();
  const world: World = await World.start({
    seed,
    direct,
    language,
    isShared,
    clock,
    askedFirst: options.askedFirst ?? 0,
    onEvent: (event) => {
      if (event.type === 'assistant') passedOn++;
      judges.get(event.callSid)?.note(event);
    },
    onTold: (event) => told.take(event),
    onScreen: (screen) => {
      const judge = callers.get(screen.customerNumber);
      judge?.agentSees(screen.attributes, (sinceMs) => world.wasWellSince(sinceMs));
    },
  });
  const startedMs = clock.now();
  const startedRealMs = performance.now();
  const calls: JudgedCall[] = [];
  /** Calls whose events are not judged yet. */
  const untold: { call: JudgedCall; callSid: string; startedMs: number; endedMs: number }[] = [];
  const happened = new Map<string, number>();
  const resources: Resources[] = [];
  const phase = { isRunning: true, isStormy: true };
  const watching = (async () => {
    while (phase.isRunning) {
      await sleep(clock, CHECK_MS);
      for (const judge of judges.values()) judge.check();
    }
  })();

  const placeOne = async (number: number): Promise<void> => {
    const plan = planCall(seed, number, language);
    const from = `+1202${5_000_000 + number}`;
    const models = await CallModels.start(plan, clock);
    world.models.set(from, models);
    world.dialFaults.set(from, [...plan.dialFaults]);
    world.operator.acts.set(from, plan.hook);
    const placedMs = clock.now();
    const call = world.carrier.placeCall({
      from,
      to: '+12065550199',
      voiceUrl: world.voiceUrl('/twilio/voice') + CONNECTION_OVERRIDES,
      fallbackUrl: FALLBACK_URL,
      statusCallback: world.voiceUrl('/twilio/call-status'),
    });
    const judge = new Judge(call, clock);
    models.onAnswer = (assistant) => judge.assistant.answered(assistant);
    judges.set(call.callSid, judge);
    callers.set(from, judge);
    told.expect(call.callSid);
    playCaller(plan, call, judge, models);
    await call.whenEnded();
    const endedMs = clock.now();
    // The gateways still use the call's models while they finish.
    await sleep(clock, 3000);
    judges.delete(call.callSid);
    callers.delete(from);
    world.models.delete(from);
    world.dialFaults.delete(from);
    world.operator.acts.delete(from);
    await models.close();
    const { verdict } = judge;
    // The carrier keeps a thousand calls for REST. Their listeners would keep judges and streams alive.
    call.removeAllListeners();
    call.mediaStream = undefined;
    const judged = { ...verdict, number, faults: kindsOf(plan) };
    calls.push(judged);
    untold.push({ call: judged, callSid: call.callSid, startedMs: placedMs, endedMs });
    options.onProgress?.(calls.length, calls.filter(({ violations }) => violations.length > 0).length);
  };

  const place = async (numbers: readonly number[]): Promise<void> => {
    const waiting = [...numbers];
    const worker = async (): Promise<void> => {
      for (let number = waiting.shift(); number !== undefined; number = waiting.shift()) await placeOne(number);
    };
    await Promise.all(Array.from({ length: concurrent }, worker));
  };

  const storm = (async () => {
    if (only !== undefined) return;
    for (const { calamity, pauseMs } of calamities(seed)) {
      await sleep(clock, pauseMs);
      if (!phase.isStormy) return;
      const kind =
        'how' in calamity
          ? `${calamity.type} ${calamity.how}`
          : 'fault' in calamity
            ? `${calamity.type} ${calamity.fault}`
            : calamity.type;
      happened.set(kind, (happened.get(kind) ?? 0) + 1);
      await world.inflict(calamity);
    }
  })();

  /** Waits until the receiver was told of every call, and judges that. Keeps only the stories that will be printed. */
  const judgeTold = async (): Promise<void> => {
    // What a calamity may have lost is not waited for.
    const isLate = ({ call, callSid, ...times }: (typeof untold)[number]): boolean =>
      told.isUntold(callSid, call.outcome !== undefined) && !world.mayHaveLostEvents(times);
    for (let waits = 0; waits < WAITS_FOR_EVENTS && untold.some(isLate); waits++) {
      await clock.skip(WAIT_FOR_EVENTS_MS);
      await sleep(clock, SETTLED_AFTER_MS);
    }
    for (const { call, callSid, ...times } of untold.splice(0)) {
      const found = told.judge(callSid, call.outcome !== undefined, world.wasRedisAway(times));
      world.operator.forget(callSid);
      if (!world.mayHaveLostEvents(times)) call.violations = [...call.violations, ...found];
      if (call.violations.length === 0 && only === undefined) call.story = [];
    }
  };

  const settle = async (at: string): Promise<void> => {
    await world.carrier.whenIdle();
    await clock.skip(AFTERMATH_MS);
    // Work that fell due takes real time, and a journal that backed off after the jump needs to retry.
    await sleep(clock, SETTLED_AFTER_MS);
    await judgeTold();
    resources.push(await takeStock(at, clock.timers, world.activeCalls));
  };

  try {
    resources.push(await takeStock('before', clock.timers, 0));
    const numbers = only === undefined ? Array.from({ length: options.calls }, (_, number) => number) : [only];
    // The first part loads what stays in memory: code, pools, buffers.
    const parts =
      only === undefined
        ? [
            numbers.slice(0, numbers.length / 4),
            numbers.slice(numbers.length / 4, numbers.length / 2),
            numbers.slice(numbers.length / 2),
          ]
        : [numbers];
    for (const [index, part] of parts.entries()) {
      await place(part);
      await settle(index === parts.length - 1 ? 'after' : `after ${calls.length} calls`);
    }
    // Connections and answers on their way hold up to 30 MB for a while. What a leak holds stays.
    for (let tries = 0; tries < MAX_STOCKS && growth({ calls, resources }).length > 0; tries++) {
      await new Promise((resolve) => {
        setTimeout(resolve, BETWEEN_STOCKS_MS);
      });
      resources[resources.length - 1] = await takeStock('after', clock.timers, world.activeCalls);
    }
    return {
      calls: calls.toSorted((a, b) => a.number - b.number),
      calamities: happened,
      errors: world.errors,
      lostSessions: await world.lostSessions(),
      passedOn,
      contexts: world.screens.filter(({ attributes }) => attributes['token_status'] === 'valid').length,
      fallbacks: world.fallbacks,
      refusals: world.operator.refusals,
      resources,
      callTimeMs: clock.now() - startedMs,
      realMs: performance.now() - startedRealMs,
    };
  } finally {
    phase.isStormy = false;
    await storm;
    phase.isRunning = false;
    await watching;
    await world.close();
  }
}
