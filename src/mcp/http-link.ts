import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { readBounded } from '../base/bounded-body.js';
import type { Clock, Timer } from '../base/clock.js';
import { type EventLimits, readEvents } from '../base/server-sent-events.js';
import { McpFault, type McpFaultKind } from './fault.js';
import { type McpLink, isMessage } from './link.js';
import { MessageBudget } from './message-budget.js';
import { MAX_MESSAGE_BYTES } from './message-lines.js';
import type { McpAddress } from './servers-file.js';

const EVENT_LIMITS: EventLimits = {
  eventCharacters: MAX_MESSAGE_BYTES,
  streamBytes: 4 * MAX_MESSAGE_BYTES,
  tooLong: () => new McpFault('too_large'),
};
/** Delays before the stream of the server's own messages is opened again. */
const LISTEN_AGAIN_MS = 1000;
const LISTEN_AGAIN_AT_MOST_MS = 60_000;
/** Maximum time for telling the server that the session is over. */
const FAREWELL_MS = 1000;

/**
 * A server at a URL (MCP specification 2025-11-25, "Streamable HTTP"): each message is a POST of its own, whose answer is JSON or a
 * stream of events, and a GET has the messages that the server sends of its own accord. Redirects are not followed, because a
 * request has secrets in its headers. Every body is bounded, and an answer that breaks off fails its request at once.
 */
export class HttpLink implements McpLink {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  lostBy: McpFaultKind | undefined;
  private readonly address: McpAddress & { by: 'http' };
  private readonly clock: Clock;
  private readonly budget: MessageBudget;
  /** What is on its way, by the id of the request if it is one. */
  private readonly open = new Map<unknown, AbortController>();
  private session: string | undefined;
  private version: string | undefined;
  private again: Timer | undefined;
  private isOver = false;
  private farewelled: Promise<void> = Promise.resolve();

