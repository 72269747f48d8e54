import { LocalServer } from './local-server.js';

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
  private readonly server = new LocalServer((request, response) => {
    request.resume();
    this.requests++;
    const { body, headers, status } = this.answer;
    response.writeHead(status, headers).end(body);
  });

  listen(): Promise<string> {
    return this.server.listen();
  }

  close(): Promise<void> {
    return this.server.close();
  }
}
