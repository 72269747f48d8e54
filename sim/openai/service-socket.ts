import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Clock } from '../../src/base/clock.js';
import type { LaterFault } from '../model/faults.js';
import { type ServerEvent, type WireError, errorOfClass } from './wire.js';

export interface Closing {
  code: number;
  reason: string;
  by: 'server' | 'client';
}

type State = { name: 'open' } | { name: 'stalled' } | { name: 'closed'; closing: Closing };

/** The service's end of one WebSocket: records what it sends, closes in every way there is, and can be struck by faults. */
export abstract class ServiceSocket {
  readonly sent: { atMs: number; type: string }[] = [];
  readonly startedMs: number;
  private readonly socket: WebSocket;
  private readonly tcp: Socket;
  private readonly clock: Clock;
  private state: State = { name: 'open' };

  constructor(socket: WebSocket, tcp: Socket, clock: Clock) {
    this.socket = socket;
    this.tcp = tcp;
    this.clock = clock;
    this.startedMs = clock.now();
  }

  /** A message that breaks off. */
  protected abstract readonly malformed: string;
  /** An event that no client knows. */
  protected abstract readonly unknownEvent: ServerEvent;

  get closing(): Closing | undefined {
    return this.state.name === 'closed' ? this.state.closing : undefined;
  }

  get ageMs(): number {
    return this.clock.now() - this.startedMs;
  }

  /** Whether what is sent reaches the client. */
  protected get isOpen(): boolean {
    return this.state.name === 'open';
  }

  abstract send(event: ServerEvent): void;
  abstract error(error: WireError): void;

  /** Sends an event as it stands, and records its type. */
  protected write(event: ServerEvent): void {
    if (!this.isOpen) return;
    this.sent.push({ atMs: this.ageMs, type: event.type });
    this.socket.send(JSON.stringify(event));
  }

  /** Stops sending, but keeps the connection open. */
  stall(): void {
    if (this.isOpen) this.state = { name: 'stalled' };
  }

  close(code: number, reason = ''): void {
    if (this.state.name === 'closed') return;
    this.state = { name: 'closed', closing: { code, reason, by: 'server' } };
    this.socket.close(code, reason);
  }

  /** Breaks the connection without a close frame. */
  reset(): void {
    this.closed({ code: 1006, reason: '', by: 'server' });
    this.tcp.resetAndDestroy();
  }

  /** Records that the connection is over. */
  closed(closing: Closing): void {
    if (this.state.name !== 'closed') this.state = { name: 'closed', closing };
  }

  strike(fault: Exclude<LaterFault, { type: 'blocked' | 'failed-response' }>): void {
    switch (fault.type) {
      case 'close':
        // Codes such as 1006 cannot be sent. They stand for a broken connection.
        return isSendable(fault.code) ? this.close(fault.code, fault.reason) : this.reset();
      case 'reset':
        return this.reset();
      case 'stall':
        return this.stall();
      case 'error':
        return this.error(errorOfClass(fault.class, fault.message));
      case 'malformed':
        if (this.isOpen) this.socket.send(this.malformed);
        return;
      case 'unknown-event':
        return this.send(this.unknownEvent);
    }
  }
}

/** Whether a close frame may carry this code (RFC 6455, 7.4). */
function isSendable(code: number): boolean {
  if (code >= 3000) return code < 5000;
  return code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
}
