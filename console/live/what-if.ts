import type { ConsoleEvent, Fault } from '../../src/console/messages.js';

type Kind = ConsoleEvent['kind'];

/** What the operator made fail, and the first thing that followed from it. */
export interface Consequence {
  asked: ConsoleEvent & { kind: 'operator' };
  fault: Fault;
  /** `undefined` if nothing has followed yet, or nothing can. */
  event: ConsoleEvent | undefined;
  /** How long the caller heard nothing. `undefined` if that is not known, or not measured here. */
  silenceMs: number | undefined;
  /** The provider or the instance that the call has now. `undefined` if nobody had to take over. */
  takenBy: string | undefined;
}

const MODEL: ReadonlySet<Kind> = new Set<Kind>(['reconnect', 'failover', 'renewal', 'escalation']);
const STREAM: ReadonlySet<Kind> = new Set<Kind>(['resume']);
const NOTHING: ReadonlySet<Kind> = new Set();
/** What follows from each fault. The caller hears nothing of a journal that is away. */
const FOLLOWS: Readonly<Record<Fault, ReadonlySet<Kind>>> = {
  'model-reset': MODEL,
  'model-stall': MODEL,
  'stream-drop': STREAM,
  'worker-kill': STREAM,
  'journal-stop': NOTHING,
  'journal-start': NOTHING,
  'store-throttle': new Set<Kind>(['handover']),
  'connect-busy': new Set<Kind>(['dial']),
};

/** Whether something can follow from a fault that the operator sees. */
export function isFollowed(fault: Fault): boolean {
  return FOLLOWS[fault].size > 0;
}

/** Returns what each fault of a call led to, in the order in which they were asked for. */
export function consequencesOf(events: readonly ConsoleEvent[]): Consequence[] {
  return events.flatMap((asked, at) => {
    if (asked.kind !== 'operator' || asked.fault === undefined) return [];
    const { fault } = asked;
    const event = events.slice(at + 1).find(({ kind }) => FOLLOWS[fault].has(kind));
    const silenceMs = event !== undefined && 'silenceMs' in event ? event.silenceMs : undefined;
    return [{ asked, fault, event, silenceMs, takenBy: takerOf(event) }];
  });
}

function takerOf(event: ConsoleEvent | undefined): string | undefined {
  switch (event?.kind) {
    case 'failover':
      return event.to;
    case 'reconnect':
    case 'renewal':
      return event.provider;
    case 'resume':
      return event.instance;
    default:
      return undefined;
  }
}
