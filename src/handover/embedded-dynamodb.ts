import { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TandemError } from '../base/errors.js';

export interface EmbeddedDynamoDb {
  endpointUrl: string;
  /** Lets open requests finish, for some seconds at most. */
  close(): Promise<void>;
}

/** Maximum wait for open requests. The gateway's own have ended by then, because its store is closed first. */
const CLOSE_LIMIT_MS = 2000;
const CLOSE_POLL_MS = 20;

/**
 * Starts a DynamoDB-compatible store in this process, in memory, on loopback. It is for local mode and tests, because its
 * data is gone when it closes.
 * @throws TandemError EMBEDDED_STORE_MISSING, PORT_IN_USE
 */
export async function startEmbeddedDynamoDb(
  options: { port?: number; closeLimitMs?: number } = {},
): Promise<EmbeddedDynamoDb> {
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
    close: () => close(server, options.closeLimitMs ?? CLOSE_LIMIT_MS),
  };
}

/**
 * Not by dynalite's own `close`, which closes the database even if a request whose connection was cut still uses it. dynalite
 * throws what that request then gets, where nothing can catch it. A database in memory needs no closing.
 */
async function close(server: Server, limitMs: number): Promise<void> {
  // A connection that is kept alive becomes idle only when its request has been answered.
  const idle = setInterval(() => server.closeIdleConnections(), CLOSE_POLL_MS);
  const limit = setTimeout(() => server.closeAllConnections(), limitMs);
  await new Promise<void>((resolve) => {
    Server.prototype.close.call(server, () => resolve());
  });
  clearInterval(idle);
  clearTimeout(limit);
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
  const server = dynalite.default({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  // If a client goes away in the middle of its request, dynalite throws the error, where nothing can catch it.
  server.on('request', (request) => request.removeAllListeners('error').on('error', () => undefined));
  return server;
}
