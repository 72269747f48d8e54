import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { freePort } from './support/free-port.js';

// bin/health.mjs, which HEALTHCHECK of the image runs.

async function ask(env: Record<string, string>): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, ['bin/health.mjs'], { env });
  let said = '';
  child.stderr.on('data', (text: Buffer) => (said += text.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said };
}

async function withServer(status: number, look: (port: number) => Promise<void>): Promise<void> {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    response.writeHead(status).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await look((server.address() as AddressInfo).port);
    assert.deepEqual(new Set(asked), new Set(['/health']));
  } finally {
    server.close();
  }
}

test('the health command says nothing and exits 0 while the gateway answers, on whichever address it listens', async () => {
  await withServer(200, async (port) => {
    for (const HOST of ['0.0.0.0', '::', '', '127.0.0.1'])
      assert.deepEqual(await ask({ HOST, PORT: String(port) }), { code: 0, said: '' }, HOST);
  });
});

test('the health command exits 1 and says the status when the gateway answers that it is not well', async () => {
  await withServer(503, async (port) => {
    const url = `http://127.0.0.1:${port}/health`;
    assert.deepEqual(await ask({ PORT: String(port) }), { code: 1, said: `${url} answered 503.\n` });
  });
});

test('the health command exits 1 and says why when nothing listens', async () => {
  const port = await freePort();
  const { code, said } = await ask({ HOST: '::1', PORT: String(port) });
  assert.equal(code, 1);
  assert.match(said, new RegExp(`^http://\\[::1\\]:${port}/health did not answer \\(E\\w+\\)\\.\\n$`));
});
