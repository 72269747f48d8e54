import type { ServerResponse } from 'node:http';
import type { WebSocket } from 'ws';
import { beginStream } from './answer.js';
import type { Encoded } from './encoded.js';
import type { Watcher } from './watch-hub.js';

/** Maximum of what a watcher has not read yet. Then it is closed, and its page opens a new one with a new snapshot. */
const MAX_BACKLOG_BYTES = 1024 * 1024;
/** RFC 6455: the server is going away. */
const GOING_AWAY = 1001;

/** Watches over an answer that never ends: server-sent events, for scripts. */
export class EventStream implements Watcher {
  readonly callSid: string | undefined;
  private readonly response: ServerResponse;

  constructor(response: ServerResponse, callSid: string | undefined) {
    this.response = response;
    this.callSid = callSid;
    beginStream(response, 'text/event-stream');
  }

  send(message: Encoded): void {
    this.write(message.asEvent);
  }

  comment(): void {
    this.write(':\n\n');
  }

  end(): void {
    this.response.end();
  }

  private write(content: Buffer | string): void {
    if (this.response.writableLength > MAX_BACKLOG_BYTES) this.response.destroy();
    else this.response.write(content);
  }
}

/** Watches over a WebSocket, for the console's pages: a browser allows six event streams to one host, and many more of these. */
export class EventSocket implements Watcher {
  readonly callSid: string | undefined;
  private readonly socket: WebSocket;
  private isAlive = true;

  constructor(socket: WebSocket, callSid: string | undefined) {
    this.socket = socket;
    this.callSid = callSid;
    socket.on('pong', () => (this.isAlive = true));
    // It closes by itself then, and 'close' does the rest.
    socket.on('error', () => undefined);
  }

  send(message: Encoded): void {
    if (this.socket.bufferedAmount > MAX_BACKLOG_BYTES) this.socket.terminate();
    else this.socket.send(message.asMessage, { binary: false });
  }

  /** Also finds a page that vanished without closing its connection. */
  comment(): void {
    if (!this.isAlive) this.socket.terminate();
    else {
      this.isAlive = false;
      this.socket.ping();
    }
  }

  end(): void {
    this.socket.close(GOING_AWAY);
  }
}
