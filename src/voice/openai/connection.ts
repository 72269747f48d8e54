import { type ClientOptions, type RawData, WebSocket } from 'ws';
import type { Clock, Timer } from '../../base/clock.js';
import { TandemError } from '../../base/errors.js';
import { closedByService, refusedHandshake, unreachable } from './failures.js';

/** Opens a WebSocket to a service. */
export type OpenSocket = (url: string, options: ClientOptions) => WebSocket;

export interface ConnectionOptions {
  url: string;
  headers: Readonly<Record<string, string>>;
  /** Default: a real WebSocket. */
  openSocket?: OpenSocket | undefined;
  clock: Clock;
  onOpen(): void;
  /** Called for each message. `undefined` stands for a binary one, of which the protocol has none. */
  onMessage(text: string | undefined): void;
  /** Called once if the connection is lost or cannot be made, and never after {@link Connection.close}. */
  onLost(error: TandemError): void;
}

type State = { name: 'connecting' } | { name: 'open'; ping: Timer; isAlive: boolean } | { name: 'closed' };

const AS_TEXT = { binary: false };
const PING_EVERY_MS = 10_000;
/** Maximum wait for the service's half of the closing handshake. */
const CLOSE_WITHIN_MS = 2000;
/** Maximum size of one message from the service. Audio comes in pieces of some kilobytes. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** The WebSocket to the service, from the handshake to the last byte. */
export class Connection {
  private readonly options: ConnectionOptions;
  private readonly socket: WebSocket;
  private state: State = { name: 'connecting' };

  constructor(options: ConnectionOptions) {
    this.options = options;
    // Compression would cost twice the CPU for audio that does not compress. ws switches Nagle's algorithm off itself.
    const { openSocket = (url, client) => new WebSocket(url, client) } = options;
    this.socket = openSocket(options.url, {
      headers: { ...options.headers },
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
    });
    this.socket.on('open', () => this.onOpen());
    this.socket.on('message', (data: RawData, isBinary) => {
      if (this.state.name !== 'open') return;
      this.state.isAlive = true;
      this.options.onMessage(isBinary ? undefined : (data as Buffer).toString());
    });
    this.socket.on('pong', () => {
      if (this.state.name === 'open') this.state.isAlive = true;
    });
    this.socket.on('unexpected-response', (_request, response) => {
      response.resume();
      this.lose(refusedHandshake(response.statusCode ?? 0));
    });
    // On an open connection 'close' follows, and its code says more.
    this.socket.on('error', (error) => {
      if (this.state.name === 'connecting') this.lose(unreachable(error));
    });
    this.socket.on('close', (code, reason) => this.lose(closedByService(code, reason.toString())));
  }

  /** Bytes accepted for sending that are not on the network yet. */
  get bufferedBytes(): number {
    return this.socket.bufferedAmount;
  }

  send(text: string | Buffer): void {
    if (this.state.name !== 'open') return;
    // ws masks bytes into one buffer with the frame's header. A string becomes two buffers, which cost more to write.
    this.socket.send(typeof text === 'string' ? Buffer.from(text) : text, AS_TEXT);
  }

  close(): void {
    const before = this.state;
    if (before.name === 'closed') return;
    this.state = { name: 'closed' };
    if (before.name === 'connecting') {
      this.socket.terminate();
      return;
    }
    before.ping.cancel();
    const late = this.options.clock.setTimer(CLOSE_WITHIN_MS, () => this.socket.terminate());
    this.socket.once('close', () => late.cancel());
    this.socket.close(1000);
  }

  private onOpen(): void {
    if (this.state.name !== 'connecting') return;
    this.state = { name: 'open', ping: this.schedulePing(), isAlive: true };
    this.options.onOpen();
  }

  /** Detects a peer that vanished without closing, at the second ping. */
  private schedulePing(): Timer {
    return this.options.clock.setTimer(PING_EVERY_MS, () => {
      if (this.state.name !== 'open') return;
      if (!this.state.isAlive) {
        this.lose(new TandemError('VOICE_UNREACHABLE', `OpenAI did not answer a ping within ${PING_EVERY_MS} ms.`));
        return;
      }
      this.state.isAlive = false;
      this.socket.ping();
      this.state.ping = this.schedulePing();
    });
  }

  private lose(error: TandemError): void {
    const before = this.state;
    if (before.name === 'closed') return;
    this.state = { name: 'closed' };
    if (before.name === 'open') before.ping.cancel();
    this.socket.terminate();
    this.options.onLost(error);
  }
}
