import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

/** Returns the answer to one command in Redis' protocol, for example `:1\r\n`. */
export type StubAnswer = (words: readonly string[]) => string;

/** For tests of what a Redis of another version, or a proxy, may answer: a server that says what the test wants. */
export class StubRedis {
  /** Number of connections so far. */
  connections = 0;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  private constructor(answer: StubAnswer, certificate: { key: string; cert: string } | undefined) {
    const serve = (socket: Socket): void => this.serve(socket, answer);
    this.server = certificate === undefined ? createServer(serve) : createTlsServer(certificate, serve);
    this.server.on('tlsClientError', () => undefined);
  }

  static async start(answer: StubAnswer, certificate?: { key: string; cert: string }): Promise<StubRedis> {
    const stub = new StubRedis(answer, certificate);
    stub.server.listen(0, '127.0.0.1');
    await once(stub.server, 'listening');
    return stub;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private serve(socket: Socket, answer: StubAnswer): void {
    this.connections++;
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => undefined);
    // Latin 1 keeps one character a byte, and so the lengths of the protocol.
    let received = '';
    socket.setEncoding('latin1').on('data', (data: string) => {
      received += data;
      for (let command = nextCommand(received); command !== undefined; command = nextCommand(received)) {
        received = received.slice(command.length);
        socket.write(answer(command.words), 'latin1');
      }
    });
  }
}

/** Reads the first whole command: an array of bulk strings (Redis: protocol specification). */
function nextCommand(text: string): { words: string[]; length: number } | undefined {
  const head = /^\*(\d+)\r\n/.exec(text);
  if (head === null) return undefined;
  let at = head[0].length;
  const words: string[] = [];
  for (let count = Number(head[1]); count > 0; count--) {
    const size = /^\$(\d+)\r\n/.exec(text.slice(at, at + 20));
    if (size === null) return undefined;
    const start = at + size[0].length;
    at = start + Number(size[1]) + 2;
    if (text.length < at) return undefined;
    words.push(text.slice(start, at - 2));
  }
  return { words, length: at };
}
