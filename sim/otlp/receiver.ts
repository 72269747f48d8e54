import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  createServer,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { type ReceivedSpan, spansInJson, spansInProtobuf } from './spans.js';

/** A receiver of traces over OTLP/HTTP, in protobuf or JSON, in place of an OpenTelemetry collector. */
export class OtlpReceiver {
  /** In the order in which they came. */
  readonly spans: ReceivedSpan[] = [];
  /** The bodies of all requests, unpacked. */
  readonly bodies: Buffer[] = [];
  readonly requests: { path: string; headers: IncomingHttpHeaders; spans: number }[] = [];
  /** The status of the next answers. Only 200 takes the spans. */
  status = 200;
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => void this.onRequest(request, response));
  }

  /** Starts to listen on a free port of this machine. */
  async start(): Promise<this> {
    await new Promise<void>((resolve) => {
      this.server.listen(0, '127.0.0.1', resolve);
    });
    return this;
  }

  /** The base URL, as OTEL_EXPORTER_OTLP_ENDPOINT takes it. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Everything that was received, to be searched. */
  get bytes(): Buffer {
    return Buffer.concat(this.bodies);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
    this.server.closeAllConnections();
    await closed;
  }

  private async onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const body = await bodyOf(request);
      const isJson = /json/.test(request.headers['content-type'] ?? '');
      const spans = isJson ? spansInJson(body) : spansInProtobuf(body);
      this.requests.push({ path: request.url ?? '', headers: request.headers, spans: spans.length });
      if (this.status === 200) {
        this.bodies.push(body);
        this.spans.push(...spans);
      }
      // An empty answer is an ExportTraceServiceResponse in which everything was taken.
      response.writeHead(this.status, { 'content-type': isJson ? 'application/json' : 'application/x-protobuf' });
      response.end(isJson ? '{}' : '');
    } catch {
      response.writeHead(400);
      response.end();
    }
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  const body = Buffer.concat(parts);
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
}
