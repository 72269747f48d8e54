import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../src/base/clock.js';
import { type EventForm, eventOf, isPing } from './event-form.js';
import { type Refusal, refusalOf } from './verify.js';

/** An event as it was received. */
export type ReceivedEvent = Pick<EventForm, 'id' | 'type' | 'sequence' | 'call'> & {
  data: Readonly<Record<string, unknown>>;
};

/** Why a request was refused, with the status of the answer. */
const STATUS = {
  'no-signature': 401,
  malformed: 401,
  'too-old': 401,
  wrong: 401,
  'not-a-post': 405,
  'another-path': 404,
  'another-type': 415,
  'too-large': 413,
  'not-json': 400,
  'not-an-event': 422,
  /** An event with the id of another one. */
  'used-id': 409,
} as const satisfies Record<Refusal, number> & Record<string, number>;

/**
 * What the receiver does with a request. With `late` it takes the event and answers after that number of milliseconds, with `lost` it takes
 * the event and resets the connection, with `hang` it takes it and never answers. With the others it takes nothing.
 */
export type ReceiverFault =
  | { type: 'status'; status: number }
  | { type: 'reset' | 'lost' | 'hang' | 'redirect' }
  | { type: 'late'; delayMs: number };

export interface EventReceiverOptions {
  secret: string;
  port?: number;
  clock: Clock;
  onRequest?: (line: string) => void;
  /** Called with each event that was taken. */
  onTaken?: (event: ReceivedEvent) => void;
}

const PATH = '/call-events';
const MAX_BODY_BYTES = 1024 * 1024;

/** A simulated server at CALL_EVENTS_URL, which refuses what the guide does not allow and can be told to be slow, down or lying. */
export class EventReceiver {
  /** Every event that was taken, also those that came twice. */
  readonly taken: ReceivedEvent[] = [];
  readonly refusals: (keyof typeof STATUS)[] = [];
  private readonly options: EventReceiverOptions;
  private readonly faults: { fault: ReceiverFault; times: number }[] = [];
  /** Type and call of each event that was taken, by its id. The rest may differ if a journal has lost what it had. */
  private readonly ids = new Map<string, string>();
  private readonly server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    let sizeBytes = 0;
    request.on('data', (piece: Buffer) => {
      sizeBytes += piece.length;
      if (sizeBytes <= MAX_BODY_BYTES) pieces.push(piece);
    });
    request.on('error', () => undefined);
    request.on('end', () => {
      const refusal = refusalOfRequest(request) ?? (sizeBytes > MAX_BODY_BYTES ? 'too-large' : undefined);
      if (refusal !== undefined) this.refuse(refusal, response);
      else this.receive(request.headers['tandem-signature'], Buffer.concat(pieces).toString('utf8'), response);
    });
  });

  constructor(options: EventReceiverOptions) {
    this.options = options;
  }

  async start(): Promise<this> {
    this.server.listen(this.options.port ?? 0, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}${PATH}`;
  }

  /** The next `times` requests meet the fault. Faults strike in the order of planning. */
  plan(fault: ReceiverFault, times = 1): void {
    this.faults.push({ fault, times });
  }

  /** From now on no request meets a fault. */
  heal(): void {
    this.faults.length = 0;
  }

  /** The events in the order in which each was first taken, without those that came again. */
  get events(): ReceivedEvent[] {
    const seen = new Set<string>();
    return this.taken.filter(({ id }) => !seen.has(id) && seen.add(id));
  }

  /** Forgets what was taken of a call. */
  forget(callSid: string): void {
    for (let at = this.taken.length - 1; at >= 0; at--) {
      if (this.taken[at]?.call.call_sid !== callSid) continue;
      for (const { id } of this.taken.splice(at, 1)) this.ids.delete(id);
    }
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private receive(header: string | string[] | undefined, body: string, response: ServerResponse): void {
    const { clock, onRequest, secret } = this.options;
    const signature = typeof header === 'string' ? header : undefined;
    const refusal = refusalOf(signature, body, { epochMs: clock.epochMs(), secret });
    const value = parsed(body);
    if (refusal !== undefined || value === undefined) {
      this.refuse(refusal ?? 'not-json', response);
      return;
    }
    if (isPing(value)) {
      onRequest?.('ping');
      response.writeHead(204).end();
      return;
    }
    const event = eventOf(value);
    if (event === undefined || (this.ids.get(event.id) ?? nameOf(event)) !== nameOf(event)) {
      this.refuse(event === undefined ? 'not-an-event' : 'used-id', response);
      return;
    }
    const fault = this.nextFault();
    onRequest?.(`${event.type}  ${event.id}${fault === undefined ? '' : `  (${fault.type})`}`);
    this.answer(event, fault, response);
  }

  private refuse(refusal: keyof typeof STATUS, response: ServerResponse): void {
    this.refusals.push(refusal);
    this.options.onRequest?.(`refused: ${refusal}`);
    response.writeHead(STATUS[refusal]).end();
  }

  private answer(event: ReceivedEvent, fault: ReceiverFault | undefined, response: ServerResponse): void {
    const isTaken = fault === undefined || TAKES.has(fault.type);
    if (isTaken) this.take(event);
    switch (fault?.type) {
      case 'status':
        response.writeHead(fault.status).end();
        return;
      case 'redirect':
        response.writeHead(307, { location: '/elsewhere' }).end();
        return;
      case 'reset':
      case 'lost':
        response.socket?.resetAndDestroy();
        return;
      case 'hang':
        return;
      case 'late':
        this.options.clock.setTimer(fault.delayMs, () => response.writeHead(200).end());
        return;
      case undefined:
        response.writeHead(204).end();
    }
  }

  private take(event: ReceivedEvent): void {
    this.ids.set(event.id, nameOf(event));
    this.taken.push(event);
    this.options.onTaken?.(event);
  }

  private nextFault(): ReceiverFault | undefined {
    const [next] = this.faults;
    if (next === undefined) return undefined;
    if (--next.times <= 0) this.faults.shift();
    return next.fault;
  }
}

function refusalOfRequest({ headers, method, url }: IncomingMessage): keyof typeof STATUS | undefined {
  if (method !== 'POST') return 'not-a-post';
  if (url !== PATH) return 'another-path';
  return headers['content-type'] === 'application/json' ? undefined : 'another-type';
}

function nameOf({ call, type }: ReceivedEvent): string {
  return `${type} ${call.call_sid}`;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}

/** Faults with which the event is taken all the same. */
const TAKES: ReadonlySet<ReceiverFault['type']> = new Set(['lost', 'hang', 'late']);
const SIMPLE = ['reset', 'lost', 'hang', 'redirect'] as const;

/** Parses a fault of the command line: `status:503`, `reset`, `late:4000`, each perhaps with `*3` behind it. `undefined` if it is none. */
export function parseReceiverFault(text: string): { fault: ReceiverFault; times: number } | undefined {
  const [, what = '', count] = /^([a-z0-9:]+)(?:\*(\d{1,6}))?$/.exec(text) ?? [];
  const times = Number(count ?? '1');
  const simple = SIMPLE.find((type) => type === what);
  if (simple !== undefined) return { fault: { type: simple }, times };
  const [, status] = /^status:([345]\d\d)$/.exec(what) ?? [];
  if (status !== undefined) return { fault: { type: 'status', status: Number(status) }, times };
  const [, delay] = /^late:(\d{1,6})$/.exec(what) ?? [];
  return delay === undefined ? undefined : { fault: { type: 'late', delayMs: Number(delay) }, times };
}
