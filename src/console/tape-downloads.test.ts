import assert from 'node:assert/strict';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { createLogger } from '../telemetry/log.js';
import { TapeDownloads } from './tape-downloads.js';

const PIECE = Buffer.alloc(1000, 'x');

async function serve(downloads: TapeDownloads): Promise<{ server: Server; base: string }> {
  const server = createServer((request, response) => void downloads.send('CA1', request, response));
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return { server, base: `http://localhost:${(server.address() as AddressInfo).port}` };
}

test('a tape is sent with a pause after each piece, so that a fast reader does not take the time of the calls', async () => {
  const clock = new FakeClock();
  const closed: true[] = [];
  const downloads = new TapeDownloads({
    tapes: {
      has: () => true,
      isKept: () => Promise.resolve(true),
      open: () =>
        Promise.resolve({
          path: '',
          sizeBytes: 3 * PIECE.length,
          isWhole: true,
          read: () => Readable.from([PIECE, PIECE, PIECE]),
          close: () => {
            closed.push(true);
            return Promise.resolve();
          },
        }),
    },
    scrubTape: undefined,
    showsTranscripts: true,
    clock,
    log: createLogger({ level: 'silent', destination: { write: () => undefined } }),
  });
  const { base, server } = await serve(downloads);
  try {
    const { body } = await fetch(base);
    let sizeBytes = 0;
    let pauses = 0;
    for await (const part of body ?? []) {
      sizeBytes += (part as Uint8Array).length;
      if (sizeBytes === 3 * PIECE.length) break;
      while (clock.timers === 0) await new Promise((resolve) => setImmediate(resolve));
      assert.equal(sizeBytes % PIECE.length, 0, 'one piece at a time');
      clock.advance(5);
      pauses++;
    }
    assert.deepEqual({ sizeBytes, pauses }, { sizeBytes: 3 * PIECE.length, pauses: 2 });
    while (closed.length === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(closed.length, 1);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
