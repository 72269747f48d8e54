import { type IncomingHttpHeaders, type Server, createServer, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

/** A proxy or a tunnel before a console. Browsers come to `base`. */
export interface ReverseProxy {
  readonly base: string;
  close(): void;
}

/**
 * Starts a proxy before `target` that passes on requests and sockets. `change` makes of the headers of a request what the proxy
 * sends on.
 */
export async function startReverseProxy(
  target: string,
  change: (headers: IncomingHttpHeaders) => IncomingHttpHeaders,
): Promise<ReverseProxy> {
  const { hostname, port } = new URL(target);
  const server: Server = createServer((asked, answer) => {
    const { method, url: path } = asked;
    const passed = request({ hostname, port, path, method, headers: change(asked.headers) }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    asked.pipe(passed);
  });
  server.on('upgrade', (asked, socket, head) => {
    const onward = connect(Number(port), hostname);
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const)
      one.on('error', () => other.destroy());
    const lines = Object.entries(change(asked.headers)).map(([name, value]) => `${name}: ${String(value)}\r\n`);
    onward.write(`GET ${asked.url} HTTP/1.1\r\n${lines.join('')}\r\n`);
    onward.write(head);
    onward.pipe(socket).pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return {
    base: `http://localhost:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
