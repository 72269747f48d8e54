import assert from 'node:assert/strict';
import { type Socket, connect } from 'node:net';
import { after, before, test } from 'node:test';
import { type Answered, type Asking, ask, upgradeHeaders } from './support/asking.js';
import { FakeClock } from './support/fake-clock.js';
import { AUTH_TOKEN, PUBLIC_HOST, type Rig, startRig } from './support/rig.js';

const TOKEN = 'console-token-0123456789';
const JSON_TYPE = { 'content-type': 'application/json' };
const SESSION = '/console/api/session';
const DRAIN = '/console/api/drain';

/** The gateway that asks for no token, and the one that does. */
let open: Rig;
let closed: Rig;
const clock = new FakeClock();

before(async () => {
  open = await startRig();
  closed = await startRig({ env: { CONSOLE_TOKEN: TOKEN, CONSOLE_HOSTS: 'console.internal' }, clock });
});

after(async () => {
  await open.close();
  await closed.close();
});

const login = (headers: Record<string, string> = {}, token: unknown = TOKEN): Promise<Answered> =>
  ask(closed.base, '/console/login', { method: 'POST', headers, body: JSON.stringify({ token }) });

/** The content policy of every answer, to the letter. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** Returns the headers of an answer that has no end, and ends it. */
async function headersOfStream(base: string): Promise<Answered['headers']> {
  const end = new AbortController();
  const { headers, status } = await fetch(`${base}/console/api/events`, { signal: end.signal });
  end.abort();
  assert.equal(status, 200);
  return Object.fromEntries(headers);
}

const cookieOf = ({ headers }: Answered): string => headers['set-cookie']?.[0]?.split(';', 1)[0] ?? '';

/** Returns the status of a request that would stop the gateway, if it were let in. */
const drains = async (rig: Rig, headers: Record<string, string>): Promise<number> =>
  (await ask(rig.base, DRAIN, { method: 'POST', headers, body: '{}' })).status;

const csrf = async (rig: Rig, headers: Record<string, string> = {}): Promise<string> =>
  (await ask(rig.base, SESSION, { headers })).json()['csrf'] as string;

test('without a token this machine reads the console, and a rebound name or a tunnel does not', async () => {
  assert.equal((await ask(open.base, '/console')).status, 200);
  assert.equal((await ask(open.base, SESSION)).status, 200);
  const refused: Asking['headers'][] = [
    { host: 'evil.example' },
    { host: PUBLIC_HOST },
    { host: '127.0.0.1.evil.example' },
    { 'x-forwarded-for': '127.0.0.1' },
    { forwarded: 'for=127.0.0.1' },
    { 'x-real-ip': '127.0.0.1' },
    { 'x-forwarded-host': 'evil.example' },
  ];
  for (const headers of refused)
    for (const path of ['/console', '/console/', '/console/login', SESSION, '/console/assets/x.js', '/console/nothing'])
      for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS'])
        assert.equal(
          (await ask(open.base, path, { headers: headers ?? {}, method })).status,
          403,
          JSON.stringify(headers),
        );
});

test('the console takes only its own paths from the rest of the gateway', async () => {
  for (const path of ['/consolex', '/Console', '//console', '/%63onsole', 'http://localhost/console'])
    for (const host of ['localhost', 'evil.example'])
      assert.equal((await ask(open.base, path, { headers: { host } })).status, 404, path);
  for (const path of ['/console/..', '/console/../health', '/console/api', '/console/assets/../calls.html'])
    assert.equal((await ask(open.base, path)).status, 404, path);
  assert.equal((await ask(open.base, '/health', { headers: { host: 'evil.example' } })).status, 200);
  assert.equal((await ask(open.base, '/health', { method: 'POST' })).status, 405);
  // A signature does not make it one of Twilio's requests.
  assert.equal((await ask(open.base, '/console', { headers: { 'x-twilio-signature': 'x' } })).status, 200);
});

