import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Refusal, checkCurrentMetrics } from './current-metrics.js';
import { Flows } from './flows.js';

/** Number of agents of a queue by metric. `undefined` is what Connect calls insufficient data. */
export interface QueueAgents {
  AGENTS_STAFFED?: number | undefined;
  AGENTS_AVAILABLE?: number | undefined;
  AGENTS_ONLINE?: number | undefined;
}

/** What the next requests get instead of an answer. */
export type ApiFault = 'throttled' | 'broken' | 'hung' | 'proxy';

const THROTTLED: Refusal = { status: 429, type: 'ThrottlingException', message: 'Rate exceeded' };
const BROKEN: Refusal = { status: 500, type: 'InternalServiceException', message: 'Request processing failed' };

/**
 * Amazon Connect's API, limited to the agent metrics that a gateway requests, and to what the doctor reads of flows. It answers
 * and refuses like the real one.
 */
export class ConnectApi {
  /** Agents by queue ARN. A queue that is not in the map has no data, and no row in the answer. */
  readonly queues = new Map<string, QueueAgents>();
  /** The instance's flows, functions and numbers. */
  readonly flows: Flows;
  fault: ApiFault | undefined;
  /** Number of requests so far. */
  asked = 0;
  /** Messages of the refusals so far. */
  readonly refusals: string[] = [];
  private readonly instanceId: string;
  private readonly server: Server;

  constructor(options: { instanceId: string }) {
    this.instanceId = options.instanceId;
    this.flows = new Flows(options.instanceId);
    this.server = createServer((request, response) => {
      this.answer(request, response).catch(() => response.destroy());
    });
  }

  /** Listens on a free port of this machine. Resolves with the endpoint. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => {
      this.server.listen(0, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.asked++;
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    if (this.fault === 'hung') return;
    if (this.fault === 'throttled') return refuse(response, THROTTLED);
    if (this.fault === 'broken') return refuse(response, BROKEN);
    // Something in front of Connect answers in its place.
    if (this.fault === 'proxy') {
      response.writeHead(502, { 'content-type': 'text/html' }).end('<html>502</html>');
      return;
    }
    const aboutFlows = this.flows.answer(request);
    if (aboutFlows !== undefined) {
      if ('refused' in aboutFlows) return refuse(response, aboutFlows.refused);
      return send(response, 200, aboutFlows.body);
    }
    const checked = checkCurrentMetrics(request, Buffer.concat(parts).toString('utf8'), this.instanceId);
    if ('refused' in checked) {
      this.refusals.push(checked.refused.message);
      return refuse(response, checked.refused);
    }
    const results = checked.queues.flatMap((queue) => {
      const agents = this.queues.get(queue);
      if (agents === undefined) return [];
      const collections = checked.metrics.map((name) => ({
        Metric: { Name: name, Unit: 'COUNT' },
        ...(agents[name] === undefined ? {} : { Value: agents[name] }),
      }));
      const id = queue.split('/').at(-1) ?? '';
      return [{ Dimensions: { Queue: { Arn: queue, Id: id } }, Collections: collections }];
    });
    send(response, 200, { MetricResults: results, DataSnapshotTime: Date.now() / 1000 });
  }
}

function refuse(response: ServerResponse, { message, status, type }: Refusal): void {
  response.setHeader('x-amzn-errortype', type);
  send(response, status, { Message: message });
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
