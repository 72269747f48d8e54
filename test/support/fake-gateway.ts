import assert from 'node:assert/strict';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { isSigned, readSignature } from '../../src/twilio/signature.js';

// For tests of the simulated carrier: a server that does what a real gateway never would.

export const FAKE_HOST = 'fake.example.com';
export const FAKE_TOKEN = 'fake-gateway-token';

/** A request as it arrived. */
export interface Received {
  method: string;
  path: string;
  form: URLSearchParams;
  headers: IncomingMessage['headers'];
}

/** A message from Twilio. Only the fields of its event are really present. */
interface StreamMessage {
  event: string;
  sequenceNumber: string;
  streamSid: string;
  start: { callSid: string; customParameters: Record<string, string> };
  media: { track: string; chunk: string; timestamp: string; payload: string };
  mark: { name: string };
  dtmf: { track: string; digit: string };
}

/** Paths that are not Twilio's. */
const UNSIGNED: ReadonlySet<string> = new Set(['/health', '/metrics']);

type Answer = string | ((received: Received, response: ServerResponse) => string | void);

/** The gateway's end of an accepted stream, with every message received. */
export class FakeStream {
  readonly socket: WebSocket;
  readonly raw: Duplex;
  readonly headers: IncomingMessage['headers'];
  readonly url: string;
  readonly messages: StreamMessage[] = [];
  closeCode: number | undefined;

  constructor(socket: WebSocket, raw: Duplex, request: IncomingMessage) {
    this.socket = socket;
    this.raw = raw;
    this.headers = request.headers;
    this.url = request.url ?? '';
    socket.on('message', (data: RawData) =>
      this.messages.push(JSON.parse((data as Buffer).toString()) as StreamMessage),
    );
    socket.on('close', (code) => (this.closeCode = code));
    socket.on('error', () => undefined);
  }

  get streamSid(): string {
    return this.messages.find((message) => message.event === 'start')?.streamSid ?? '';
  }

  of(event: string): StreamMessage[] {
    return this.messages.filter((message) => message.event === event);
  }

  send(message: Record<string, unknown>): void {
    this.socket.send(JSON.stringify({ ...message, streamSid: this.streamSid }));
  }

  /** Sends audio of `durationMs` to play. */
  play(durationMs: number, byte = 0x10): void {
    const payload = Buffer.alloc(durationMs * 8, byte).toString('base64');
    this.send({ event: 'media', media: { payload } });
  }

  mark(name: string): void {
    this.send({ event: 'mark', mark: { name } });
  }
}

/** A server in place of the gateway. It checks the signature of every request. */
export class FakeGateway {
  readonly requests: Received[] = [];
  readonly streams: FakeStream[] = [];
  /** The answer to each path: TwiML, or what the function does. A path without an entry gets 204. */
  readonly answers = new Map<string, Answer>();
  /** Called for each upgrade. By default it accepts every one. */
  onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void = (...args) => this.accept(...args);
  /** Whether {@link close} fails if a request had no valid signature. */
  checksSignatures = true;
  private readonly server: Server;
  private readonly isSecure: boolean;
  private readonly sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  private readonly connections = new Set<Duplex>();
  private readonly unsigned: string[] = [];

  constructor(tls?: { key: string; cert: string }) {
    this.isSecure = tls !== undefined;
    this.server = tls === undefined ? createServer() : createTlsServer(tls);
    this.server.on('request', (request, response) => void this.onRequest(request, response));
    this.server.on('upgrade', (request, socket, head) => this.onUpgrade(request, socket, head));
    this.server.on('connection', (socket: Duplex) => {
      this.connections.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.connections.delete(socket));
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => {
      this.server.listen(0, '127.0.0.1', resolve);
    });
    return this;
  }

  get base(): string {
    return `${this.isSecure ? 'https' : 'http'}://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Answers `path` with this TwiML. */
  say(path: string, twiml: string): void {
    this.answers.set(path, `<?xml version="1.0" encoding="UTF-8"?><Response>${twiml}</Response>`);
  }

  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.sockets.handleUpgrade(request, socket, head, (webSocket) => {
      this.streams.push(new FakeStream(webSocket, socket, request));
    });
  }

  of(path: string): Received[] {
    return this.requests.filter((request) => request.path === path);
  }

  get stream(): FakeStream {
    const stream = this.streams.at(-1);
    if (stream === undefined) throw new Error('No stream was opened.');
    return stream;
  }

  async close(): Promise<void> {
    for (const socket of this.connections) socket.destroy();
    this.sockets.close();
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
    if (this.checksSignatures) assert.deepEqual(this.unsigned, [], 'requests without a valid signature');
  }

  private async onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    const { headers, method = '', url = '/' } = request;
    const { pathname: path, search } = new URL(url, 'http://any');
    const isPost = method === 'POST';
    const form = new URLSearchParams(isPost ? Buffer.concat(parts).toString() : search);
    const signedUrl = `https://${FAKE_HOST}${url}`;
    if (!UNSIGNED.has(path) && !isSigned(readSignature(headers), [FAKE_TOKEN], [signedUrl], isPost ? form : undefined))
      this.unsigned.push(`${method} ${url}`);
    const received = { method, path, form, headers };
    this.requests.push(received);
    const answer = this.answers.get(path);
    const body = typeof answer === 'function' ? answer(received, response) : answer;
    if (response.writableEnded || (typeof answer === 'function' && body === undefined)) return;
    if (body === undefined) response.writeHead(204).end();
    else response.writeHead(200, { 'Content-Type': 'text/xml' }).end(body);
  }
}
