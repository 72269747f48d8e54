/** Faults of a connection attempt. */
export type ConnectFault =
  /** `by: 'proxy'`: something in front of the service answers in its place, in HTML and without the service's reasons. */
  | { type: 'refuse'; status: number; by?: 'proxy' }
  /** The connection is accepted but never answered. */
  | { type: 'silent' }
  /** The connection breaks before any answer. */
  | { type: 'reset' };

/** Error classes that every provider has. Each simulator maps them to its own codes and messages. */
export const ERROR_CLASSES = [
  'server',
  'throttled',
  'invalid-request',
  'unauthorized',
  'unavailable',
  'timeout',
] as const;
export type ErrorClass = (typeof ERROR_CLASSES)[number];

/** Faults of a running session. */
export type LaterFault =
  /** An orderly close. `code` is a WebSocket code, which a provider without WebSocket ignores. */
  | { type: 'close'; code: number; reason?: string }
  /** The connection breaks without a close. */
  | { type: 'reset' }
  /** An error as the provider reports it. Whether the session continues depends on the provider. */
  | { type: 'error'; class: ErrorClass; message?: string }
  /** An answer that fails for this reason and ends at that moment. */
  | { type: 'failed-response'; class: ErrorClass }
  /** The content filter ends the answer. */
  | { type: 'blocked' }
  /** A message that cannot be parsed. */
  | { type: 'malformed' }
  /** A well-formed event of an unknown type. */
  | { type: 'unknown-event' }
  /** The server stops sending, but the connection stays open. */
  | { type: 'stall' };

/** When a later fault strikes. `turn` counts the model's turns from 1. */
export type FaultMoment =
  | { at: 'turn'; turn: number }
  /** Milliseconds since the session was opened. */
  | { at: 'session'; ms: number }
  /** Milliseconds of audio into an answer, possibly within a word. Every answer if `turn` is `undefined`. */
  | { at: 'answer'; ms: number; turn?: number };

/** One planned fault. `session` counts connections from 1. `undefined` strikes every connection. */
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

  /** The faults by time, in order. */
  get inSession(): { ms: number; fault: LaterFault }[] {
    return this.later((when) => when.at === 'session').sort((a, b) => a.ms - b.ms);
  }

  /** Returns the faults of an answer, in order of their position. */
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

/** One fault of each kind, with what it does. */
const EXAMPLES: readonly (readonly [fault: string, does: string])[] = [
  ['connect=401', 'refuses every connection with HTTP status 401'],
  ['connect@1=502:proxy', 'answers the first connection with 502 as a proxy does, in HTML'],
  ['connect@1=silent', 'never answers on the first connection'],
  ['connect@1=reset', 'breaks the first connection before any answer'],
  ['answer:800:2@1=reset', 'breaks the first connection 0.8 s into its second answer; the call goes on'],
  ['answer:800=stall', 'sends nothing more after 0.8 s of every answer'],
  ['session:30000=close:1001', 'closes every connection 30 s after it was opened'],
  ['turn:2=error:throttled', 'reports an error when the second answer is due'],
  ['turn:2=failed:server', 'fails the second answer'],
  ['turn:2=blocked', 'lets the content filter end the second answer'],
  ['turn:2=malformed', 'sends a message then that cannot be parsed'],
  ['turn:2=unknown-event', 'sends an event then that no document has'],
];

/** Returns the lines of a usage text that describe the faults, with an example of each kind. */
export function faultUsage(
  own: { what: string; examples: readonly (readonly [fault: string, does: string])[] } = { what: '', examples: [] },
): string {
  const examples = [...EXAMPLES, ...own.examples];
  const width = Math.max(...examples.map(([fault]) => fault.length));
  return `A fault is WHEN=WHAT, or WHEN@N=WHAT for the Nth connection only.
  WHEN             connect | turn:N | session:MS | answer:MS | answer:MS:N (in turn N)
  WHAT at connect  an HTTP status[:proxy] | silent | reset
  WHAT later       close[:CODE] | reset | stall | malformed | unknown-event | blocked | error:CLASS | failed:CLASS
${own.what === '' ? '' : `                   ${own.what}\n`}  CLASS            ${ERROR_CLASSES.join(' | ')}

${examples.map(([fault, does]) => `  --fault ${fault.padEnd(width)}  ${does}`).join('\n')}`;
}

/** Parses a fault of a command line (see {@link faultUsage}). `undefined` if the text is not a fault. */
export function parseFault(text: string): PlannedFault | undefined {
  const match = /^([a-z]+)(?::(\d+))?(?::(\d+))?(?:@(\d+))?=([a-z-]+|\d{3})(?::([a-z-]+|\d+))?$/.exec(text);
  if (match === null) return undefined;
  const [, at, first, second, session, what = '', detail] = match;
  const which = session === undefined ? {} : { session: Number(session) };
  if (at === 'connect') {
    const fault = parseConnectFault(what, detail);
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

function parseConnectFault(what: string, detail: string | undefined): ConnectFault | undefined {
  const isRefusal = /^\d{3}$/.test(what);
  if (isRefusal && detail === 'proxy') return { type: 'refuse', status: Number(what), by: 'proxy' };
  if (detail !== undefined) return undefined;
  if (isRefusal) return { type: 'refuse', status: Number(what) };
  return what === 'silent' || what === 'reset' ? { type: what } : undefined;
}

/** What a proxy answers in place of a service (see {@link ConnectFault}). */
export function proxyPage(status: number): string {
  return `<html><head><title>${status}</title></head><body><h1>${status}</h1></body></html>\n`;
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
