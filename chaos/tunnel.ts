import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';

/** A TCP proxy to a local port that can be cut, as connections are when the process at one end is killed. */
export class Tunnel {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  constructor(targetPort: () => number) {
    this.server = createServer((near) => this.join(near, targetPort()));
  }

  /** Starts to listen and resolves with the port. */
  async open(): Promise<number> {
    await new Promise<void>((resolve) => {
      this.server.listen(0, '127.0.0.1', resolve);
    });
    return (this.server.address() as AddressInfo).port;
  }

  /** Resets every connection and accepts no more. Data in flight is lost. */
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
