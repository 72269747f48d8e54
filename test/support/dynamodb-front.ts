import { type IncomingMessage, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What DynamoDB answers about a table's TTL. */
export type TimeToLive = { TimeToLiveStatus: string; AttributeName?: string } | 'refused';

/** For tests: stands before the embedded store and answers about TTL, which that store does not have. */
export class DynamoDbFront {
  timeToLive: TimeToLive = { TimeToLiveStatus: 'DISABLED' };
  private readonly storeUrl: string;
  private readonly server = createServer((request, response) => {
    void (async () => {
      const { body, headers, status } = await this.answer(request);
      response.writeHead(status, headers).end(body);
    })();
  });

  constructor(storeUrl: string) {
    this.storeUrl = storeUrl;
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => {
      this.server.listen(0, '127.0.0.1', resolve);
    });
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(
    request: IncomingMessage,
  ): Promise<{ status: number; headers: Record<string, string>; body: string }> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const target = String(request.headers['x-amz-target']);
    const headers = { 'content-type': 'application/x-amz-json-1.0' };
    if (target.endsWith('.DescribeTimeToLive')) {
      const { timeToLive } = this;
      if (timeToLive === 'refused')
        return { status: 400, headers, body: '{"__type":"com.amazon.coral.service#AccessDeniedException"}' };
      return { status: 200, headers, body: JSON.stringify({ TimeToLiveDescription: timeToLive }) };
    }
    const passed = await fetch(this.storeUrl, {
      method: 'POST',
      headers: {
        'content-type': String(request.headers['content-type']),
        'x-amz-target': target,
        authorization: String(request.headers.authorization),
        'x-amz-date': String(request.headers['x-amz-date']),
      },
      body: Buffer.concat(chunks),
    });
    return { status: passed.status, headers, body: await passed.text() };
  }
}
