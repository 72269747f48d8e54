import { createServer, type IncomingMessage, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { within } from './deadline.js';

export type WireEvent = { type: string } & Record<string, unknown>;

/** For tests of the OpenAI provider: the service's end of Realtime sessions, which sends what the test says, in its order. */
export class OpenAiService {
  readonly connections: ServiceConnection[] = [];
  /** If set, every upgrade is refused with this HTTP status. */
  refuseWith: number | undefined;
  /** Whether a connection gets nothing by itself, not even `session.created` and `session.updated`. */
  isSilent = false;
  private readonly server: Server;
  private readonly sockets = new WebSocketServer({ noServer: true });
  private waiters: ((connection: ServiceConnection) => void)[] = [];

  private constructor(server: Server) {
    this.server = server;
    server.on('upgrade', (request, socket, head) => {
      if (this.refuseWith !== undefined) {
        socket.end(`HTTP/1.1 ${this.refuseWith} No\r\nContent-Length: 0\r\n\r\n`);
        return;
      }
      this.sockets.handleUpgrade(request, socket, head, (client) => {
        const connection = new ServiceConnection(client, request);
        this.connections.push(connection);
        if (!this.isSilent) connection.agree();
        for (const waiter of this.waiters.splice(0)) waiter(connection);
      });
    });
  }

  static async listen(): Promise<OpenAiService> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new OpenAiService(server);
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }

  /** Resolves with the first connection. */
  connected(): Promise<ServiceConnection> {
    const [first] = this.connections;
    if (first !== undefined) return Promise.resolve(first);
    return new Promise((resolve) => {
      this.waiters.push(resolve);
    });
  }

  async close(): Promise<void> {
    for (const { socket } of this.connections) socket.terminate();
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

export class ServiceConnection {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  /** Every event the session has sent, in order. */
  readonly received: WireEvent[] = [];
  private readonly waiters = new Set<() => void>();
  private taken = 0;
  private ids = 0;

  constructor(socket: WebSocket, request: IncomingMessage) {
    this.socket = socket;
    this.request = request;
    socket.on('message', (data: Buffer) => {
      this.received.push(JSON.parse(data.toString()) as WireEvent);
      for (const waiter of this.waiters) waiter();
    });
    socket.on('error', () => undefined);
  }

  /** Resolves with the next unread event of `type`. Events before it count as read. */
  async next(type: string): Promise<WireEvent> {
    for (;;) {
      const at = this.received.findIndex((event, index) => index >= this.taken && event.type === type);
      const event = this.received[at];
      if (event !== undefined) {
        this.taken = at + 1;
        return event;
      }
      const more = new Promise<void>((resolve) => {
        const waiter = (): void => {
          this.waiters.delete(waiter);
          resolve();
        };
        this.waiters.add(waiter);
      });
      await within(more, `the session sends ${type}`);
    }
  }

  /** Resolves with the types of all unread events, once the session has handled everything sent so far. */
  async rest(): Promise<string[]> {
    await this.settled();
    return this.received.slice(this.taken).map(({ type }) => type);
  }

  /** Resolves when everything sent so far has reached the session, and its answers have arrived. */
  async settled(): Promise<void> {
    this.socket.ping();
    await within(once(this.socket, 'pong'), 'the session answers a ping');
  }

  send(...events: (WireEvent | string)[]): void {
    for (const event of events) this.socket.send(typeof event === 'string' ? event : JSON.stringify(event));
  }

  /** Sends what the service sends when a session opens. */
  agree(expiresAtS?: number): void {
    this.send({ type: 'session.created', session: { id: 'sess_1', expires_at: expiresAtS } }, sessionUpdated());
  }

  /** Begins a response. `request` is the event it answers, absent if voice activity began it. */
  begin(request?: WireEvent): string {
    const responseId = `resp_${++this.ids}`;
    const requested = request?.['response'] as { metadata?: unknown } | undefined;
    this.send({
      type: 'response.created',
      response: { id: responseId, status: 'in_progress', metadata: requested?.metadata ?? null },
    });
    return responseId;
  }

  /** Confirms the oldest unconfirmed item: it is in the conversation. */
  confirmItem(): void {
    this.send({ type: 'conversation.item.added', item: { id: `item_${++this.ids}`, type: 'function_call_output' } });
  }

  /** Sends `durationMs` of audio for an item, in one delta. */
  audio(responseId: string, itemId: string, durationMs: number): void {
    const delta = Buffer.alloc(durationMs * 8, 0x55).toString('base64');
    this.send({
      type: 'response.output_audio.delta',
      response_id: responseId,
      item_id: itemId,
      content_index: 0,
      delta,
    });
  }

  words(responseId: string, itemId: string, delta: string): void {
    this.send({ type: 'response.output_audio_transcript.delta', response_id: responseId, item_id: itemId, delta });
  }

  endItem(responseId: string, itemId: string): void {
    this.send({ type: 'response.output_item.done', response_id: responseId, item: { id: itemId, type: 'message' } });
  }

  /** Sends a whole answer that can be heard. */
  answer(responseId: string): void {
    this.audio(responseId, `${responseId}-item`, 20);
    this.end(responseId);
  }

  callTool(responseId: string, callId: string, name: string, args: string): void {
    const item = {
      id: `item_${callId}`,
      type: 'function_call',
      status: 'completed',
      call_id: callId,
      name,
      arguments: args,
    };
    this.send({ type: 'response.output_item.done', response_id: responseId, item });
  }

  end(responseId: string, response: Record<string, unknown> = { status: 'completed' }): void {
    this.send({ type: 'response.done', response: { id: responseId, ...response } });
  }

  fail(responseId: string, error: { type?: string; code?: string }): void {
    this.end(responseId, { status: 'failed', status_details: { type: 'failed', error } });
  }

  error(code: string, eventId?: unknown, type = 'invalid_request_error'): void {
    this.send({ type: 'error', error: { type, code, message: 'words of the service', event_id: eventId ?? null } });
  }

  callerSpeaks(itemId: string): void {
    this.send({ type: 'input_audio_buffer.speech_started', audio_start_ms: 0, item_id: itemId });
  }

  callerStops(itemId: string): void {
    this.send(
      { type: 'input_audio_buffer.speech_stopped', audio_end_ms: 900, item_id: itemId },
      { type: 'input_audio_buffer.committed', item_id: itemId, previous_item_id: null },
    );
  }

  heardAs(itemId: string, transcript: string): void {
    this.send({
      type: 'conversation.item.input_audio_transcription.completed',
      item_id: itemId,
      content_index: 0,
      transcript,
      usage: { type: 'duration', seconds: 1 },
    });
  }
}

export function sessionUpdated(input = 'audio/pcmu', output = 'audio/pcmu'): WireEvent {
  return {
    type: 'session.updated',
    session: { audio: { input: { format: { type: input } }, output: { format: { type: output } } } },
  };
}
