import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TandemError } from '../base/errors.js';

export interface EmbeddedDynamoDb {
  endpointUrl: string;
  close(): Promise<void>;
}

/**
 * Starts a DynamoDB-compatible store in this process, in memory, on loopback. It is for local mode and tests, because its
 * data is gone when it closes.
 * @throws TandemError EMBEDDED_STORE_MISSING, PORT_IN_USE
 */
export async function startEmbeddedDynamoDb(options: { port?: number } = {}): Promise<EmbeddedDynamoDb> {
  const server = await createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === 'EADDRINUSE';
      reject(isTaken ? new TandemError('PORT_IN_USE', `Port ${options.port} of the embedded store is taken.`) : error);
    });
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    endpointUrl: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function createServer(): Promise<Server> {
  // The package has no types.
  const name: string = 'dynalite';
  let dynalite: { default: (options: Record<string, unknown>) => Server };
  try {
    dynalite = (await import(name)) as typeof dynalite;
  } catch (error) {
    throw new TandemError('EMBEDDED_STORE_MISSING', 'The embedded store (dynalite) cannot be loaded.', {
      cause: error,
    });
  }
  return dynalite.default({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
}
