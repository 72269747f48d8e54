import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';

/** A way to a port of this machine that can be cut, as it is when the process at one of its ends is killed. */
export class Tunnel {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  constructor(targetPort: () => number) {
    this.server = createServer((near) => this.join(near, targetPort()));
  }

  /** Gives its port. */
  async open(): Promise<number> {
    await new Promise<void>((resolve) => {
      this.server.listen(0, '127.0.0.1', resolve);
    });
    return (this.server.address() as AddressInfo).port;
  }

  /** Everything that is on its way is lost, and nothing comes through any more. */
  cut(): void {
    this.server.close();
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  private join(near: Socket, targetPort: number): void {
    const far = connect(targetPort, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(socket);
      socket.setNoDelay();
      socket.pipe(other);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
    }
  }
}
