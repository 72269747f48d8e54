import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Clock } from '../../src/base/clock.js';
import type { LaterFault } from '../model/faults.js';
import { type Item, wireItem } from './items.js';
import { type ServerEvent, type WireError, errorOfClass, newId } from './wire.js';

export interface Closing {
  code: number;
  reason: string;
  by: 'server' | 'client';
}

type State = { name: 'open' } | { name: 'stalled' } | { name: 'closed'; closing: Closing };

/** Sends events to one client, and records them. */
export class Outbox {
  readonly sent: { atMs: number; type: string }[] = [];
  readonly errors: { code: string | null; message: string; eventId: string | null }[] = [];
  private readonly socket: WebSocket;
  private readonly tcp: Socket;
  private readonly clock: Clock;
  readonly startedMs: number;
  private state: State = { name: 'open' };

  constructor(socket: WebSocket, tcp: Socket, clock: Clock) {
    this.socket = socket;
    this.tcp = tcp;
    this.clock = clock;
    this.startedMs = clock.now();
  }

  get closing(): Closing | undefined {
    return this.state.name === 'closed' ? this.state.closing : undefined;
  }

  get ageMs(): number {
    return this.clock.now() - this.startedMs;
  }

  send(event: ServerEvent): void {
    if (this.state.name !== 'open') return;
    const { type, ...fields } = event;
    this.sent.push({ atMs: this.ageMs, type });
    this.socket.send(JSON.stringify({ type, event_id: newId('event'), ...fields }));
  }

  /** Sends an error. `eventId` is the id of the client's event, if it has one. */
  error(error: WireError, eventId: string | null = null): void {
    if (this.state.name !== 'open') return;
    this.errors.push({ code: error.code, message: error.message, eventId });
    this.send({ type: 'error', error: { ...error, event_id: eventId } });
  }

  /** Announces a complete item of the conversation. */
  announce(item: Item, previousId: string | null): void {
    const event = { previous_item_id: previousId, item: wireItem(item) };
    this.send({ type: 'conversation.item.added', ...event });
    this.send({ type: 'conversation.item.done', ...event });
  }

  /** Stops sending, but keeps the connection open. */
  stall(): void {
    if (this.state.name === 'open') this.state = { name: 'stalled' };
  }

  close(code: number, reason: string): void {
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
        if (isSendable(fault.code)) this.close(fault.code, fault.reason ?? '');
        else this.reset();
        return;
      case 'reset':
        return this.reset();
      case 'stall':
        return this.stall();
      case 'error':
        return this.error(errorOfClass(fault.class, fault.message));
      case 'malformed':
        if (this.state.name === 'open') this.socket.send('{"type":"response.output_audio.delta","delta":"');
        return;
      case 'unknown-event':
        return this.send({ type: 'response.output_thought.delta', delta: 'hm', thought_index: 0 });
    }
  }
}

/** Whether a close frame may carry this code (RFC 6455, 7.4). */
function isSendable(code: number): boolean {
  if (code >= 3000) return code < 5000;
  return code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
}
