import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

/**
 * The yardstick: the least a gateway could do. It passes every message unread between the carrier's socket and one to the
 * model. Without a model it sends each message back. Resolves with its port.
 */
export async function startBareRelay(modelUrl: string | undefined): Promise<number> {
  const sockets = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  sockets.on('connection', (carrier) => {
    if (modelUrl === undefined) {
      carrier.on('message', (data: Buffer) => carrier.send(data, { binary: false }));
      return;
    }
    const model = new WebSocket(modelUrl, { perMessageDeflate: false });
    carrier.on('message', (data: Buffer) => {
      if (model.readyState === WebSocket.OPEN) model.send(data, { binary: false });
    });
    model.on('message', (data: Buffer) => carrier.send(data, { binary: false }));
    model.on('error', () => carrier.terminate());
    carrier.on('close', () => model.terminate());
  });
  await new Promise((resolve) => sockets.once('listening', resolve));
  return (sockets.address() as AddressInfo).port;
}