test('every answer of the console has the headers that keep foreign pages and scripts out', async () => {
  const asset = /src="([^"]+)"/.exec((await ask(open.base, '/console')).text)?.[1] ?? '';
  const answers = [
    await ask(open.base, '/console'),
    await ask(open.base, asset),
    await ask(open.base, SESSION),
    await ask(open.base, '/console/nothing'),
    await ask(open.base, '/console', { headers: { host: 'evil.example' } }),
    await ask(open.base, DRAIN, { method: 'POST' }),
    await ask(closed.base, '/console'),
    await ask(closed.base, SESSION),
    await ask(open.base, '/console/api/events', { headers: upgradeHeaders('http://evil.example') }),
    await login(),
  ];
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200, 404, 403, 415, 303, 401, 403, 204],
  );
  for (const headers of [...answers.map(({ headers }) => headers), await headersOfStream(open.base)]) {
    assert.equal(headers['content-security-policy'], POLICY);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['referrer-policy'], 'no-referrer');
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
    assert.equal(headers['cross-origin-resource-policy'], 'same-origin');
    assert.equal(headers['permissions-policy'], 'microphone=(self), camera=(), geolocation=()');
    const cors = Object.keys(headers).filter((name) => name.startsWith('access-control-'));
    assert.deepEqual(cors, []);
  }
  assert.equal(answers[0]?.headers['cache-control'], 'no-cache');
  assert.equal(answers[1]?.headers['cache-control'], 'max-age=31536000, immutable');
  assert.equal(answers[2]?.headers['cache-control'], 'no-store');
});

