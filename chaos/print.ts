import { quantile } from '../bench/quantile.js';
import type { Paint } from '../src/base/terminal.js';
import type { ChaosReport } from './run.js';
import type { Resources } from './resources.js';

// The report of a chaos run, and the checks on the run as a whole.

/** Maximum heap kept for each call between middle and end, the records in the embedded stores included. */
const MAX_KEPT_KB = 24;
/** Minimum numbers of calls to judge growth. Below a thousand calls the heap has not reached its working size. */
const ENOUGH_CALLS = 200;
const ENOUGH_FOR_HEAP = 1000;
/** Tolerance for handles and timers: the run has a few of its own, and pools vary. */
const SLACK = 8;
/** Beginnings of error messages that only a fault of the gateway itself causes. */
const OWN_FAULTS = ['webhook failed', 'request failed', 'a processor failed', 'a message of a stream'];

/** Prints a report. Returns whether there was no violation. */
export function printReport(
  report: ChaosReport,
  { direct, isStoryTold, paint, seed }: { seed: number; direct: boolean; isStoryTold: boolean; paint: Paint },
): boolean {
  const { calls, callTimeMs, realMs } = report;
  const silences = calls.map(({ longestSilenceMs }) => longestSilenceMs);
  console.log(
    `${calls.length} calls, seed ${seed}, ${direct ? 'direct bridge' : 'pipeline'}; ` +
      `${(callTimeMs / 60_000).toFixed(1)} minutes of call time in ${(realMs / 1000).toFixed(0)} s`,
  );
  console.log(`ends: ${counted(calls.map(({ end }) => end))}`);
  console.log(`outcomes: ${counted(calls.map(({ outcome }) => outcome ?? 'none'))}`);
  console.log(`planned for calls: ${counted(calls.flatMap(({ faults }) => faults))}`);
  console.log(`calamities: ${[...report.calamities].map(([kind, count]) => `${kind} ${count}`).join(', ')}`);
  console.log(`voice sessions lost: ${report.lostSessions}; agents with the context on the screen: ${report.contexts}`);
  console.log(`requests to the number's fallback: ${report.fallbacks.asked}`);
  console.log(
    `errors logged: ${[...report.errors].map(([message, count]) => `${message} ${count}`).join('; ') || 'none'}`,
  );
  console.log(
    `longest silence of a call, ms: median ${quantile(silences, 0.5).toFixed(0)}, p99 ${quantile(silences, 0.99).toFixed(0)}, worst ${Math.max(...silences).toFixed(0)}`,
  );
  for (const { activeCalls, at, handles, heapKb, processListeners, rssKb, timers } of report.resources) {
    const open = Object.entries(handles).map(([kind, count]) => `${kind} ${count}`);
    console.log(
      `${at}: heap ${heapKb} kB, rss ${rssKb} kB, calls ${activeCalls}, timers ${timers}, process listeners ${processListeners}, ${open.join(', ')}`,
    );
  }
  const leaks = [...growth(report), ...ownFaults(report), ...needless(report)];
  const violated = calls.filter(({ violations }) => violations.length > 0);
  for (const leak of leaks) console.log(`${paint('red', 'VIOLATION')}: ${leak}`);
  for (const { faults, number, story, violations } of violated) {
    console.log(
      `${paint('red', 'VIOLATION')} in call ${number}: ${violations.join('; ')} (${faults.join(', ') || 'no fault of its own'})`,
    );
    for (const line of story) console.log(`    ${line}`);
    console.log(`    npm run chaos -- --seed ${seed}${direct ? ' --direct' : ''} --only ${number}`);
  }
  if (isStoryTold && violated.length === 0) for (const { story } of calls) console.log(story.join('\n'));
  console.log(violated.length + leaks.length === 0 ? 'no violation' : `calls with a violation: ${violated.length}`);
  return violated.length + leaks.length === 0;
}

/** Returns a violation if Twilio requested the fallback while the gateways should have answered. */
export function needless({ fallbacks }: Pick<ChaosReport, 'fallbacks'>): string[] {
  const { needless: count } = fallbacks;
  return count > 0 ? [`Twilio requested the fallback ${count} times without a calamity`] : [];
}

/** Returns what grew from the middle of the run to its end. */
export function growth({ calls, resources }: Pick<ChaosReport, 'calls' | 'resources'>): string[] {
  const [, , middle, after] = resources;
  if (middle === undefined || after === undefined || calls.length < ENOUGH_CALLS) return [];
  const found: string[] = [];
  const keptKb = (after.heapKb - middle.heapKb) / (calls.length / 2);
  if (globalThis.gc !== undefined && calls.length >= ENOUGH_FOR_HEAP && keptKb > MAX_KEPT_KB)
    found.push(`${keptKb.toFixed(1)} kB of heap kept for each call`);
  if (after.activeCalls > 0)
    found.push(`calls that have ended and are still active in a gateway: ${after.activeCalls}`);
  if (after.timers > middle.timers + SLACK) found.push(`timers: ${middle.timers}, then ${after.timers}`);
  if (after.processListeners > middle.processListeners) found.push('listeners on the process');
  for (const kind of kindsIn([middle, after])) {
    const [before = 0, now = 0] = [middle.handles[kind], after.handles[kind]];
    if (now > before + SLACK) found.push(`${kind}: ${before}, then ${now}`);
  }
  return found;
}

/** Returns the gateway's own faults. They count as violations, although their callers go to an agent. */
export function ownFaults({ errors }: Pick<ChaosReport, 'errors'>): string[] {
  return [...errors]
    .filter(([message]) => OWN_FAULTS.some((start) => message.startsWith(start)))
    .map(([message, count]) => `a fault of the gateway's own, ${count} times: ${message}`);
}

function kindsIn(resources: readonly Resources[]): Set<string> {
  return new Set(resources.flatMap(({ handles }) => Object.keys(handles)));
}

function counted(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}
