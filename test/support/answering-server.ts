import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a service answers to one request. */
export interface PlainAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** For tests of clients: a server that answers every request as the test says. */
export class AnsweringServer {
  answer: PlainAnswer = { status: 200, headers: {}, body: '{}' };
  requests = 0;
  private readonly server = createServer((request, response) => {
    request.resume();
    this.requests++;
    const { body, headers, status } = this.answer;
    response.writeHead(status, headers).end(body);
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => {
      this.server.listen(0, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => {
      this.server.close(() => resolve());
    });
  }
}
