import { quantile } from '../bench/support/quantile.js';
import type { Paint } from '../src/base/terminal.js';
import { growth } from './growth.js';
import type { ChaosReport } from './run.js';

// The report of a chaos run, and the checks on the run as a whole.

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
  const leaks = [...growth(report), ...ownFaults(report), ...needless(report), ...refused(report)];
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

/** Returns a violation if the operator's own systems had to refuse something, because it was not signed or not as promised. */
export function refused({ refusals }: Pick<ChaosReport, 'refusals'>): string[] {
  return refusals.length === 0 ? [] : [`the operator's systems refused requests: ${counted(refusals)}`];
}

/** Returns the gateway's own faults. They count as violations, although their callers go to an agent. */
export function ownFaults({ errors }: Pick<ChaosReport, 'errors'>): string[] {
  return [...errors]
    .filter(([message]) => OWN_FAULTS.some((start) => message.startsWith(start)))
    .map(([message, count]) => `a fault of the gateway's own, ${count} times: ${message}`);
}

function counted(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}