test('a change needs JSON, the value of the own page, and no other page, also without a token', async () => {
  const { host } = new URL(open.base);
  const own = { ...JSON_TYPE, 'x-console-csrf': await csrf(open) };
  const { 'content-type': _, ...untyped } = own;
  assert.equal(await drains(open, untyped), 415);
  assert.equal(await drains(open, { ...own, 'content-type': 'text/plain' }), 415);
  assert.equal(await drains(open, { ...own, 'content-type': 'application/x-www-form-urlencoded' }), 415);
  assert.equal(await drains(open, JSON_TYPE), 403);
  assert.equal(await drains(open, { ...own, 'x-console-csrf': '' }), 403);
  assert.equal(
    await drains(open, { ...own, 'x-console-csrf': await csrf(open, {}).then((value) => `${value}x`) }),
    403,
  );
  assert.equal(await drains(open, { ...own, origin: 'http://127.0.0.1:1' }), 403);
  assert.equal(await drains(open, { ...own, origin: 'null' }), 403);
  assert.equal(await drains(open, { ...own, origin: `https://${host}.evil.example` }), 403);
  assert.equal(await drains(open, { ...own, 'sec-fetch-site': 'same-site' }), 403);
  assert.equal(await drains(open, { ...own, 'sec-fetch-site': 'cross-site' }), 403);
  assert.equal((await ask(open.base, DRAIN, { headers: own })).status, 405);
  // Let in: what is missing now is the word that confirms.
  assert.equal(await drains(open, { ...own, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' }), 400);
  assert.equal(await drains(open, own), 400);
});

test('a page on another port cannot read the API or hold its connections, although its requests carry the cookie', async () => {
  for (const headers of [{ 'sec-fetch-site': 'same-site' }, { origin: 'http://127.0.0.1:3000' }] as Asking['headers'][])
    assert.equal((await ask(open.base, SESSION, { headers: headers ?? {} })).status, 403);
});

test('with a token nothing but the login answers, on this machine too', async () => {
  for (const path of ['/console', '/console/', '/console/calls/CA123', '/console/phone', '/console/nothing']) {
    const page = await ask(closed.base, path);
    assert.deepEqual([page.status, page.headers.location], [303, '/console/login'], path);
  }
  for (const path of [SESSION, '/console/api/calls', '/console/api/events', '/console/api/nothing'])
    assert.equal((await ask(closed.base, path)).status, 401, path);
  assert.equal(await drains(closed, JSON_TYPE), 401);
  const { host } = new URL(closed.base);
  const socket = await ask(closed.base, '/console/api/events', { headers: upgradeHeaders(`http://${host}`) });
  assert.equal(socket.status, 401);
  const page = await ask(closed.base, '/console/login');
  assert.equal(page.status, 200);
  const script = /src="([^"]+)"/.exec(page.text)?.[1] ?? '';
  assert.equal((await ask(closed.base, script)).status, 200);
  assert.equal((await ask(closed.base, `/console?token=${TOKEN}`)).status, 303);
  assert.equal((await ask(closed.base, `${SESSION}?token=${TOKEN}`)).status, 401);
});

test('with a token the console answers by its own names only, also through a proxy', async () => {
  const headers = { authorization: `Bearer ${TOKEN}` };
  for (const host of [PUBLIC_HOST, `${PUBLIC_HOST}:443`, 'console.internal', 'localhost', '127.0.0.1:1'])
    assert.equal((await ask(closed.base, SESSION, { headers: { ...headers, host } })).status, 200, host);
  assert.equal(
    (await ask(closed.base, SESSION, { headers: { ...headers, 'x-forwarded-for': '1.2.3.4' } })).status,
    200,
  );
  for (const host of ['evil.example', `${PUBLIC_HOST}.evil.example`])
    for (const path of ['/console/login', SESSION])
      assert.equal((await ask(closed.base, path, { headers: { ...headers, host } })).status, 403, host);
});

test('a login gets a cookie that opens the console, and a logout takes it back', async () => {
  const answered = await login();
  assert.equal(answered.status, 204);
  const [setCookie = ''] = answered.headers['set-cookie'] ?? [];
  assert.match(setCookie, /; HttpOnly; SameSite=Strict; Path=\/console; Max-Age=43200$/);
  const overTls = await login({ host: PUBLIC_HOST, origin: `https://${PUBLIC_HOST}` });
  assert.match(overTls.headers['set-cookie']?.[0] ?? '', /; Secure$/);
  const cookie = cookieOf(answered);
  assert.equal((await ask(closed.base, '/console', { headers: { cookie } })).status, 200);
  assert.equal(await drains(closed, { ...JSON_TYPE, cookie }), 403);
  const value = await csrf(closed, { cookie });
  const own = { ...JSON_TYPE, cookie, 'x-console-csrf': value };
  assert.equal(await drains(closed, own), 400);
  const another = cookieOf(await login());
  assert.equal(await drains(closed, { ...own, cookie: another }), 403);
  const bare = await ask(closed.base, '/console/logout', { method: 'POST', headers: { cookie } });
  assert.equal(bare.status, 415);
  const out = await ask(closed.base, '/console/logout', { method: 'POST', headers: own });
  assert.deepEqual([out.status, cookieOf(out)], [204, 'tandem_console=']);
});

test('a script needs the token alone, and the token opens no page', async () => {
  const authorization = `Bearer ${TOKEN}`;
  assert.equal((await ask(closed.base, SESSION, { headers: { authorization } })).status, 200);
  assert.equal(await drains(closed, { ...JSON_TYPE, authorization }), 400);
  assert.equal(await drains(closed, { authorization }), 415);
  assert.equal(await drains(closed, { ...JSON_TYPE, authorization, origin: 'http://evil.example' }), 403);
  assert.equal((await ask(closed.base, '/console', { headers: { authorization } })).status, 303);
  for (const wrong of [`Basic ${TOKEN}`, 'Bearer', `Bearer ${TOKEN}x`, TOKEN])
    assert.equal((await ask(closed.base, SESSION, { headers: { authorization: wrong } })).status, 401);
  clock.advance(60_000);
});

test('a login from a foreign page, a wrong token and a broken body get no cookie', async () => {
  const refused: [Answered, number][] = [
    [await login({ origin: 'http://evil.example' }), 403],
    [await login({ 'sec-fetch-site': 'same-site' }), 403],
    [await login({}, `${TOKEN}x`), 401],
    [await login({}, [TOKEN]), 401],
    [await ask(closed.base, '/console/login', { method: 'POST', body: `token=${TOKEN}` }), 400],
    [await ask(closed.base, '/console/login', { method: 'POST', body: '[1]' }), 400],
    [await ask(closed.base, '/console/login', { method: 'PUT', body: '{}' }), 405],
  ];
  for (const [{ headers, status }, expected] of refused)
    assert.deepEqual([status, headers['set-cookie']], [expected, undefined]);
  clock.advance(60_000);
});

test('the eleventh wrong token of a minute has to wait, even sent at once with the others, and so does a right one', async () => {
  const wrong = await Promise.all(Array.from({ length: 15 }, () => login({}, 'wrong')));
  const statuses = wrong.map(({ status }) => status).sort((a, b) => a - b);
  assert.deepEqual(statuses, [...Array<number>(10).fill(401), ...Array<number>(5).fill(429)]);
  const right = await login();
  assert.deepEqual([right.status, right.headers['retry-after']], [429, '60']);
  // Scripts have a limit of their own.
  const asks = (token: string): Promise<Answered> =>
    ask(closed.base, SESSION, { headers: { authorization: `Bearer ${token}` } });
  assert.equal((await asks(TOKEN)).status, 200);
  for (let i = 0; i < 10; i++) assert.equal((await asks('wrong')).status, 401);
  assert.equal((await asks(TOKEN)).status, 429);
  clock.advance(60_000);
  assert.equal((await asks(TOKEN)).status, 200);
  assert.equal((await login()).status, 204);
});

test('a body is read up to a few kilobytes, whatever its length says', async () => {
  const huge = JSON.stringify({ token: 'x'.repeat(100_000) });
  const announced = await ask(closed.base, '/console/login', { method: 'POST', body: huge });
  assert.equal(announced.status, 413);
  const { hostname, port } = new URL(closed.base);
  const socket: Socket = connect(Number(port), hostname);
  let text = '';
  socket.on('data', (part) => (text += part.toString()));
  const ended = new Promise((resolve) => socket.once('close', resolve));
  socket.write('POST /console/login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n');
  for (let i = 0; i < 20; i++) socket.write(`400\r\n${'x'.repeat(1024)}\r\n`);
  socket.on('error', () => undefined);
  await ended;
  assert.match(text, /^HTTP\/1\.1 413 /);
});

test('a socket needs the origin of the console, with a token and without', async () => {
  const { host } = new URL(open.base);
  const status = async (rig: Rig, headers: Record<string, string>): Promise<number> =>
    (await ask(rig.base, '/console/api/events', { headers })).status;
  for (const rig of [open, closed]) {
    assert.equal(await status(rig, upgradeHeaders(undefined)), 403);
    assert.equal(await status(rig, upgradeHeaders('http://127.0.0.1:1')), 403);
    assert.equal(await status(rig, upgradeHeaders('null')), 403);
    assert.equal(await status(rig, upgradeHeaders('http://localhost', { host: 'evil.example' })), 403);
  }
  assert.equal(await status(open, upgradeHeaders(`http://${host}`, { 'x-forwarded-for': '127.0.0.1' })), 403);
  assert.equal(await status(open, upgradeHeaders(`http://${host}`, { 'sec-fetch-site': 'same-site' })), 403);
  const nowhere = await ask(open.base, '/console/api/nothing', { headers: upgradeHeaders(`http://${host}`) });
  assert.equal(nowhere.status, 404);
});

test('a stream of Twilio still finds its way beside the console', async () => {
  const headers = upgradeHeaders(undefined);
  assert.equal((await ask(open.base, '/twilio/stream', { headers })).status, 403, 'not signed');
  assert.equal((await ask(open.base, '/elsewhere', { headers })).status, 404);
});

test('neither the token of the console nor a cookie is in the log', async () => {
  const cookie = cookieOf(await login());
  await login({}, 'some-wrong-token-of-a-guesser');
  const log = closed.log();
  assert.match(log, /a wrong token was sent to the console/);
  for (const secret of [TOKEN, AUTH_TOKEN, cookie.slice(20), 'some-wrong-token']) assert.ok(!log.includes(secret));
});
