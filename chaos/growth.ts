import type { Resources } from './resources.js';

/** Maximum heap kept for each call between middle and end, the records in the embedded stores included. */
const MAX_KEPT_KB = 24;
/** Minimum numbers of calls to judge growth. Below a thousand calls the heap has not reached its working size. */
const ENOUGH_CALLS = 200;
const ENOUGH_FOR_HEAP = 1000;
/** Tolerance for handles and timers: the run has a few of its own, and pools vary. */
const SLACK = 8;
/** Returns what grew from the middle of the run to its end. */
export function growth({ calls, resources }: { calls: readonly unknown[]; resources: readonly Resources[] }): string[] {
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

function kindsIn(resources: readonly Resources[]): Set<string> {
  return new Set(resources.flatMap(({ handles }) => Object.keys(handles)));
}
