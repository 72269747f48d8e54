/** Answers to an attempt to connect. */
export type ConnectFault =
  | { type: 'refuse'; status: number }
  /** Accepts the connection and never says a word. */
  | { type: 'silent' }
  /** The connection breaks before any answer. */
  | { type: 'reset' };

/** Classes of error that every provider has; each simulator gives its own code and words to them. */
export const ERROR_CLASSES = [
  'server',
  'throttled',
  'invalid-request',
  'unauthorized',
  'unavailable',
  'timeout',
] as const;
export type ErrorClass = (typeof ERROR_CLASSES)[number];

/** What can go wrong once a session runs. */
export type LaterFault =
  /** An orderly close; `code` is a WebSocket code and means nothing to a provider without one. */
  | { type: 'close'; code: number; reason?: string }
  /** The connection breaks without a goodbye. */
  | { type: 'reset' }
  /** An error as the provider reports one; the session may go on or not, as it would there. */
  | { type: 'error'; class: ErrorClass; message?: string }
  /** An answer that ends as failed for this reason, without a word spoken after it. */
  | { type: 'failed-response'; class: ErrorClass }
  /** The content filter ends the answer. */
  | { type: 'blocked' }
  /** A message that cannot be parsed. */
  | { type: 'malformed' }
  /** A well-formed event of a type nobody knows. */
  | { type: 'unknown-event' }
  /** Nothing is sent any more; the connection stays open. */
  | { type: 'stall' };

/** When a later fault strikes. `turn` counts the model's turns from 1. */
export type FaultMoment =
  | { at: 'turn'; turn: number }
  /** Milliseconds since the session was opened. */
  | { at: 'session'; ms: number }
  /** Milliseconds of audio into an answer, which may be in the middle of a word; every answer when `turn` is absent. */
  | { at: 'answer'; ms: number; turn?: number };

/** One planned fault. `session` counts connections from 1; absent: every one. */
export type PlannedFault =
  | { when: { at: 'connect' }; fault: ConnectFault; session?: number }
  | { when: FaultMoment; fault: LaterFault; session?: number };

/** The faults planned for one session. */
export class FaultPlan {
  private readonly planned: readonly PlannedFault[];

  constructor(planned: readonly PlannedFault[], session: number) {
    this.planned = planned.filter((one) => one.session === undefined || one.session === session);
  }

  get atConnect(): ConnectFault | undefined {
    for (const one of this.planned) if (one.when.at === 'connect') return one.fault as ConnectFault;
    return undefined;
  }

  atTurn(turn: number): LaterFault[] {
    return this.later((when) => when.at === 'turn' && when.turn === turn).map(({ fault }) => fault);
  }

  /** In order of their time. */
  get inSession(): { ms: number; fault: LaterFault }[] {
    return this.later((when) => when.at === 'session').sort((a, b) => a.ms - b.ms);
  }

  /** In order of their place in the answer. */
  inAnswer(turn: number): { ms: number; fault: LaterFault }[] {
    return this.later((when) => when.at === 'answer' && (when.turn ?? turn) === turn).sort((a, b) => a.ms - b.ms);
  }

  private later(wanted: (when: FaultMoment) => boolean): { ms: number; fault: LaterFault }[] {
    const found: { ms: number; fault: LaterFault }[] = [];
    for (const { when, fault } of this.planned) {
      if (when.at === 'connect' || !wanted(when)) continue;
      found.push({ ms: 'ms' in when ? when.ms : 0, fault: fault as LaterFault });
    }
    return found;
  }
}

export const FAULT_USAGE = `a fault is WHEN=WHAT, for instance connect=401, turn:2=close:1011 or answer:800=reset
    WHEN: connect | turn:N | session:MS | answer:MS | answer:MS:N (in turn N); then @N for the Nth connection only
    WHAT at connect: an HTTP status | silent | reset
    WHAT later: close[:CODE] | reset | stall | malformed | unknown-event | blocked | error:CLASS | failed:CLASS
    CLASS: ${ERROR_CLASSES.join(' | ')}`;

/** Reads a fault from a command line (see {@link FAULT_USAGE}); undefined when it is not one. */
export function parseFault(text: string): PlannedFault | undefined {
  const match = /^([a-z]+)(?::(\d+))?(?::(\d+))?(?:@(\d+))?=([a-z-]+|\d{3})(?::([a-z-]+|\d+))?$/.exec(text);
  if (match === null) return undefined;
  const [, at, first, second, session, what = '', detail] = match;
  const which = session === undefined ? {} : { session: Number(session) };
  if (at === 'connect') {
    const fault = parseConnectFault(what);
    return fault === undefined ? undefined : { when: { at }, fault, ...which };
  }
  const fault = parseLaterFault(what, detail);
  if (fault === undefined || first === undefined) return undefined;
  if (at === 'turn') return { when: { at, turn: Number(first) }, fault, ...which };
  if (at === 'session') return { when: { at, ms: Number(first) }, fault, ...which };
  if (at !== 'answer') return undefined;
  const turn = second === undefined ? {} : { turn: Number(second) };
  return { when: { at, ms: Number(first), ...turn }, fault, ...which };
}

function parseConnectFault(what: string): ConnectFault | undefined {
  if (/^\d{3}$/.test(what)) return { type: 'refuse', status: Number(what) };
  return what === 'silent' || what === 'reset' ? { type: what } : undefined;
}

function parseLaterFault(what: string, detail: string | undefined): LaterFault | undefined {
  switch (what) {
    case 'close':
      return { type: 'close', code: Number(detail ?? 1011) };
    case 'reset':
    case 'stall':
    case 'malformed':
    case 'unknown-event':
    case 'blocked':
      return { type: what };
    case 'error':
    case 'failed': {
      const found = ERROR_CLASSES.find((name) => name === (detail ?? 'server'));
      if (found === undefined) return undefined;
      return { type: what === 'error' ? 'error' : 'failed-response', class: found };
    }
    default:
      return undefined;
  }
}
