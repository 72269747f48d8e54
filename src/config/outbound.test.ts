import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusal } from '../../test/support/refused-config.js';
import { readConfig } from './config.js';

const TOKEN = '0123456789abcdef'.repeat(2);
const REAL = {
  USE_LOCAL_DYNAMODB: 'false',
  HANDOVER_TOKEN_PEPPER: 'pepper-pepper-pepper',
  CONNECT_PHONE_NUMBER: '+12065550123',
};
test('calls are made only with tokens, and their settings are read then', () => {
  const real = { TWILIO_AUTH_TOKEN: TOKEN, PUBLIC_HOST: 'voice.example.com', ...REAL };
  const account = { TWILIO_ACCOUNT_SID: `AC${'1'.repeat(32)}` };
  assert.equal(readConfig({ OUTBOUND_HOURS: '09:00-20:00' }).outbound, undefined);
  const tokens = { OUTBOUND_API_TOKENS: 'first-token-0123456789, second-token-0123456789' };
  assert.deepEqual(readConfig({ ...real, ...account, ...tokens }).outbound, {
    tokens: ['first-token-0123456789', 'second-token-0123456789'],
    countries: undefined,
    hours: undefined,
    limits: { perMinute: 30, perNumber: 10, atOnce: 10 },
    requiresConsent: true,
    listPepper: undefined,
  });
  const set = { OUTBOUND_COUNTRIES: 'us, CA', OUTBOUND_HOURS: '09:00-20:00', OUTBOUND_REQUIRE_CONSENT: 'false' };
  const { countries, hours, requiresConsent } = readConfig({ ...real, ...account, ...tokens, ...set }).outbound ?? {};
  assert.deepEqual([countries, hours, requiresConsent], [['US', 'CA'], { from: 9, until: 20 }, false]);
  // The embedded carrier needs no account.
  assert.ok(readConfig(tokens).outbound !== undefined);
  assert.match(refusal({ ...real, ...tokens }), /^OUTBOUND_API_TOKENS needs TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN/);
  for (const [name, value] of [
    ['OUTBOUND_COUNTRIES', 'US,USA'],
    ['OUTBOUND_HOURS', '9-20'],
    ['OUTBOUND_MAX_CALLS', '0'],
  ] as const)
    assert.match(refusal({ ...real, ...account, ...tokens, [name]: value }), new RegExp(`^${name} is `));
});

test('calls that are made leave room for callers, unless several instances share them', () => {
  const tokens = { OUTBOUND_API_TOKENS: 'first-token-0123456789', OUTBOUND_HOURS: '09:00-20:00' };
  const limits = { MAX_CONCURRENT_CALLS: '10', OUTBOUND_MAX_CALLS: '10' };
  assert.match(refusal({ ...tokens, ...limits }), /^OUTBOUND_MAX_CALLS is 10, which leaves no room for callers/);
  assert.ok(readConfig({ ...tokens, ...limits, OUTBOUND_MAX_CALLS: '9' }).outbound !== undefined);
  const shared = { REDIS_URL: 'redis://127.0.0.1', JOURNAL_KEY: 'ab'.repeat(32) };
  assert.ok(readConfig({ ...tokens, ...limits, ...shared }).outbound !== undefined);
});

test('the operator is told that people may be called at any hour, and that a token is short', () => {
  const warnings = readConfig({ OUTBOUND_API_TOKENS: 'short' }).warnings.join('\n');
  assert.match(warnings, /OUTBOUND_API_TOKENS has a token that is short/);
  assert.match(warnings, /OUTBOUND_HOURS is not set/);
  assert.ok(!warnings.includes("'short'"));
});
