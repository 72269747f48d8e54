import { WebSocket } from 'ws';
import { until } from './rig.js';

// For tests of the simulated OpenAI: a bare client that sends anything and keeps every event.

/** A server event, loosely typed because tests look into it. */
// oxlint-disable-next-line typescript/no-explicit-any
export type RealtimeEvent = { type: string } & Record<string, any>;

export interface RealtimeClientOptions {
  path?: string;
  headers?: Record<string, string>;
}

export interface TelephoneSession {
  audio?: { input?: object; output?: object };
  [field: string]: unknown;
}

/** A bare client of the Realtime protocol. */
export class RealtimeClient {
  readonly events: RealtimeEvent[] = [];
  readonly broken: string[] = [];
  closed: { code: number; reason: string } | undefined;
  /** Status and body of a refused handshake. */
  refused: { status: number; body: string } | undefined;
  private readonly socket: WebSocket;

  constructor(port: number, options: RealtimeClientOptions = {}) {
    const { path = '/v1/realtime?model=gpt-realtime-2.1', headers = { authorization: 'Bearer sk-test' } } = options;
    this.socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers, perMessageDeflate: true });
    this.socket.on('error', () => undefined);
    this.socket.on('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => (this.refused = { status: response.statusCode ?? 0, body }));
    });
    this.socket.on('message', (data: Buffer) => {
      try {
        this.events.push(JSON.parse(data.toString()) as RealtimeEvent);
      } catch {
        this.broken.push(data.toString());
      }
    });
    this.socket.on('close', (code, reason) => (this.closed = { code, reason: reason.toString() }));
  }

  /** Opens a session whose audio is mu-law both ways, without turn detection unless `session` says otherwise. */
  static async telephone(port: number, session: TelephoneSession = {}) {
    const client = new RealtimeClient(port);
    const { audio, ...rest } = session;
    const format = { type: 'audio/pcmu' };
    client.send({
      type: 'session.update',
      session: {
        type: 'realtime',
        ...rest,
        audio: { input: { format, turn_detection: null, ...audio?.input }, output: { format, ...audio?.output } },
      },
    });
    await client.next('session.updated');
    return client;
  }

  get extensions(): string {
    return this.socket.extensions;
  }

  send(event: RealtimeEvent): void {
    this.sendRaw(JSON.stringify(event));
  }

  sendRaw(data: string | Buffer): void {
    if (this.socket.readyState === WebSocket.CONNECTING) this.socket.once('open', () => this.socket.send(data));
    else this.socket.send(data);
  }

  /** Sends caller audio in 20 ms pieces of mu-law. */
  speak(mulaw: Uint8Array): void {
    for (let at = 0; at < mulaw.length; at += 160) {
      const audio = Buffer.from(mulaw.subarray(at, at + 160)).toString('base64');
      this.send({ type: 'input_audio_buffer.append', audio });
    }
  }

  of(type: string): RealtimeEvent[] {
    return this.events.filter((event) => event.type === type);
  }

  types(): string[] {
    return this.events.map(({ type }) => type);
  }

  /** Resolves with the `nth` event of this type, counted from 1. */
  async next(type: string, nth = 1): Promise<RealtimeEvent> {
    await until(() => this.of(type).length >= nth, `${type} (${nth})`);
    return this.of(type)[nth - 1] as RealtimeEvent;
  }

  /** Waits until the server has handled everything sent so far. */
  async settled(): Promise<void> {
    const before = this.of('input_audio_buffer.cleared').length;
    this.send({ type: 'input_audio_buffer.clear' });
    await this.next('input_audio_buffer.cleared', before + 1);
  }

  /** Sends one event and resolves with the error that answers it. `undefined` if the server accepts it. */
  async refusalOf(event: RealtimeEvent): Promise<RealtimeEvent | undefined> {
    const before = this.of('error').length;
    this.send(event);
    await this.settled();
    return this.of('error')[before]?.['error'] as RealtimeEvent | undefined;
  }

  async whenClosed(): Promise<{ code: number; reason: string }> {
    await until(() => this.closed !== undefined, 'the connection closes');
    return this.closed as { code: number; reason: string };
  }

  close(): void {
    this.socket.close();
  }
}
