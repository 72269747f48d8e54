import { once } from 'node:events';
import { type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../src/base/clock.js';
import { type Refusal, refusalOf } from './verify.js';

/** An event as it was received. */
export interface ReceivedEvent {
  id: string;
  type: string;
  sequence: number;
  call: Readonly<Record<string, string>>;
  data: Readonly<Record<string, unknown>>;
}

/**
 * What the receiver does with a request. With `late` it takes the event and answers after so many milliseconds, with `lost` it takes
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
}

const MAX_BODY_BYTES = 1024 * 1024;

/** A simulated server at CALL_EVENTS_URL, which checks signatures strictly and can be told to be slow, down or lying. */
export class EventReceiver {
  /** Every event that was taken, also those that came twice. */
  readonly taken: ReceivedEvent[] = [];
  readonly refusals: (Refusal | 'not-json')[] = [];
  private readonly options: EventReceiverOptions;
  private readonly faults: { fault: ReceiverFault; times: number }[] = [];
  private readonly server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    let sizeBytes = 0;
    request.on('data', (piece: Buffer) => {
      sizeBytes += piece.length;
      if (sizeBytes <= MAX_BODY_BYTES) pieces.push(piece);
    });
    request.on('error', () => undefined);
    request.on('end', () => {
      if (sizeBytes > MAX_BODY_BYTES) response.writeHead(413).end();
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
    return `http://127.0.0.1:${this.port}/call-events`;
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

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private receive(header: string | string[] | undefined, body: string, response: ServerResponse): void {
    const { clock, onRequest, secret } = this.options;
    const signature = typeof header === 'string' ? header : undefined;
    const refusal = refusalOf(signature, body, { epochMs: clock.epochMs(), secret }) ?? problemOf(body);
    if (refusal !== undefined) {
      this.refusals.push(refusal);
      onRequest?.(`refused: ${refusal}`);
      response.writeHead(refusal === 'not-json' ? 400 : 401).end();
      return;
    }
    const event = JSON.parse(body) as ReceivedEvent;
    if (event.type === 'ping') {
      onRequest?.('ping');
      response.writeHead(204).end();
      return;
    }
    const fault = this.nextFault();
    onRequest?.(`${event.type}  ${event.id}${fault === undefined ? '' : `  (${fault.type})`}`);
    this.answer(event, fault, response);
  }

  private answer(event: ReceivedEvent, fault: ReceiverFault | undefined, response: ServerResponse): void {
    switch (fault?.type) {
      case 'status':
        response.writeHead(fault.status).end();
        return;
      case 'redirect':
        response.writeHead(307, { location: '/elsewhere' }).end();
        return;
      case 'reset':
        response.socket?.resetAndDestroy();
        return;
      case 'lost':
        this.taken.push(event);
        response.socket?.resetAndDestroy();
        return;
      case 'hang':
        this.taken.push(event);
        return;
      case 'late':
        this.taken.push(event);
        this.options.clock.setTimer(fault.delayMs, () => response.writeHead(200).end());
        return;
      case undefined:
        this.taken.push(event);
        response.writeHead(204).end();
    }
  }

  private nextFault(): ReceiverFault | undefined {
    const [next] = this.faults;
    if (next === undefined) return undefined;
    if (--next.times <= 0) this.faults.shift();
    return next.fault;
  }
}

function problemOf(body: string): 'not-json' | undefined {
  try {
    const event = JSON.parse(body) as unknown;
    return typeof event === 'object' && event !== null ? undefined : 'not-json';
  } catch {
    return 'not-json';
  }
}

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
