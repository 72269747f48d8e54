import { type Socket, connect } from 'node:net';

/** What strangers send. Each is the most work that the gateway can be given before it knows who asks. */
export type Nuisance = keyof typeof REQUESTS;

/** What the flooding process is told, as its arguments: `stranger.js PORT NUISANCE CONNECTIONS`. */
export interface Flood {
  port: number;
  nuisance: Nuisance;
  /** Number of connections at a time. Each carries one request, because the gateway closes it. */
  connections: number;
}

/** What a flooding process reports when it is told to stop. */
export interface Flooded {
  requests: number;
  /** Number of answers by status. 0 stands for a connection that ended without one. */
  answers: Record<number, number>;
}

/** Well-formed and wrong. */
const SIGNATURE = `${'A'.repeat(27)}=`;
const MAX_BODY_BYTES = 16 * 1024;

/** Each character is a byte. */
export const REQUESTS = {
  /** Everything is read, sorted and hashed for each URL and token. */
  'form of 200 fields': form((index) => [`Field${String(index * 7919 + 1_000_000)}`, 'x'.repeat(66)]),
  /** The same with a malformed escape in each name and value. Each other byte becomes three when it is read. */
  'form that is no UTF-8': form((index) => [`${String(index * 7919 + 1_000_000)}%ff`, `${'\xff'.repeat(65)}%ff`]),
  /** 65,000 bytes without an announced length, so that they have to be read to be refused. */
  'body of 16,250 names': webhook(['Transfer-Encoding: chunked'], `fde8\r\n${'abc&'.repeat(16_250)}\r\n0\r\n\r\n`),
  upgrade: [
    'GET /twilio/stream HTTP/1.1',
    'Host: bench.example.com',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${'A'.repeat(22)}==`,
    `X-Twilio-Signature: ${SIGNATURE}`,
    '\r\n',
  ].join('\r\n'),
} as const;

function webhook(headers: readonly string[], body: string): string {
  const head = [
    'POST /twilio/voice HTTP/1.1',
    'Host: bench.example.com',
    'Content-Type: application/x-www-form-urlencoded',
    `X-Twilio-Signature: ${SIGNATURE}`,
    ...headers,
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

/** Returns a form of 200 fields, together one byte below the limit. */
function form(field: (index: number) => [name: string, value: string]): string {
  const text = Array.from({ length: 200 }, (_, index) => field(index).join('=')).join('&');
  const body = text + 'x'.repeat(MAX_BODY_BYTES - 1 - text.length);
  return webhook([`Content-Length: ${MAX_BODY_BYTES - 1}`], body);
}

/** Sends requests as fast as they are answered, until `stop` is called. */
export class Strangers {
  readonly flooded: Flooded = { requests: 0, answers: {} };
  private readonly flood: Flood;
  private readonly sockets = new Set<Socket>();
  private isStopped = false;

  constructor(flood: Flood) {
    this.flood = flood;
    for (let index = 0; index < flood.connections; index++) this.ask(index);
  }

  stop(): void {
    this.isStopped = true;
    for (const socket of this.sockets) socket.destroy();
  }

  private ask(index: number): void {
    if (this.isStopped) return;
    const { nuisance, port } = this.flood;
    // Several addresses, because one has too few ports for some seconds of this.
    const socket = connect({ host: '127.0.0.1', port, localAddress: `127.0.0.${2 + (index % 50)}`, noDelay: true });
    let status = 0;
    this.sockets.add(socket);
    socket.write(REQUESTS[nuisance], 'latin1');
    socket.on('data', (data: Buffer) => {
      if (status !== 0) return;
      status = Number(data.toString('latin1', 9, 12));
      socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.sockets.delete(socket);
      if (this.isStopped) return;
      const { answers } = this.flooded;
      this.flooded.requests++;
      answers[status] = (answers[status] ?? 0) + 1;
      this.ask(index);
    });
  }
}
