import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { StaticFiles } from './static-files.js';

/** Serves the built pages without a guard. Returns what a raw request gets. */
async function withFiles(
  body: (
    get: (path: string, encoding?: string) => Promise<{ headers: Headers; bytes: Buffer; status: number }>,
  ) => Promise<void>,
): Promise<void> {
  const files = new StaticFiles();
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    void (path === '/page' ? files.sendPage('login', request, response) : files.sendFile(path, request, response)).then(
      (isSent) => {
        if (!isSent) response.writeHead(404).end();
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await body(async (path, encoding) => {
      const { get } = await import('node:http');
      return new Promise((resolve, reject) => {
        const headers = encoding === undefined ? {} : { 'accept-encoding': encoding };
        get({ port, path, headers, agent: false }, (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: new Headers(response.headers as Record<string, string>),
              bytes: Buffer.concat(parts),
            }),
          );
        }).on('error', reject);
      });
    });
  } finally {
    server.close();
  }
}

test('a page is asked for anew each time, and what it loads is kept for ever', async () => {
  await withFiles(async (get) => {
    const page = await get('/page');
    assert.equal(page.headers.get('cache-control'), 'no-cache');
    assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8');
    const files = [...page.bytes.toString().matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path ?? '');
    assert.ok(files.length >= 2);
    for (const path of files) {
      assert.match(path, /^\/console\/assets\/[\w-]+-[A-Z0-9]{8}\.(?:css|js)$/);
      assert.equal((await get(path)).headers.get('cache-control'), 'max-age=31536000, immutable');
    }
    // The content policy allows neither.
    assert.doesNotMatch(page.bytes.toString(), /<style|<script(?![^>]* src=)|\son\w+=/);
  });
});

test('a file comes compressed as the browser takes it, the smallest first', async () => {
  await withFiles(async (get) => {
    const plain = await get('/page');
    assert.equal(plain.headers.get('content-encoding'), null);
    const cases = [
      ['gzip, deflate, br', 'br', brotliDecompressSync],
      ['gzip', 'gzip', gunzipSync],
      ['br;q=0, gzip;q=0.5', 'gzip', gunzipSync],
    ] as const;
    for (const [accepted, expected, decode] of cases) {
      const { bytes, headers } = await get('/page', accepted);
      assert.equal(headers.get('content-encoding'), expected, accepted);
      assert.equal(headers.get('vary'), 'accept-encoding');
      assert.equal(Number(headers.get('content-length')), bytes.length);
      assert.deepEqual(decode(bytes), plain.bytes);
    }
    for (const none of ['identity', 'br;q=0', '', 'x'.repeat(8000)])
      assert.equal((await get('/page', none)).headers.get('content-encoding'), null);
  });
});

test('no path of a request reaches a file besides the built ones', async () => {
  await withFiles(async (get) => {
    for (const path of [
      '/console/assets/',
      '/console/assets/../login.html',
      '/console/assets/..%2flogin.html',
      '/console/assets/../../src/main.js',
      '/console/assets//etc/passwd',
      '/console/assets/__proto__',
      '/console/login.html',
      '/etc/passwd',
    ])
      assert.equal((await get(path)).status, 404, path);
  });
});
