import type { Fault } from '../sim/hubspot/faults.js';
import { HubSpotSim } from '../sim/hubspot/server.js';
import { systemClock } from '../src/base/clock.js';
import { Scene, silent } from '../test/support/handover-scene.js';
import { Hearing } from '../test/support/model-rig.js';
import { type Rig, startRig, until } from '../test/support/rig.js';
import { median, quantile } from './support/quantile.js';
import { redemptions } from './redemptions.js';

// The section `handover`: how long a caller waits for the dial, and how tokens hold against load and guesses.

const ROUNDS = 50;
/** Maximum time for all rounds. On a slow machine fewer rounds are done. */
const LIMIT_MS = 70_000;
const KEY = 'pat-na1-of-the-benchmark';
const FOREVER = 1_000_000;

/** The states of HubSpot, each with the fault of every request. */
const STATES: readonly [name: string, fault: Fault | undefined][] = [
  ['off', undefined],
  ['healthy', undefined],
  ['hanging', { type: 'hang' }],
  ['429', { type: 'limit', policy: 'SECONDLY' }],
  ['500', { type: 'status', status: 500 }],
];

interface Bench {
  name: string;
  rig: Rig;
  hubspot: HubSpotSim;
  tookMs: number[];
}

/** Measures how long a caller who asks for an agent waits for the dial in each state of HubSpot; then the redemptions. */
export async function handover(): Promise<void> {
  const benches: Bench[] = [];
  const startedMs = performance.now();
  try {
    for (const [name, fault] of STATES) benches.push(await open(name, fault));
    // The first call of a process runs cold and is not counted.
    await Promise.all(benches.map(({ rig }) => phraseToDialMs(rig)));
    for (let round = 0; round < ROUNDS && performance.now() - startedMs < LIMIT_MS; round++) {
      // All at once, so that disturbances of the machine meet all of them alike.
      await Promise.all(benches.map(async ({ rig, tookMs }) => tookMs.push(await phraseToDialMs(rig))));
    }
    print(benches);
  } finally {
    for (const { hubspot, rig } of benches) {
      await rig.close();
      await hubspot.close();
    }
  }
  await redemptions();
}

async function open(name: string, fault: Fault | undefined): Promise<Bench> {
  const hubspot = await new HubSpotSim({ clock: systemClock, keys: [KEY] }).start();
  if (fault !== undefined) hubspot.faults.plan('any', fault, FOREVER);
  const isOn = String(name !== 'off');
  const rig = await startRig({
    clock: systemClock,
    phone: silent,
    env: { LOG_LEVEL: 'info', ENABLE_HUBSPOT: isOn, HUBSPOT_BASE_URL: hubspot.url, HUBSPOT_ACCESS_TOKEN: KEY },
  });
  return { name, rig, hubspot, tookMs: [] };
}

/**
 * Measures the time from the final transcript of the request to the arrival of TwiML with `<Dial>` at the carrier, less the
 * length of the goodbye.
 */
async function phraseToDialMs(rig: Rig): Promise<number> {
  const scene = new Scene(rig);
  const hearing = new Hearing(scene.call);
  let dialledMs = 0;
  scene.call.on('twiml', (_request, verbs) => {
    if (verbs.some(({ name }) => name === 'Dial')) dialledMs = performance.now();
  });
  await scene.talking();
  await until(() => hearing.loudMs > 0 && hearing.quietMs >= 100, 'the end of the greeting');
  const heardMs = hearing.loudMs;
  const saidMs = performance.now();
  rig.provider.last.callerSays('I want to speak to a human agent.');
  await until(() => dialledMs > 0, 'the dial');
  const goodbyeMs = hearing.loudMs - heardMs;
  if (goodbyeMs === 0) throw new Error('No goodbye was heard.');
  scene.call.hangup();
  await scene.ends('caller_hung_up');
  return dialledMs - saidMs - goodbyeMs;
}

function print(benches: readonly Bench[]): void {
  console.log(
    'From "I want to speak to a human agent" to <Dial>, less the goodbye, in ms; scripted model, five calls at a time.',
  );
  console.log(
    'Later than off: the median of the differences within a round, and the difference of the p95 over all rounds.',
  );
  console.log(
    '| HubSpot | n | median | p95 | worst | later than off, median | p95 | requests to HubSpot |\n|---|---|---|---|---|---|---|---|',
  );
  const off = benches[0]?.tookMs ?? [];
  for (const { hubspot, name, tookMs } of benches) {
    const laterMs = tookMs.map((ms, round) => ms - (off[round] ?? Number.NaN));
    const p95 = quantile(tookMs, 0.95);
    const figures = [median(tookMs), p95, Math.max(...tookMs), median(laterMs), p95 - quantile(off, 0.95)];
    const cells = [name, tookMs.length, ...figures.map((ms) => ms.toFixed(1)), hubspot.requests.length];
    console.log(`| ${cells.join(' | ')} |`);
  }
}
