import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const PIECE = Buffer.alloc(64 * 1024, ' ');
/** Then it sends nothing more, so that a client without a limit does not take the memory of the machine. */
const MOST_BYTES = 64 * 1024 * 1024;

/** For tests of limits: an HTTP server that answers with status 200 and a body without end. */
export async function startEndlessServer(): Promise<{
  url: string;
  /** Bytes of all bodies that were handed to the network. */
  sentBytes: () => number;
  /** Number of answers whose client has not gone away. */
  open: () => number;
  close: () => Promise<void>;
}> {
  let sentBytes = 0;
  let open = 0;
  const server = createServer((request, response) => {
    open++;
    request.resume();
    response.on('close', () => open--);
    const more = (): void => {
      if (response.destroyed || sentBytes >= MOST_BYTES) return;
      sentBytes += PIECE.length;
      response.write(PIECE, (error) => {
        if (error === null || error === undefined) setImmediate(more);
      });
    };
    more();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sentBytes: () => sentBytes,
    open: () => open,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
