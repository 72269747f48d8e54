/**
 * What the server does with a request. `hang`: it never answers. `late`: it answers after that number of milliseconds. `die`: the program
 * ends, or the connection is reset. `huge`: a text of that number of characters. `nested`: JSON of that depth. `media`: an image, a sound,
 * a file and a link beside a text. `structured`: only structured content. `error`: the tool says that it failed. `refuse`: a
 * JSON-RPC error. `flood`: thousands of notifications. `garbage`: no JSON. With `status`, `redirect` and `forget` (the session) the
 * HTTP server answers before it reads the message.
 */
export type McpSimFault =
  | { type: 'hang' | 'die' | 'media' | 'structured' | 'error' | 'refuse' | 'flood' | 'garbage' | 'redirect' | 'forget' }
  | { type: 'late'; delayMs: number }
  | { type: 'huge'; characters: number }
  | { type: 'nested'; depth: number }
  | { type: 'status'; status: number };

export interface PlannedFault {
  fault: McpSimFault;
  times: number;
  /** The method of the requests that it strikes. */
  method: string;
}

const SIMPLE = [
  'hang',
  'die',
  'media',
  'structured',
  'error',
  'refuse',
  'flood',
  'garbage',
  'redirect',
  'forget',
] as const;

const OF_HTTP: ReadonlySet<McpSimFault['type']> = new Set(['status', 'redirect', 'forget']);

/** Parses a fault of the command line, such as `late:4000*2` or `hang@initialize`. `undefined` if it is none. */
export function parseMcpFault(text: string): PlannedFault | undefined {
  const [, what = '', value, method = 'tools/call', count = '1'] =
    /^([a-z]+)(?::(\d{1,9}))?(?:@([a-z/]+))?(?:\*(\d{1,6}))?$/.exec(text) ?? [];
  const times = Number(count);
  const simple = SIMPLE.find((type) => type === what);
  if (simple !== undefined && value === undefined) return { fault: { type: simple }, times, method };
  if (value === undefined) return undefined;
  const number = Number(value);
  if (what === 'late') return { fault: { type: 'late', delayMs: number }, times, method };
  if (what === 'huge') return { fault: { type: 'huge', characters: number }, times, method };
  if (what === 'nested') return { fault: { type: 'nested', depth: number }, times, method };
  if (what === 'status' && number >= 300 && number <= 599)
    return { fault: { type: 'status', status: number }, times, method };
  return undefined;
}

/** The faults that are still to strike, in the order of planning. */
export class FaultPlan {
  private planned: PlannedFault[] = [];

  add(planned: PlannedFault): void {
    this.planned.push({ ...planned });
  }

  /** Returns the next fault for a request of this method, and counts it. `by`: who has to act it. */
  take(method: string, by: 'http' | 'session'): McpSimFault | undefined {
    const next = this.planned.find(
      (each) => each.method === method && OF_HTTP.has(each.fault.type) === (by === 'http'),
    );
    if (next !== undefined && --next.times <= 0) this.planned = this.planned.filter((each) => each !== next);
    return next?.fault;
  }
}
