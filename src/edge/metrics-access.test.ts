import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { isNearby, mayReadMetrics } from './metrics-access.js';

const asks = (remoteAddress: string | undefined, headers: Record<string, string> = {}): boolean =>
  mayReadMetrics({ headers, socket: { remoteAddress } as IncomingMessage['socket'] });

test('loopback, private and link-local addresses are near, in both ways of writing them', () => {
  for (const address of [
    '127.0.0.1',
    '127.9.9.9',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.1.1',
    '::ffff:10.1.2.3',
    '::FFFF:127.0.0.1',
    '::1',
    'fd12::1',
    'fe80::1%eth0',
  ])
    assert.ok(isNearby(address), address);
});

test('public addresses and what is no address are not near', () => {
  for (const address of [
    '8.8.8.8',
    '172.15.0.1',
    '172.32.0.1',
    '192.169.0.1',
    '11.0.0.1',
    '0.0.0.0',
    '::ffff:8.8.8.8',
    '2001:db8::1',
    '::',
    '',
    'localhost',
    '10.0.0',
  ])
    assert.ok(!isNearby(address), address);
});

test('a forwarded request may not read metrics, wherever its last proxy stands', () => {
  assert.ok(asks('127.0.0.1'));
  assert.ok(!asks('203.0.113.7'));
  assert.ok(!asks(undefined));
  for (const name of ['x-forwarded-for', 'forwarded', 'via', 'x-forwarded-proto', 'x-real-ip'])
    for (const value of ['', '127.0.0.1']) assert.ok(!asks('127.0.0.1', { [name]: value }), name);
});
