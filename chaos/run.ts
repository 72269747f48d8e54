import { sleep } from '../src/base/clock.js';
import { CONNECTION_OVERRIDES } from '../src/call/paths.js';
import { FALLBACK_URL } from '../test/support/fallback-edge.js';
import { scaledClock } from '../test/support/scaled-clock.js';
import { liveThrough } from './caller.js';
import { Judge, type Verdict } from './judge.js';
import { ModelLine } from './model-line.js';
import { calamities, kindsOf, planCall } from './plan.js';
import { type Resources, takeStock } from './resources.js';
import { World } from './world.js';

export interface ChaosOptions {
  seed: number;
  calls: number;
  concurrent: number;
  direct: boolean;
  /** Two gateways with a Redis between; else one alone. */
  isShared: boolean;
  /** Only this call, and nothing that befalls everybody. */
  only?: number | undefined;
  speed: number;
  /** The gateway that is asked first. */
  askedFirst?: number;
  onProgress?: (done: number, violations: number) => void;
}

export interface JudgedCall extends Verdict {
  number: number;
  faults: readonly string[];
}

export interface ChaosReport {
  calls: readonly JudgedCall[];
  calamities: ReadonlyMap<string, number>;
  errors: ReadonlyMap<string, number>;
  /** Voice sessions that the gateways lost, as they count it. */
  lostSessions: number;
  contexts: number;
  /** How often Twilio asked the number's fallback; and how often although nothing had befallen the gateways. */
  fallbacks: { asked: number; needless: number };
  resources: readonly Resources[];
  callTimeMs: number;
  realMs: number;
}

const CHECK_MS = 100;
/** Everything is in this process, which is busy: when a gateway is killed, many things at once need many of its turns. */
const MAX_JUMP_MS = 15;
/**
 * An ended call is remembered for a minute; one that went on elsewhere is found out after two, or what Redis needs. Whose end went
 * with a gateway that died is found out by asking Twilio, again if need be.
 */
const AFTERMATH_MS = 1_300_000;
const SETTLED_AFTER_MS = 10_000;

/** Calls with everything that can happen to them, and a judge on each. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { concurrent, direct, isShared, only, seed, speed } = options;
  const clock = scaledClock(speed, MAX_JUMP_MS);
  const judges = new Map<string, Judge>();
  /** The same judges, by the caller's number. */
  const callers = new Map<string, Judge>();
  const world: World = await World.start({
    seed,
    direct,
    isShared,
    clock,
    askedFirst: options.askedFirst ?? 0,
    onEvent: (event) => judges.get(event.callSid)?.note(event),
    onScreen: (screen) => {
      const judge = callers.get(screen.customerNumber);
      judge?.agentSees(screen.attributes, (sinceMs) => world.wasWellSince(sinceMs));
    },
  });
  const startedMs = clock.now();
  const startedRealMs = performance.now();
  const calls: JudgedCall[] = [];
  const befallen = new Map<string, number>();
  const resources: Resources[] = [];
  const phase = { isRunning: true, isStormy: true };
  const watching = (async () => {
    while (phase.isRunning) {
      await sleep(clock, CHECK_MS);
      for (const judge of judges.values()) judge.check();
    }
  })();

  const placeOne = async (number: number): Promise<void> => {
    const plan = planCall(seed, number);
    const from = `+1202${5_000_000 + number}`;
    const line = await ModelLine.start(plan, clock);
    world.lines.set(from, line);
    world.dialFaults.set(from, [...plan.dialFaults]);
    const call = world.carrier.placeCall({
      from,
      to: '+12065550199',
      voiceUrl: world.voiceUrl('/twilio/voice') + CONNECTION_OVERRIDES,
      fallbackUrl: FALLBACK_URL,
      statusCallback: world.voiceUrl('/twilio/call-status'),
    });
    const judge = new Judge(call, clock);
    judges.set(call.callSid, judge);
    callers.set(from, judge);
    liveThrough(plan, call, judge, line);
    await call.whenEnded();
    // What the gateways still do about it they do with their models.
    await sleep(clock, 3000);
    judges.delete(call.callSid);
    callers.delete(from);
    world.lines.delete(from);
    world.dialFaults.delete(from);
    await line.close();
    const { verdict } = judge;
    // The carrier remembers a thousand calls for REST; they need not remember who listened.
    call.removeAllListeners();
    call.mediaStream = undefined;
    calls.push({
      ...verdict,
      // Only what somebody will read.
      story: verdict.violations.length > 0 || only !== undefined ? verdict.story : [],
      number,
      faults: kindsOf(plan),
    });
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
      befallen.set(kind, (befallen.get(kind) ?? 0) + 1);
      await world.befall(calamity);
    }
  })();

  const settle = async (at: string): Promise<void> => {
    await world.carrier.whenIdle();
    await clock.skip(AFTERMATH_MS);
    // What was to happen then takes the machine a moment, and the pauses of a journal that found time to jump are over.
    await sleep(clock, SETTLED_AFTER_MS);
    resources.push(await takeStock(at, clock.timers, world.activeCalls));
  };

  try {
    resources.push(await takeStock('before', clock.timers, 0));
    const numbers = only === undefined ? Array.from({ length: options.calls }, (_, number) => number) : [only];
    // The first calls load what stays: code, pools, buffers.
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
    return {
      calls: calls.toSorted((a, b) => a.number - b.number),
      calamities: befallen,
      errors: world.errors,
      lostSessions: await world.lostSessions(),
      contexts: world.screens.filter(({ attributes }) => attributes['token_status'] === 'valid').length,
      fallbacks: world.fallbacks,
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
