import type { CallRow } from '../../src/console/messages.js';

// In which order the list shows its calls, and which of them.

export const SORTS = ['newest', 'longest', 'quiet', 'slowest'] as const;
export type Sort = (typeof SORTS)[number];

/** What the order needs of a call. */
export interface Sortable {
  call: Pick<
    CallRow,
    'callSid' | 'startedAt' | 'lastTurnMs' | 'state' | 'provider' | 'instance' | 'from' | 'to' | 'escalation'
  >;
  quietSinceMs: number | undefined;
}

/** Returns the CallSids of `calls` in the order of `sort`. Calls that are alike stay in a fixed order. */
export function ordered(calls: Iterable<Sortable>, sort: Sort): string[] {
  const newestFirst = (a: Sortable, b: Sortable): number =>
    b.call.startedAt - a.call.startedAt || (a.call.callSid < b.call.callSid ? -1 : 1);
  const by: Record<Sort, (a: Sortable, b: Sortable) => number> = {
    newest: newestFirst,
    longest: (a, b) => -newestFirst(a, b),
    quiet: (a, b) =>
      ascending(a.quietSinceMs ?? Number.POSITIVE_INFINITY, b.quietSinceMs ?? Number.POSITIVE_INFINITY) ||
      newestFirst(a, b),
    slowest: (a, b) => ascending(-(a.call.lastTurnMs ?? -1), -(b.call.lastTurnMs ?? -1)) || newestFirst(a, b),
  };
  return [...calls].sort(by[sort]).map(({ call }) => call.callSid);
}

/** Subtracting would make NaN of two infinities. */
function ascending(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Whether a call fits what the operator has typed: every word must be the end of the CallSid, a part of a number, or the
 * beginning of the state, the provider, the instance or the reason of an escalation. `stateText`: the state as the page names it.
 */
export function fits({ call }: Pick<Sortable, 'call'>, query: string, stateText = ''): boolean {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const names = [call.state, stateText, call.provider, call.instance, call.escalation?.reason ?? ''].map((name) =>
    name.toLowerCase(),
  );
  return words.every((word) => {
    const digits = word.replace(/\D/g, '');
    const isNumberPart =
      /^[+\d()./-]+$/.test(word) && digits !== '' && [call.from, call.to].some((n) => n.includes(digits));
    const sid = word.replace(/^…/, '');
    return (
      isNumberPart || (sid !== '' && call.callSid.toLowerCase().endsWith(sid)) || names.some((n) => n.startsWith(word))
    );
  });
}

/** Keeps the order that the operator is looking at: what is new comes at its end, and nothing leaves its place. */
export function kept(shown: readonly string[], next: readonly string[]): string[] {
  const known = new Set(shown);
  return [...shown, ...next.filter((callSid) => !known.has(callSid))];
}
