import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { listenError } from './listen-error.js';
import { send } from './respond.js';

/** Maximum time to receive a request. */
const REQUEST_TIMEOUT_MS = 15_000;

/** Answers /metrics on a port of its own, which the operator keeps away from the public. */
export class MetricsServer {
  private readonly server: Server;

  constructor(options: { contentType: string; text: () => Promise<string>; onError: (error: unknown) => void }) {
    const { contentType, onError, text } = options;
    const limits = { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS };
    this.server = createServer(limits, (request, response) => {
      const path = (request.url ?? '/').split('?', 1)[0];
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        send(response, 405, 'text/plain', 'Only GET is allowed here.\n', { connection: 'close' });
      } else if (path === '/metrics') {
        text().then(
          (body) => send(response, 200, contentType, body),
          (error: unknown) => {
            onError(error);
            send(response, 500, 'text/plain', 'The gateway failed to answer. See its log.\n');
          },
        );
      } else send(response, 404, 'text/plain', 'Not found. This port answers /metrics only.\n');
    });
  }

  /** Starts to listen. @throws TandemError PORT_IN_USE, CONFIG_INVALID */
  async start(port: number, host: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', (error) => reject(listenError(error, { host, port, portName: 'METRICS_PORT' })));
      this.server.listen(port, host, resolve);
    });
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
    this.server.closeAllConnections();
    await closed;
  }
}
