import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { signWebhook } from '../sim/twilio/signing.js';
import { PATHS } from '../src/call/paths.js';
import { AUTH_TOKEN, PUBLIC_HOST, type Rig, startRig } from './support/rig.js';

const OWN = `AC${'1'.repeat(32)}`;
const OTHER = `AC${'2'.repeat(32)}`;

// A subaccount's webhooks are signed with its own token, but a token list may hold the tokens of several accounts.
describe('the account of a webhook', () => {
  let rig: Rig;

  before(async () => {
    const outbound = { OUTBOUND_API_TOKENS: 'account-rig-token-0123456789' };
    rig = await startRig({ env: { TWILIO_ACCOUNT_SID: OWN, TWILIO_API_URL: 'http://127.0.0.1:1', ...outbound } });
  });
  after(() => rig.close());

  async function post(path: string, accountSid: string | undefined): Promise<{ status: number; body: string }> {
    const fields = {
      CallSid: 'CAaccount',
      From: '+12025550123',
      To: '+12065550199',
      CallStatus: 'completed',
      ...(accountSid === undefined ? {} : { AccountSid: accountSid }),
    };
    const response = await fetch(`${rig.base}${path}`, {
      method: 'POST',
      headers: { 'x-twilio-signature': signWebhook(AUTH_TOKEN, `https://${PUBLIC_HOST}${path}`, fields) },
      body: new URLSearchParams(fields),
    });
    return { status: response.status, body: await response.text() };
  }

  for (const [name, path] of Object.entries(PATHS)) {
    if (path === PATHS.stream) continue;
    test(`a signed webhook of another account to ${path} is refused with 403 and has no effect`, async () => {
      for (const account of [OTHER, '', undefined]) {
        const { body, status } = await post(path, account);
        assert.equal(status, 403, name);
        assert.match(body, /another Twilio account/);
      }
      assert.equal(rig.provider.sessions.length, 0);
      assert.equal(rig.events.length, 0);
    });
  }

  test('a signed webhook of the own account is answered on every route', async () => {
    for (const path of Object.values(PATHS)) {
      if (path === PATHS.stream || path === PATHS.voice) continue;
      const { status } = await post(path, OWN);
      assert.ok(status === 200 || status === 204, `${path}: ${status}`);
    }
  });
});
