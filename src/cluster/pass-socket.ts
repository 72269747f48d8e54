import { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { PassedRequest } from './protocol.js';

/** Node's internal handle of a socket. There is no public way to stop reading from a socket that does not flow. */
interface SocketInternals {
  _handle?: { readStop?: () => number } | null;
}

/**
 * Stops reading from a connection before it is passed to another process. This process keeps the connection open until the
 * other one has confirmed it, and data read meanwhile would be lost.
 */
export function stopReading(socket: Socket): void {
  (socket as unknown as SocketInternals)._handle?.readStop?.();
}

/** Returns the request that came to another process together with its connection, which this process has got. */
export function takeRequest({ headers, method, url }: PassedRequest, socket: Socket): IncomingMessage {
  socket.on('error', () => socket.destroy());
  return Object.assign(new IncomingMessage(socket), { method, url, headers });
}
