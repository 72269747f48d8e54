import type { Socket } from 'node:net';

/** What Node keeps under a socket; it has no public way to stop reading from one that does not flow. */
interface Innards {
  _handle?: { readStop?: () => number } | null;
}

/**
 * Stops reading from a connection that is about to be given to another process. Until the other side has confirmed it,
 * this process has the connection open as well, and whatever it read meanwhile would be lost.
 */
export function stopReading(socket: Socket): void {
  (socket as unknown as Innards)._handle?.readStop?.();
}
