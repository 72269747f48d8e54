import { type IncomingMessage, type Server, type ServerResponse, createServer, request as send } from 'node:http';
import { type AddressInfo, type Socket, connect } from 'node:net';
import type { Duplex } from 'node:stream';

// For tests of lost requests: a load balancer that loses, repeats or refuses what the test says.

/**
 * What happens to a request. `refused`: it does not reach the server. `lost`: its answer comes back as an error. `hung`: its
 * answer never arrives. `twice`: it is sent again after its answer. `at-once`: it is sent twice at the same time. Of two answers
 * the second counts.
 */
export type Mishap = 'refused' | 'lost' | 'hung' | 'twice' | 'at-once';

interface Answer {
  status: number;
  type: string;
  body: Buffer;
}

/** A load balancer in front of one gateway. */
export class LossyFront {
  /** Path → what happens to the next request for it. */
  readonly mishaps = new Map<string, Mishap>();
  /** Path → what happens to every request for it. */
  readonly outages = new Map<string, Mishap>();
  /** The answers to requests that were sent twice, in pairs. */
  readonly pairs: (readonly [first: string, second: string])[] = [];
  /** Number of coming streams to refuse with 502, as for a server that has just died. */
  refusedStreams = 0;
  /** Delay before each of them is refused. */
  refusesAfterMs = 0;
  private readonly target: () => string;
  private readonly server: Server;
  private readonly sockets = new Set<Duplex>();

  constructor(target: () => string) {
    this.target = target;
    this.server = createServer((request, response) => {
      // The server behind this front is gone.
      this.pass(request, response).catch(() => response.destroy());
    });
    this.server.on('upgrade', (request, socket, head) => this.passStream(request, socket as Socket, head));
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => {
      this.server.listen(0, '127.0.0.1', resolve);
    });
    return this;
  }

  get base(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
  }

  private async pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/';
    const mishap = this.mishaps.get(path) ?? this.outages.get(path);
    this.mishaps.delete(path);
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    const body = Buffer.concat(parts);
    let answer: Answer = { status: 502, type: 'text/plain', body: Buffer.alloc(0) };
    if (mishap === 'twice' || mishap === 'at-once') {
      const first = this.ask(request, body);
      if (mishap === 'twice') await first;
      answer = await this.ask(request, body);
      this.pairs.push([(await first).body.toString(), answer.body.toString()]);
    } else if (mishap !== 'refused') answer = await this.ask(request, body);
    if (mishap === 'lost') answer = { ...answer, status: 502 };
    if (mishap === 'hung') return;
    response.writeHead(answer.status, { 'content-type': answer.type }).end(answer.body);
  }

  private ask(request: IncomingMessage, body: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { headers, method, url } = request;
      const asked = send(`${this.target()}${url ?? '/'}`, { method, headers }, (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            type: answer.headers['content-type'] ?? '',
            body: Buffer.concat(parts),
          }),
        );
      });
      asked.on('error', reject);
      asked.end(body);
    });
  }

  private passStream(request: IncomingMessage, socket: Socket, head: Buffer): void {
    if (this.refusedStreams > 0) {
      this.refusedStreams--;
      socket.on('error', () => undefined);
      setTimeout(() => socket.end('HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n'), this.refusesAfterMs);
      return;
    }
    const { hostname, port } = new URL(this.target());
    const gateway = connect(Number(port), hostname);
    const lines = request.rawHeaders.flatMap((text, at, all) =>
      at % 2 === 0 ? [`${text}: ${all[at + 1] ?? ''}`] : [],
    );
    gateway.write(`GET ${request.url ?? '/'} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    gateway.write(head);
    socket.pipe(gateway).pipe(socket);
    for (const end of [socket, gateway]) {
      this.sockets.add(end);
      end.setNoDelay(true);
      end.on('error', () => undefined);
      end.on('close', () => {
        socket.destroy();
        gateway.destroy();
      });
    }
  }
}
