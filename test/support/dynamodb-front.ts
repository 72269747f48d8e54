import { type IncomingMessage, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Operations that are answered in the store's place: with the name of an error, or with a whole answer. */
export type ChangedAnswers = Readonly<Record<string, string | object>>;

/** What DynamoDB answers about a table's TTL. */
export const ttlAnswer = (status: string, attribute = 'expires_at'): ChangedAnswers => ({
  DescribeTimeToLive: { TimeToLiveDescription: { TimeToLiveStatus: status, AttributeName: attribute } },
});

/** For tests: stands before the embedded store and answers some operations itself, because that has no TTL and no permissions. */
export class DynamoDbFront {
  changed: ChangedAnswers;
  private readonly storeUrl: string;
  private readonly server = createServer((request, response) => {
    void (async () => {
      const { body, status } = await this.answer(request);
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(body);
    })();
  });

  constructor(storeUrl: string, changed: ChangedAnswers = ttlAnswer('DISABLED')) {
    this.storeUrl = storeUrl;
    this.changed = changed;
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

  private async answer(request: IncomingMessage): Promise<{ status: number; body: string }> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const target = String(request.headers['x-amz-target']);
    const change = this.changed[target.split('.').at(-1) ?? ''];
    if (typeof change === 'string')
      return { status: 400, body: JSON.stringify({ __type: `com.amazon.coral.service#${change}` }) };
    if (change !== undefined) return { status: 200, body: JSON.stringify(change) };
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
    return { status: passed.status, body: await passed.text() };
  }
}
