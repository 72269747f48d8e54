import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { Sessions } from './sessions.js';

const TOKEN = 'a-token-of-some-length';

const valueOf = (setCookie: string): string => /^([^;]+);/.exec(setCookie)?.[1] ?? '';

test('a login lasts twelve hours, on every process with the same token, and on none with another', () => {
  const clock = new FakeClock();
  const one = new Sessions({ token: TOKEN, clock });
  const cookie = valueOf(one.openedCookie(true));
  const other = new Sessions({ token: TOKEN, clock });
  assert.ok(other.idIn(cookie) !== undefined);
  assert.equal(other.idIn(`theme=dark; ${cookie}; x=y`), one.idIn(cookie));
  assert.equal(new Sessions({ token: `${TOKEN}!`, clock }).idIn(cookie), undefined);
  assert.equal(new Sessions({ token: undefined, clock }).idIn(cookie), undefined);
  clock.advance(43_199_000);
  assert.ok(one.idIn(cookie) !== undefined);
  clock.advance(1000);
  assert.equal(one.idIn(cookie), undefined);
});

test('a cookie with another id, expiry or signature is no login', () => {
  const sessions = new Sessions({ token: TOKEN, clock: new FakeClock() });
  const cookie = valueOf(sessions.openedCookie(true));
  const [, id = '', expiry = '', signature = ''] = /=([^.]+)\.([^.]+)\.(.+)$/.exec(cookie) ?? [];
  assert.equal(sessions.idIn(`tandem_console=${id}.${expiry}.${signature}`), id);
  for (const value of [
    `${id}.${Number(expiry) + 1}.${signature}`,
    `${id.slice(0, -1)}${id.endsWith('A') ? 'B' : 'A'}.${expiry}.${signature}`,
    `${id}.${expiry}.${'A'.repeat(43)}`,
    `${id}.${expiry}.`,
    `${id}.${expiry}`,
    `${id}..${signature}`,
    '',
    '..',
    'x'.repeat(10_000),
  ])
    assert.equal(sessions.idIn(`tandem_console=${value}`), undefined, value.slice(0, 80));
  assert.equal(sessions.idIn(undefined), undefined);
});

test('a cookie that another port has set beside it does not end a login, and many cost no time', () => {
  const sessions = new Sessions({ token: TOKEN, clock: new FakeClock() });
  const cookie = valueOf(sessions.openedCookie(false));
  assert.ok(sessions.idIn(`tandem_console=planted; ${cookie}`) !== undefined);
  assert.equal(sessions.idIn(`${'tandem_console=planted; '.repeat(500)}${cookie}`), undefined);
});

test('the login cookie is for the console alone, hidden from scripts and other sites, and for TLS if it came over it', () => {
  const sessions = new Sessions({ token: TOKEN, clock: new FakeClock() });
  const attributes = '; HttpOnly; SameSite=Strict; Path=/console; Max-Age=43200';
  // Without a Domain no other name gets it.
  for (const [isSecure, more] of [
    [false, ''],
    [true, '; Secure'],
  ] as const) {
    const cookie = sessions.openedCookie(isSecure);
    assert.equal(cookie, `${valueOf(cookie)}${attributes}${more}`);
  }
  assert.match(sessions.closedCookie(true), /^tandem_console=; .*Max-Age=0; Secure$/);
});

test('a page of one login cannot change anything with the value of another', () => {
  const sessions = new Sessions({ token: TOKEN, clock: new FakeClock() });
  const ids = [1, 2].map(() => sessions.idIn(valueOf(sessions.openedCookie(true))) ?? '');
  const [one = '', other = ''] = ids;
  assert.notEqual(one, other);
  assert.ok(sessions.isCsrf(one, sessions.csrfOf(one)));
  for (const given of [sessions.csrfOf(other), one, '', 'x'.repeat(10_000)]) assert.ok(!sessions.isCsrf(one, given));
});

test('what a page sends with its changes is no signature of a login', () => {
  const sessions = new Sessions({ token: TOKEN, clock: new FakeClock() });
  const [, id = '', expiry = ''] = /=([^.]+)\.([^.]+)\./.exec(sessions.openedCookie(true)) ?? [];
  const forged = sessions.csrfOf(`${id}.${expiry}`);
  assert.equal(sessions.idIn(`tandem_console=${id}.${expiry}.${forged}`), undefined);
});

test('a token is right only if it is the whole token, and without one there is no right token', () => {
  const sessions = new Sessions({ token: TOKEN, clock: new FakeClock() });
  assert.ok(sessions.isToken(TOKEN));
  for (const given of ['', TOKEN.slice(1), `${TOKEN} `, TOKEN.toUpperCase(), 'x'.repeat(100_000)])
    assert.ok(!sessions.isToken(given));
  const open = new Sessions({ token: undefined, clock: new FakeClock() });
  for (const given of ['', 'undefined', TOKEN]) assert.ok(!open.isToken(given));
});

test('processes behind one port that share a secret accept the values of each other, and no others do', () => {
  const clock = new FakeClock();
  const secret = Buffer.alloc(32, 7);
  const [one, other] = [1, 2].map(() => new Sessions({ token: undefined, secret, clock }));
  assert.ok(one !== undefined && other?.isCsrf('local', one.csrfOf('local')));
  const [alone, another] = [1, 2].map(() => new Sessions({ token: undefined, clock }));
  assert.ok(alone !== undefined && !alone.isCsrf('local', one.csrfOf('local')));
  assert.ok(another?.isCsrf('local', alone.csrfOf('local')) === false);
});
