import assert from 'node:assert/strict';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { signatureOf } from './signature.js';
import { type WebhookResult, type WebhookRules, readWebhook } from './webhooks.js';

const TOKEN = 'auth-token';
const RULES = { publicHost: 'h.example', fragment: '', signingKeys: [TOKEN], accountSid: undefined };
const URL_PATH = '/twilio/voice';
const WRONG = `${'A'.repeat(27)}=`;

function ask(body: string | Buffer, signature: string, rules: WebhookRules = RULES): Promise<WebhookResult> {
  const request = new IncomingMessage(new Socket());
  request.method = 'POST';
  request.url = URL_PATH;
  request.headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': signature };
  request.push(body);
  request.push(null);
  return readWebhook(request, rules);
}

test('a form is hashed with each key in a turn of its own if others wait, and is accepted with any of them', async () => {
  const signingKeys = ['k1', 'k2', TOKEN, 'k4'];
  let turn = 0;
  let next = setImmediate(function onTurn() {
    turn++;
    next = setImmediate(onTurn);
  });
  const fields: [string, string][] = [['CallSid', 'CA1']];
  const signature = signatureOf(TOKEN, `https://h.example${URL_PATH}`, fields);
  const results = await Promise.all(
    Array.from({ length: 10 }, () => ask('CallSid=CA1', signature, { ...RULES, signingKeys })),
  );
  clearImmediate(next);
  assert.ok(results.every(({ ok }) => ok));
  // Each is read, sorted and hashed four times: six pieces, two in a turn.
  assert.ok(turn >= 29, `${turn} turns`);
});

test('forms that arrive at the same moment are checked in several turns of the event loop', async () => {
  let turn = 0;
  let next = setImmediate(function onTurn() {
    turn++;
    next = setImmediate(onTurn);
  });
  const turns = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const result = await ask('CallSid=CA1', WRONG);
      assert.ok(!result.ok && result.refusal.reason === 'signature');
      return turn;
    }),
  );
  clearImmediate(next);
  const perTurn = turns.map((one) => turns.filter((other) => other === one).length);
  assert.ok(Math.max(...perTurn) <= 2, `in one turn: ${Math.max(...perTurn)}`);
});

test('a signed form is accepted with malformed escapes and malformed UTF-8, as the URL Standard reads them', async () => {
  const body = Buffer.from('CallSid=CA1&CallerName=100%&City=K\xf6ln+%ff', 'latin1');
  const fields: [string, string][] = [
    ['CallSid', 'CA1'],
    ['CallerName', '100%'],
    ['City', 'K\ufffdln \ufffd'],
  ];
  const result = await ask(body, signatureOf(TOKEN, `https://h.example${URL_PATH}`, fields));
  assert.ok(result.ok);
  assert.deepEqual([...result.webhook.form], fields);
});
