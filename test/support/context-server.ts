import { once } from 'node:events';
import { type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { type Refusal, refusalOf } from '../../sim/hooks/verify.js';
import type { Clock } from '../../src/base/clock.js';

export const CONTEXT_SECRET = 'context-secret-0123456789';

/** How the server answers. A function does what it wants with the response. */
type Answer = object | ((response: ServerResponse, question: Readonly<Record<string, unknown>>) => void);

/** For tests of the hook before a call: the operator's server, which checks signatures and answers as the test says. */
export class ContextServer {
  answer: Answer = {};
  readonly questions: Record<string, unknown>[] = [];
  readonly refusals: Refusal[] = [];
  private readonly clock: Clock;
  private readonly server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (piece: string) => (body += piece));
    request.on('end', () => {
      const header = request.headers['tandem-signature'];
      const told = typeof header === 'string' ? header : undefined;
      const refusal = refusalOf(told, body, { epochMs: this.clock.epochMs(), secret: CONTEXT_SECRET });
      if (refusal !== undefined) this.refusals.push(refusal);
      const question = JSON.parse(body) as Record<string, unknown>;
      this.questions.push(question);
      const { answer } = this;
      if (typeof answer === 'function') answer(response, question);
      else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
  });

  private constructor(clock: Clock) {
    this.clock = clock;
  }

  static async start(clock: Clock): Promise<ContextServer> {
    const server = new ContextServer(clock);
    server.server.listen(0, '127.0.0.1');
    await once(server.server, 'listening');
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/calls`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

/** Answers that a hook must survive, and what the log says of each. */
export const LIES: readonly (readonly [what: string, kind: string, answer: Answer])[] = [
  ['resets the connection', 'unreachable', (response) => void response.socket?.resetAndDestroy()],
  ['answers 500', 'status', (response) => void response.writeHead(500).end('{"variables":{"plan":"gold"}}')],
  ['redirects', 'redirect', (response) => void response.writeHead(307, { location: 'http://127.0.0.1:9/' }).end()],
  ['answers no JSON', 'not_json', (response) => void response.writeHead(200).end('<html>')],
  ['answers a list', 'not_an_object', (response) => void response.writeHead(200).end('["gold"]')],
  ['answers a huge body', 'too_large', (response) => void response.writeHead(200).end(`"${'x'.repeat(100_000)}"`)],
  [
    'answers a small body that grows when it is unpacked',
    'too_large',
    (response) =>
      void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(20_000_000, ' '))),
  ],
  [
    'answers what is no gzip',
    'unreachable',
    (response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end('plain'),
  ],
  ['breaks off in the middle', 'unreachable', breakOff],
  ['answers 80 MB', 'too_large', flood],
];

/** Sends as long as somebody reads, and no more than 80 MB. */
function flood(response: ServerResponse): void {
  const piece = Buffer.alloc(64 * 1024, ' ');
  let leftBytes = 80_000_000;
  const more = (): void => {
    while (leftBytes > 0 && response.write(piece)) leftBytes -= piece.length;
    if (leftBytes > 0) response.once('drain', more);
    else response.end();
  };
  response.on('error', () => undefined);
  response.writeHead(200);
  more();
}

function breakOff(response: ServerResponse): void {
  response.writeHead(200, { 'content-length': '1000' }).write('{"variables":');
  setImmediate(() => response.socket?.resetAndDestroy());
}
