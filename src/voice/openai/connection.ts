import { type RawData, WebSocket } from 'ws';
import type { Clock, Timer } from '../../base/clock.js';
import { TandemError } from '../../base/errors.js';
import { closedByService, refusedHandshake, unreachable } from './failures.js';

export interface ConnectionOptions {
  url: string;
  headers: Readonly<Record<string, string>>;
  clock: Clock;
  onOpen(): void;
  /** One message; `undefined` for a binary one, of which the protocol has none. */
  onMessage(text: string | undefined): void;
  /** The connection is gone or was never made. Once, and not after {@link Connection.close}. */
  onLost(error: TandemError): void;
}

type State = { name: 'connecting' } | { name: 'open'; ping: Timer; isAlive: boolean } | { name: 'closed' };

const PING_EVERY_MS = 10_000;
/** The other side's half of the closing handshake is not waited for beyond this. */
const CLOSE_WITHIN_MS = 2000;
/** One message of the service; audio comes in pieces of some kilobytes. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** The WebSocket to the service, from the handshake to the last byte. */
export class Connection {
  private readonly options: ConnectionOptions;
  private readonly socket: WebSocket;
  private state: State = { name: 'connecting' };

  constructor(options: ConnectionOptions) {
    this.options = options;
    // ws switches Nagle's algorithm off itself; compression costs twice the CPU for audio that does not compress.
    this.socket = new WebSocket(options.url, {
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
    // Once open, 'close' follows and tells more.
    this.socket.on('error', (error) => {
      if (this.state.name === 'connecting') this.lose(unreachable(error));
    });
    this.socket.on('close', (code, reason) => this.lose(closedByService(code, reason.toString())));
  }

  /** Bytes accepted for sending that the network has not taken yet. */
  get bufferedBytes(): number {
    return this.socket.bufferedAmount;
  }

  send(text: string): void {
    // As bytes, which ws masks into one buffer with their head; a string becomes two, and two cost more to write.
    if (this.state.name === 'open') this.socket.send(Buffer.from(text), { binary: false });
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

  /** A peer that vanished without a word is noticed by the second ping. */
  private schedulePing(): Timer {
    return this.options.clock.setTimer(PING_EVERY_MS, () => {
      if (this.state.name !== 'open') return;
      if (!this.state.isAlive) {
        this.lose(new TandemError('VOICE_UNREACHABLE', 'OpenAI does not answer any more.'));
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
