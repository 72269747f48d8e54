import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { LoginLimit } from './login-limit.js';

function tries(limit: LoginLimit, address: string, count: number): void {
  for (let i = 0; i < count; i++) limit.wrong(address);
}

test('an address may try ten wrong tokens a minute, and others are not held up by it', () => {
  const clock = new FakeClock();
  const limit = new LoginLimit(clock);
  tries(limit, '203.0.113.7', 9);
  assert.equal(limit.waitSeconds('203.0.113.7'), 0);
  clock.advance(20_000);
  tries(limit, '203.0.113.7', 1);
  assert.equal(limit.waitSeconds('203.0.113.7'), 40);
  assert.equal(limit.waitSeconds('::ffff:203.0.113.7'), 40);
  assert.equal(limit.waitSeconds('203.0.113.8'), 0);
  clock.advance(39_999);
  assert.equal(limit.waitSeconds('203.0.113.7'), 1);
  clock.advance(1);
  assert.equal(limit.waitSeconds('203.0.113.7'), 0);
});

test('the addresses of one IPv6 network count as one', () => {
  const limit = new LoginLimit(new FakeClock());
  for (let host = 1; host <= 10; host++) limit.wrong(`2001:db8:0:7::${host}`);
  assert.equal(limit.waitSeconds('2001:db8:0:7:1:2:3:4'), 60);
  assert.equal(limit.waitSeconds('2001:db8:0:8::1'), 0);
  for (const odd of ['::', '::1', 'fe80::1%eth0', '1::2::3', ':'.repeat(60), undefined])
    assert.equal(limit.waitSeconds(odd), 0);
});

test('a million addresses cost no more memory than a thousand', () => {
  const limit = new LoginLimit(new FakeClock());
  tries(limit, '10.0.0.1', 10);
  for (let i = 0; i < 999; i++) limit.wrong(`10.1.${i >> 8}.${i & 255}`);
  assert.ok(limit.waitSeconds('10.0.0.1') > 0);
  limit.wrong('10.2.0.1');
  assert.equal(limit.waitSeconds('10.0.0.1'), 0, 'the oldest is forgotten');
});
