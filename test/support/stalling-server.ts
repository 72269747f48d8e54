import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** For tests of deadlines: an HTTP server that sends the head of each answer and the beginning of its body, and no more. */
export async function startStallingServer(): Promise<{
  url: string;
  /** Number of requests so far. */
  requests: () => number;
  /** Number of answers whose client has not gone away. */
  open: () => number;
  close: () => Promise<void>;
}> {
  let requests = 0;
  let open = 0;
  const server = createServer((request, response) => {
    requests++;
    open++;
    request.resume();
    response.on('close', () => open--);
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0', 'content-length': '1000' });
    response.write('{');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
    open: () => open,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
