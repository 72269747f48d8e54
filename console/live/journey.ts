import type { ConsoleEvent } from '../../src/console/messages.js';

/** One step of a handover. `open`: it has not happened, and still may. */
export interface Step {
  name: 'record' | 'dial' | 'digits' | 'end' | 'other';
  status: 'done' | 'failed' | 'open';
  /** When it happened. `undefined` while it is open. */
  event: ConsoleEvent | undefined;
}

/** Outcomes of a dial with which the caller is served or gone, so that no further attempt follows. */
const SERVED: ReadonlySet<string> = new Set(['bridged']);

/**
 * Returns the latest handover of a call, step by step: record written, leg rings, digits sent, agent. Empty if there is none.
 * A dial that is tried again begins anew from the dial.
 */
export function journeyOf(events: readonly ConsoleEvent[]): Step[] {
  const begins = events.findLastIndex(({ kind }) => kind === 'escalation');
  const latest = events.slice(Math.max(0, begins));
  if (!latest.some(({ kind }) => kind === 'escalation' || kind === 'handover' || kind === 'dial')) return [];
  const record = latest.findLast((event) => isStep(event, 'record') || isStep(event, 'no-record'));
  const dialAt = latest.findLastIndex((event) => isStep(event, 'dial'));
  const afterDial = dialAt === -1 ? [] : latest.slice(dialAt);
  const end = afterDial.findLast(({ kind }) => kind === 'dial');
  const failed = end?.kind === 'dial' && !SERVED.has(end.outcome);
  const digits = afterDial.find((event) => isStep(event, 'digits'));
  const step = (name: Step['name'], event: ConsoleEvent | undefined, status: Step['status']): Step => ({
    name,
    event,
    status,
  });
  const others = afterDial.filter(
    (event) => event.kind === 'agent' || (event.kind === 'handover' && !KNOWN.has(event.step)),
  );
  return [
    step('record', record, record === undefined ? 'open' : isStep(record, 'no-record') ? 'failed' : 'done'),
    step('dial', afterDial[0], afterDial[0] === undefined ? 'open' : 'done'),
    step('digits', digits, digits === undefined ? 'open' : 'done'),
    ...others.map((event) => step('other', event, 'done')),
    step('end', end, end === undefined ? 'open' : failed ? 'failed' : 'done'),
  ];
}

const KNOWN: ReadonlySet<string> = new Set(['record', 'no-record', 'dial', 'digits']);

function isStep(event: ConsoleEvent, step: string): boolean {
  return event.kind === 'handover' && event.step === step;
}
