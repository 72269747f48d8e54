import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { hasOwnOrigin, isFromOwnPage, mayAsk } from './access.js';

type Headers = Record<string, string>;

function asked(host: string | undefined, remoteAddress: string | undefined, more: Headers = {}) {
  const headers = { ...(host === undefined ? {} : { host }), ...more };
  const headersDistinct = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
  return { headers, headersDistinct, socket: { remoteAddress } as IncomingMessage['socket'] };
}

const withoutToken = (host: string | undefined, address: string | undefined, more?: Headers): boolean =>
  mayAsk(asked(host, address, more), { hasToken: false, hosts: ['gateway.example.com'] });

test('without a token this machine may ask the console by each of its names, with any port or none', () => {
  for (const name of ['localhost', '127.0.0.1', '[::1]'])
    for (const port of ['', ':8000', ':1'])
      for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])
        assert.ok(withoutToken(name + port, address), `${name}${port} from ${address}`);
});

test('without a token no other name reaches the console, however it begins or ends', () => {
  for (const host of [
    undefined,
    '',
    'gateway.example.com',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    'evil.example:127.0.0.1',
    'evil-localhost',
    'localhost.',
    '127.0.0.1.',
    '127.0.0.2',
    '127.1',
    '0x7f000001',
    '2130706433',
    '0.0.0.0',
    '::1',
    '[::1].evil.example',
    '[0:0:0:0:0:0:0:1]',
    '[::ffff:127.0.0.1]',
    'localhost:8000:8000',
    'localhost:',
    'localhost:port',
    'localhost:123456',
    'user@localhost',
    'localhost/evil.example',
    'localhost, evil.example',
    'localhost evil.example',
    'localhost\u0000',
    `localhost${'a'.repeat(100_000)}`,
  ])
    assert.ok(!withoutToken(host, '127.0.0.1'), String(host).slice(0, 50));
});

test('without a token no other machine reaches the console, and nothing that a proxy or tunnel forwards', () => {
  for (const address of [
    undefined,
    '',
    '10.0.0.1',
    '192.168.1.1',
    '203.0.113.7',
    '::',
    '::ffff:10.0.0.1',
    '1127.0.0.1',
  ])
    assert.ok(!withoutToken('localhost', address), String(address));
  for (const name of ['forwarded', 'x-forwarded-for', 'x-real-ip', 'x-forwarded-host', 'via'])
    for (const value of ['', '127.0.0.1', 'for=127.0.0.1'])
      assert.ok(!withoutToken('localhost:8000', '127.0.0.1', { [name]: value }), name);
});

test('two Host headers reach the console neither with a token nor without', () => {
  const two = { ...asked('localhost', '127.0.0.1'), headersDistinct: { host: ['localhost', 'evil.example'] } };
  for (const hasToken of [true, false]) assert.ok(!mayAsk(two, { hasToken, hosts: [] }));
});

test('with a token any machine may ask by a known name, also through a proxy', () => {
  const withToken = (host: string, more?: Headers): boolean =>
    mayAsk(asked(host, '203.0.113.7', more), {
      hasToken: true,
      hosts: ['gateway.example.com', 'Console.internal:8443'],
    });
  for (const host of ['gateway.example.com', 'GATEWAY.example.com:443', 'console.internal', 'localhost:8000', '[::1]'])
    assert.ok(withToken(host), host);
  assert.ok(withToken('gateway.example.com', { 'x-forwarded-for': '198.51.100.1' }));
  for (const host of ['evil.example', 'gateway.example.com.evil.example', 'xgateway.example.com', '203.0.113.7'])
    assert.ok(!withToken(host), host);
});

test('an origin is the own one only if scheme, name and port are those that were asked', () => {
  const own = (origin: string, host: string): boolean => hasOwnOrigin({ headers: { origin, host } });
  assert.ok(own('http://localhost:8000', 'localhost:8000'));
  assert.ok(own('http://localhost', 'localhost:80'));
  assert.ok(own('https://gateway.example.com', 'gateway.example.com:443'));
  assert.ok(own('http://[::1]:8000', '[::1]:8000'));
  for (const origin of [
    '',
    'null',
    'http://localhost:8001',
    'http://127.0.0.1:8000',
    'http://localhost',
    'http://localhost:8000.evil.example',
    'http://localhost:8000@evil.example',
    'http://localhost:8000/',
    'http://localhost:8000, http://evil.example',
    'ws://localhost:8000',
    'file://localhost:8000',
  ])
    assert.ok(!own(origin, 'localhost:8000'), origin);
});

test('a page of the same site or of another one is foreign, and what is no page is not', () => {
  const own = (headers: Headers): boolean => isFromOwnPage({ headers: { host: 'localhost:8000', ...headers } });
  assert.ok(own({}));
  assert.ok(own({ 'sec-fetch-site': 'none' }));
  assert.ok(own({ 'sec-fetch-site': 'same-origin', origin: 'http://localhost:8000' }));
  for (const site of ['same-site', 'cross-site', '', 'same-origin, cross-site'])
    assert.ok(!own({ 'sec-fetch-site': site }), site);
  assert.ok(!own({ 'sec-fetch-site': 'same-origin', origin: 'http://localhost:9000' }));
  assert.ok(!own({ origin: '' }));
});
