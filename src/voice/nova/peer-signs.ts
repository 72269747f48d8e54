import type { SessionOptions } from 'node:http2';
import { type Socket, connect, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** Maximum number of connections that are looked at. The oldest is forgotten first. */
const MAX_KNOWN = 1000;

/** Opens the connections of a client of the service, and knows whether anything answers at their other end. */
export class PeerSigns {
  private readonly sockets = new Map<number, Socket>();
  private count = 0;

  /** For `http2.connect`. Connects as Node does without it. */
  readonly createConnection = ({ hostname, port, protocol }: URL, options: SessionOptions): Socket => {
    const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
    const named = isIP(host) === 0 ? { servername: host } : {};
    const socket =
      protocol === 'http:'
        ? connect({ host, port: Number(port || 80) })
        : connectTls({ ALPNProtocols: ['h2'], ...named, ...options, host, port: Number(port || 443) });
    const number = ++this.count;
    this.sockets.set(number, socket);
    this.sockets.delete(number - MAX_KNOWN);
    socket.once('close', () => this.sockets.delete(number));
    return socket;
  };

  /**
   * Called when a request is about to open its connection. The returned function says whether nothing has come from the other
   * end. An HTTP/2 server that takes the connection sends its settings at once. Requests that begin at the same moment may be told
   * of each other's connection. That matters only if the service takes one of them and not the other.
   */
  begin(): () => boolean {
    const number = this.count + 1;
    return () => this.sockets.get(number)?.bytesRead === 0;
  }
}
