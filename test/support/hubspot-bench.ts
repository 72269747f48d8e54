import assert from 'node:assert/strict';
import { HubSpotSim, type HubSpotSimOptions } from '../../sim/hubspot/server.js';
import type { Clock } from '../../src/base/clock.js';
import {
  type CrmCase,
  type CrmFindings,
  type CrmOutcome,
  HubSpot,
  type HubSpotOptions,
} from '../../src/crm/hubspot.js';
import { createLogger } from '../../src/telemetry/log.js';
import { until } from './rig.js';
import { scaledClock } from './scaled-clock.js';

export const KEY = 'pat-test-3f0c';
export const PHONE = '+12025550123';

/** A simulated HubSpot account, and the part of the gateway that writes to it. */
export interface Bench {
  sim: HubSpotSim;
  crm: HubSpot;
  outcomes: CrmOutcome[];
  /** When the simulator received each request, and to which endpoint. */
  times: { place: string; atMs: number }[];
  log: string[];
  /** Begins a case. Returns an object that collects what `tell` receives. */
  begin(more?: Partial<CrmCase>): CrmFindings;
  ended(count?: number): Promise<void>;
}

/** Runs `body` on a bench, and looks for what is private in the log. */
export async function withHubSpot(
  options: { sim?: HubSpotSimOptions; crm?: Partial<HubSpotOptions>; clock?: Clock },
  body: (bench: Bench) => Promise<void>,
): Promise<void> {
  const { clock = scaledClock(40) } = options;
  const times: Bench['times'] = [];
  const sim = await new HubSpotSim({
    clock,
    keys: [KEY],
    onRequest: ({ place }) => times.push({ place, atMs: clock.now() }),
    ...options.sim,
  }).start();
  const outcomes: CrmOutcome[] = [];
  const crm = new HubSpot({
    baseUrl: sim.url,
    accessToken: KEY,
    apiVersion: '2026-03',
    pipeline: '0',
    stage: '1',
    clock,
    count: (outcome) => outcomes.push(outcome),
    ...options.crm,
  });
  const log: string[] = [];
  const logger = createLogger({ level: 'trace', destination: { write: (line: string) => void log.push(line) } });
  let cases = 0;
  const bench: Bench = {
    sim,
    crm,
    outcomes,
    times,
    log,
    begin: (more = {}) => {
      const told: CrmFindings = {};
      const number = ++cases;
      crm.begin({
        conversationId: `c0ffee${number}`,
        handoverId: `01J${number}`,
        customerPhone: PHONE,
        reason: 'billing',
        intent: 'billing',
        priority: '5',
        language: 'en-US',
        summary: 'Caller: I was charged <twice>.',
        tell: (found) => Promise.resolve(Boolean(Object.assign(told, found))),
        log: logger,
        ...more,
      });
      return told;
    },
    ended: (count = 1) => until(() => outcomes.length >= count, 'the end of the case'),
  };
  try {
    await body(bench);
    assert.doesNotMatch(log.join(), /5550123|pat-test|charged/, 'nothing private in the log');
  } finally {
    await crm.close();
    await sim.close();
  }
}

/** Whole seconds between the requests to one endpoint. */
export function gaps({ times }: Bench, place: string): number[] {
  const at = times.filter((one) => one.place === place).map((one) => one.atMs);
  return at.slice(1).map((ms, index) => Math.floor((ms - (at[index] ?? 0)) / 1000));
}
