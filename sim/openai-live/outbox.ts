import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Clock } from '../../src/base/clock.js';
import type { Closing } from '../openai/outbox.js';
import { type ServerEvent, type WireError, newId } from '../openai/wire.js';

type State = { name: 'open' } | { name: 'stalled' } | { name: 'closed'; closing: Closing };

/** Sends the events of one session, and records them. */
export class LiveOutbox {
  readonly sent: { atMs: number; type: string }[] = [];
  readonly errors: { code: string | null; message: string; eventId: string | undefined }[] = [];
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

  get closing(): Closing | undefined {
    return this.state.name === 'closed' ? this.state.closing : undefined;
  }

  get ageMs(): number {
    return this.clock.now() - this.startedMs;
  }

  /** `clientEventId`: the event of the client that this answers, if it has an id. */
  send(event: ServerEvent, clientEventId?: string): void {
    if (this.state.name !== 'open') return;
    const { type, ...fields } = event;
    this.sent.push({ atMs: this.ageMs, type });
    // Audio is the only event without an id.
    const id = type === 'session.output_audio.delta' ? {} : { event_id: newId('event') };
    const answered = clientEventId === undefined ? {} : { client_event_id: clientEventId };
    this.socket.send(JSON.stringify({ type, ...id, ...answered, ...fields }));
  }

  error(error: WireError, clientEventId?: string): void {
    if (this.state.name !== 'open') return;
    const { code, message, param, type } = error;
    this.errors.push({ code, message, eventId: clientEventId });
    const answered = clientEventId === undefined ? {} : { client_event_id: clientEventId };
    this.send({ type: 'error', error: { type, code, message, ...(param === null ? {} : { param }), ...answered } });
  }

  raw(text: string): void {
    if (this.state.name === 'open') this.socket.send(text);
  }

  /** Stops sending, but keeps the connection open. */
  stall(): void {
    if (this.state.name === 'open') this.state = { name: 'stalled' };
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
}
