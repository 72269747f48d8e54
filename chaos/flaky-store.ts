import { type IncomingMessage, type Server, type ServerResponse, createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StoreFault } from './plan.js';

const SLOW_MS = 400;

/** A proxy in front of DynamoDB that fails as DynamoDB can. */
export class FlakyStore {
  fault: StoreFault | undefined;
  private readonly target: URL;
  private readonly server: Server;
  private readonly delayed = new Set<NodeJS.Timeout>();

  constructor(endpointUrl: string) {
    this.target = new URL(endpointUrl);
    this.server = createServer((request, response) => this.answer(request, response));
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => {
      this.server.listen(0, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const timer of this.delayed) clearTimeout(timer);
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    switch (this.fault) {
      case 'reset':
        request.socket.destroy();
        return;
      case 'hung':
        request.resume();
        return;
      case 'error':
        refuse(request, response, 500, 'InternalServerError');
        return;
      case 'throttled':
        refuse(request, response, 400, 'ProvisionedThroughputExceededException');
        return;
      case 'slow': {
        const timer = setTimeout(() => {
          this.delayed.delete(timer);
          this.pass(request, response);
        }, SLOW_MS);
        this.delayed.add(timer);
        return;
      }
      case undefined:
        this.pass(request, response);
    }
  }

  private pass(request: IncomingMessage, response: ServerResponse): void {
    const { hostname, port } = this.target;
    const { headers, method, url } = request;
    const onward = send({ hostname, port, path: url, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  }
}

function refuse(request: IncomingMessage, response: ServerResponse, status: number, type: string): void {
  request.resume();
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
  response.end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: 'Simulated.' }));
}
