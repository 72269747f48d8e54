import { WebSocketServer } from 'ws';
import type { AddressInfo } from 'node:net';
import { readConfig } from '../src/config.js';
import { startGateway } from '../src/start.js';
import { EchoProvider } from './echo-provider.js';

/**
 * The measured process: a gateway with the echo provider, or a bare `ws` relay that sends every frame's payload back.
 * Reports its port, and on request its CPU time and memory.
 */
const mode = process.argv[2] ?? 'pipeline';
const port = mode === 'relay' ? await startRelay() : await startEchoGateway(mode === 'pipeline');
process.send?.({ port });
process.on('message', () => {
  globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMs: (user + system) / 1000, rssBytes: process.memoryUsage.rss() });
});

async function startEchoGateway(pipeline: boolean): Promise<number> {
  const config = readConfig({
    PORT: '0',
    LOG_LEVEL: 'error',
    USE_PIPECAT: String(pipeline),
    USE_LOCAL_DYNAMODB: 'true',
    PUBLIC_HOST: 'bench.example.com',
  });
  const running = await startGateway(config, { providers: [new EchoProvider()] });
  return running.gateway.port;
}

/** The least a gateway could do: the message comes back as it came. */
async function startRelay(): Promise<number> {
  const sockets = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  sockets.on('connection', (socket) => {
    socket.on('message', (data) => socket.send(data, { binary: false }));
  });
  await new Promise((resolve) => sockets.once('listening', resolve));
  return (sockets.address() as AddressInfo).port;
}