  constructor(options: { address: McpAddress & { by: 'http' }; clock: Clock }) {
    this.address = options.address;
    this.clock = options.clock;
    this.budget = new MessageBudget(options.clock);
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  setProtocolVersion(version: string): void {
    this.version = version;
  }

  /** Resolves when the message is delivered, and for a request when it is answered. Rejects with McpFault. */
  async send(message: JSONRPCMessage): Promise<void> {
    if (this.isOver) throw new McpFault('ended');
    const isRequest = 'method' in message && 'id' in message;
    await this.during(isRequest ? message.id : {}, (signal) => this.post(message, isRequest, signal));
    if (!('method' in message) || isRequest) return;
    if (message.method === 'notifications/initialized') this.listen(LISTEN_AGAIN_MS);
    // The server has been told. What it may still answer is not read.
    else if (message.method === 'notifications/cancelled')
      this.open.get((message.params as { requestId?: unknown } | undefined)?.requestId)?.abort();
  }

  close(): Promise<void> {
    if (!this.isOver) {
      this.over(undefined);
      this.farewelled = this.farewell();
    }
    return this.farewelled;
  }

  /** Does work that ends with the link. */
  private async during(key: unknown, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const abort = new AbortController();
    this.open.set(key, abort);
    try {
      await work(abort.signal);
    } finally {
      this.open.delete(key);
    }
  }

  private async post(message: JSONRPCMessage, isRequest: boolean, signal: AbortSignal): Promise<void> {
    const response = await this.ask('POST', signal, {
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify(message),
    });
    if (!response.ok) {
      drop(response);
      throw this.failed(response.status);
    }
    const session = response.headers.get('mcp-session-id');
    if (session !== null && this.session === undefined && this.version === undefined) this.session = session;
    const type = response.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
    if (!isRequest || response.body === null) {
      drop(response);
      if (isRequest) throw new McpFault('unreadable');
      return;
    }
    let answered = false;
    const receive = (text: string): void => {
      for (const each of messagesIn(text)) {
        if (!('method' in each) && 'id' in each && 'id' in message && each.id === message.id) answered = true;
        this.receive(each);
      }
    };
    try {
      if (type === 'text/event-stream') {
        for await (const text of readEvents(response.body as AsyncIterable<Uint8Array>, EVENT_LIMITS)) {
          receive(text);
          if (answered || this.isOver) break;
        }
      } else {
        const bytes = await readBounded(response, MAX_MESSAGE_BYTES);
        if (bytes === undefined) throw new McpFault('too_large');
        receive(bytes.toString('utf8'));
      }
    } catch (error) {
      if (error instanceof McpFault) throw error;
      throw signal.aborted ? new McpFault('late') : this.broken('ended');
    }
    if (!answered) throw type === 'text/event-stream' ? this.broken('ended') : new McpFault('unreadable');
  }

  /** Reads what the server sends of its own accord, for as long as the link lasts. */
  private listen(againMs: number): void {
    if (this.isOver) return;
    const beganMs = this.clock.now();
    let isOffered = true;
    const read = async (signal: AbortSignal): Promise<void> => {
      const response = await this.ask('GET', signal, { headers: { accept: 'text/event-stream' } });
      // 405: the server has nothing to say of its own accord. Other refusals cost no more than that.
      isOffered = response.ok && response.body !== null;
      if (!isOffered) drop(response);
      if (response.status === 404) this.failed(404);
      if (!isOffered) return;
      for await (const text of readEvents(response.body as AsyncIterable<Uint8Array>, EVENT_LIMITS)) {
        for (const message of messagesIn(text)) this.receive(message);
        if (this.isOver) return;
      }
    };
    // A balancer ends a quiet stream. A server that is gone cannot be asked again, which `ask` reports.
    void this.during({}, read)
      .catch(() => undefined)
      .then(() => {
        if (this.isOver || !isOffered) return;
        const wasLong = this.clock.now() - beganMs >= LISTEN_AGAIN_AT_MOST_MS;
        const delayMs = wasLong ? LISTEN_AGAIN_MS : againMs;
        const nextMs = Math.min(delayMs * 2, LISTEN_AGAIN_AT_MOST_MS);
        this.again = this.clock.setTimer(delayMs, () => this.listen(nextMs));
      });
  }

  /** Rejects with McpFault. A server that cannot be reached loses the link. */
  private async ask(
    method: 'POST' | 'GET',
    signal: AbortSignal,
    init: { headers: Record<string, string>; body?: string },
  ): Promise<Response> {
    try {
      return await fetch(this.address.url, {
        ...init,
        method,
        headers: {
          ...this.address.headers,
          ...init.headers,
          ...(this.session === undefined ? {} : { 'mcp-session-id': this.session }),
          ...(this.version === undefined ? {} : { 'mcp-protocol-version': this.version }),
        },
        redirect: 'manual',
        signal,
      });
    } catch {
      throw signal.aborted ? new McpFault('late') : this.broken('unreachable');
    }
  }

  private receive(message: JSONRPCMessage): void {
    if (this.isOver) return;
    if (!this.budget.take()) this.over('flood');
    else this.onmessage?.(message);
  }

  /** Returns the fault of a status. Some mean that the link is over. */
  private failed(status: number): McpFault {
    if (status >= 300 && status < 400) return new McpFault('redirect');
    if (status === 401 || status === 403) return new McpFault('refused');
    // "The server MAY terminate the session at any time, after which it MUST respond … with HTTP 404."
    if (status === 404 && this.session !== undefined) return this.broken('session');
    return status >= 500 ? this.broken('status') : new McpFault('status');
  }

  private broken(kind: McpFaultKind): McpFault {
    this.over(kind);
    return new McpFault(kind);
  }

  private over(kind: McpFaultKind | undefined): void {
    if (this.isOver) return;
    this.isOver = true;
    this.lostBy = kind;
    this.again?.cancel();
    // Later, so that the request that has found it fails with its own reason.
    setImmediate(() => {
      for (const abort of this.open.values()) abort.abort();
      this.onclose?.();
    });
  }

  /** Tells the server that the session is over. Whether it hears that is its own affair. */
  private async farewell(): Promise<void> {
    if (this.session === undefined) return;
    const limit = new AbortController();
    const timer = this.clock.setTimer(FAREWELL_MS, () => limit.abort());
    try {
      const response = await fetch(this.address.url, {
        method: 'DELETE',
        headers: { ...this.address.headers, 'mcp-session-id': this.session },
        redirect: 'manual',
        signal: limit.signal,
      });
      drop(response);
    } catch {
      // It is not there any more.
    } finally {
      timer.cancel();
    }
  }
}

function drop(response: Response): void {
  void response.body?.cancel().catch(() => undefined);
}

/** Returns the messages of a text. Versions of the protocol before 2025-06-18 allow several in a list. */
function messagesIn(text: string): JSONRPCMessage[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  return (Array.isArray(value) ? value.slice(0, 100) : [value]).filter(isMessage);
}
