import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../base/clock.js';
import type { Config } from '../config/config.js';
import { type OperatorConsole, isConsolePath } from '../console/operator-console.js';
import { InFlightRequests } from '../edge/in-flight-requests.js';
import { listenError } from '../edge/listen-error.js';
import { mayReadMetrics } from '../edge/metrics-access.js';
import { MetricsServer } from '../edge/metrics-server.js';
import { send, sendJson } from '../edge/respond.js';
import { shownPath } from '../edge/shown-path.js';
import type { StreamUpgrades } from '../edge/stream-upgrades.js';
import type { TwilioWebhooks } from '../edge/twilio-webhooks.js';
import { type OutboundApi, isOutboundPath } from '../outbound/api.js';
import type { Logger } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Readiness } from './peers.js';

/** Maximum time to receive a request, so that slow clients do not hold sockets. Twilio's limit for a webhook is 15 s. */
const REQUEST_TIMEOUT_MS = 15_000;

/** The paths besides Twilio's. */
const PLAIN_PATHS: ReadonlySet<string> = new Set(['/health', '/ready', '/metrics']);

export interface HttpServerOptions {
  config: Pick<Config, 'host' | 'port' | 'metricsPort' | 'keepAliveMs'>;
  webhooks: TwilioWebhooks;
  streams: StreamUpgrades;
  console: OperatorConsole;
  outbound: OutboundApi;
  /** Returns the fields of /health besides its status. */
  about: () => Record<string, unknown>;
  readiness: () => Readiness | Promise<Readiness>;
  metricsText: () => Promise<string>;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
}

/**
 * The gateway's port. Leads each request and each upgrade to the part that answers it, and answers /health, /ready and
 * /metrics itself.
 */
export class HttpServer {
  /** The requests that are being answered, without those of the console. */
  readonly requests: InFlightRequests;
  private readonly options: HttpServerOptions;
  private readonly server: Server;
  /** `undefined`: the metrics are on the main port. */
  private readonly metricsServer: MetricsServer | undefined;
  private boundPort = 0;
  private listeningEnded: Promise<void> | undefined;

  constructor(options: HttpServerOptions) {
    const { clock, config, console, log, metrics, metricsText, streams } = options;
    this.options = options;
    this.requests = new InFlightRequests(clock);
    this.server = createServer(
      {
        requestTimeout: REQUEST_TIMEOUT_MS,
        headersTimeout: REQUEST_TIMEOUT_MS,
        keepAliveTimeout: config.keepAliveMs,
      },
      (request, response) => {
        // The console has answers that never end, and nobody waits for them when the process stops.
        if (!isConsolePath(pathOf(request))) this.requests.add(response);
        void this.onRequest(request, response);
      },
    );
    if (config.metricsPort !== undefined) {
      this.metricsServer = new MetricsServer({
        contentType: metrics.registry.contentType,
        text: metricsText,
        onError: (error) => log.error({ err: error, path: '/metrics' }, 'request failed'),
      });
    }
    this.server.on('upgrade', (request, socket, head) => {
      const path = pathOf(request);
      if (isConsolePath(path)) console.onUpgrade(path, request, socket, head);
      else streams.onUpgrade(request, socket, head);
    });
    this.server.on('clientError', (_error, socket: Duplex) => {
      if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    });
  }

  /**
   * Starts to listen.
   * @throws TandemError PORT_IN_USE, CONFIG_INVALID
   */
  async start(): Promise<void> {
    const { host, metricsPort, port } = this.options.config;
    await this.metricsServer?.start(metricsPort ?? 0, host);
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', (error) => reject(listenError(error, { host, port, portName: 'PORT' })));
      this.server.listen(port, host, resolve);
    });
    this.boundPort = (this.server.address() as AddressInfo).port;
  }

  /** The port it listens on, or listened on. 0 before the start. */
  get port(): number {
    return this.boundPort;
  }

  /** The port of the metrics alone. `undefined` if they are on the main port. */
  get metricsPort(): number | undefined {
    return this.metricsServer?.port;
  }

  /** Accepts no more connections. Resolves when all are closed. */
  stopListening(): Promise<void> {
    // Not `server.close()`, which also closes idle connections. On a new one, a request of Twilio may be on its way.
    this.listeningEnded ??= new Promise((resolve) => NetServer.prototype.close.call(this.server, () => resolve()));
    return this.listeningEnded;
  }

  /** Stops listening and closes every connection. */
  async close(): Promise<void> {
    const ended = this.stopListening();
    await this.metricsServer?.close();
    this.server.closeAllConnections();
    // Also ends the server's timer that checks connections.
    this.server.close();
    await ended;
  }

  private async onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { console, log, outbound, webhooks } = this.options;
    const path = pathOf(request);
    try {
      const route = webhooks.routeOf(path);
      if (isConsolePath(path)) await console.onRequest(path, request, response);
      else if (isOutboundPath(path)) await outbound.onRequest(path, request, response);
      else if (route !== undefined) await webhooks.onRequest(route, request, response);
      else if (!PLAIN_PATHS.has(path) && webhooks.isMeant(path, request)) webhooks.onNoRoute(path, response);
      else await this.onPlainRequest(path, request, response);
    } catch (error) {
      log.error({ err: error, path: shownPath(path) }, 'request failed');
      if (!response.headersSent) send(response, 500, 'text/plain', 'The gateway failed to answer. See its log.\n');
    }
  }

  private async onPlainRequest(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      send(response, 405, 'text/plain', 'Only GET is allowed here.\n', { connection: 'close' });
      return;
    }
    switch (path) {
      case '/health':
        sendJson(response, 200, { status: 'ok', ...this.options.about() });
        return;
      case '/ready':
        await this.onReady(response);
        return;
      case '/metrics':
        await this.onMetrics(request, response);
        return;
      default:
        send(response, 404, 'text/plain', 'Not found.\n');
    }
  }

  private async onMetrics(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { metrics, metricsText } = this.options;
    if (this.metricsServer !== undefined) {
      send(response, 404, 'text/plain', 'Not found. Metrics are on METRICS_PORT.\n');
    } else if (mayReadMetrics(request)) {
      send(response, 200, metrics.registry.contentType, await metricsText());
    } else {
      const text = 'Metrics are answered only to loopback and private addresses, without a proxy. Set METRICS_PORT.\n';
      send(response, 403, 'text/plain', text);
    }
  }

  private async onReady(response: ServerResponse): Promise<void> {
    const { isReady, ...body } = await this.options.readiness();
    sendJson(response, isReady ? 200 : 503, body);
  }
}

function pathOf({ url = '/' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '/';
}
