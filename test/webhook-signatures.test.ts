import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import type { CarrierOptions } from '../sim/twilio/carrier.js';
import { type SharedKey, signWebhook } from '../sim/twilio/signing.js';
import { AUTH_TOKEN, PUBLIC_HOST, type Rig, startRig, until } from './support/rig.js';

const SECRET = 'webhook-rule-secret-0123456789';
const sharedKey = (more: Partial<SharedKey> = {}): SharedKey => ({
  id: 'webhooks_sharedkey_1',
  secret: SECRET,
  algorithm: 'HMAC_SHA256',
  ...more,
});

describe('calls by signature', { concurrency: true }, () => {
  for (const [how, carrier] of [
    ['a shared key by HMAC-SHA256', { sharedKey: sharedKey() }],
    ['a shared key by HMAC-SHA1', { sharedKey: sharedKey({ algorithm: 'HMAC_SHA1' }) }],
    ['a shared key that signs streams, too', { sharedKey: sharedKey({ signsStreams: true }) }],
    ['a shared key over the fragment of the URL', { sharedKey: sharedKey(), signsFragment: true }],
    ['the auth token over the fragment of the URL', { signsFragment: true }],
    ['the auth token, although shared keys are set', {}],
  ] as [string, Partial<CarrierOptions>][]) {
    test(`a call signed with ${how} is answered, and none of its requests is refused`, async () => {
      const rig = await startRig({ env: { TWILIO_WEBHOOK_SHARED_KEYS: `other,${SECRET}` }, carrier });
      try {
        const call = rig.call();
        await until(() => rig.events.some((event) => event.type === 'stream-started'), 'the stream');
        call.hangup();
        await call.whenEnded();
        await rig.carrier.whenIdle();
        assert.doesNotMatch(await rig.running.metrics.text(), /^gateway_refused_requests_total\{.*\} [1-9]/m);
      } finally {
        await rig.close();
      }
    });
  }

  test('a call signed with a shared key that is not set is refused', async () => {
    const rig = await startRig({ carrier: { sharedKey: sharedKey() } });
    try {
      await rig.call().whenEnded();
      assert.match(await rig.running.metrics.text(), /^gateway_refused_requests_total\{reason="signature"\} [1-9]/m);
      assert.equal(rig.provider.sessions.length, 0);
    } finally {
      await rig.close();
    }
  });
});

describe('requests of Twilio', () => {
  let rig: Rig;

  before(async () => {
    rig = await startRig({ env: { TWILIO_WEBHOOK_SHARED_KEYS: SECRET } });
  });
  after(() => rig.close());

  const FIELDS = { CallSid: 'CApath', From: '+12025550123', To: '+12065550199', CallStatus: 'ringing' };
  const VOICE = `https://${PUBLIC_HOST}/twilio/voice`;

  /** Sends a request with its path exactly as given, which `fetch` would not. */
  function send(
    path: string,
    headers: Record<string, string>,
    method = 'POST',
  ): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port: rig.running.gateway.port,
          path,
          method,
          agent: false,
          headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        },
        (response) => {
          let body = '';
          response.on('data', (part: Buffer) => (body += part.toString()));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
        },
      );
      sent.on('error', reject);
      sent.end(method === 'POST' ? new URLSearchParams(FIELDS).toString() : undefined);
    });
  }

  const signed = (path: string): Record<string, string> => ({
    'x-twilio-signature': signWebhook(AUTH_TOKEN, `https://${PUBLIC_HOST}${path}`, FIELDS),
  });
  const warnings = (): { msg: string; path?: string }[] =>
    rig
      .log()
      .split('\n')
      .filter((line) => line.includes('"level":"warn"'))
      .map((line) => JSON.parse(line) as { msg: string; path?: string });

  test('a signature by another algorithm than its settings name, or by an unknown one, is refused', async () => {
    const sha256 = signWebhook(SECRET, VOICE, FIELDS, 'HMAC_SHA256');
    const sha1 = signWebhook(SECRET, VOICE, FIELDS, 'HMAC_SHA1');
    for (const [signature, settings] of [
      [sha256, 'key=k,algorithm=HMAC_SHA1'],
      [sha1, 'key=k,algorithm=HMAC_SHA256'],
      [sha256, 'key=k,algorithm=HMAC_MD5'],
      [sha256, `key=${'k'.repeat(1000)},algorithm=HMAC_SHA256`],
      [sha256.slice(1), 'key=k,algorithm=HMAC_SHA256'],
    ] as const) {
      const headers = { 'x-twilio-signature': signature, 'x-twilio-webhooks-signature-settings': settings };
      assert.equal((await send('/twilio/voice', headers)).status, 403, settings);
    }
    assert.equal(rig.provider.sessions.length, 0);
  });

  test('a voice webhook with a final slash is answered like one without', async () => {
    const slashed = await send('/twilio/voice/', signed('/twilio/voice/'));
    assert.equal(slashed.status, 200);
    assert.equal((await send('/twilio/voice', signed('/twilio/voice'))).body, slashed.body);
    assert.equal((await send('/twilio/voice//', signed('/twilio/voice//'))).status, 404);
  });

  for (const [what, path, headers] of [
    ['under /twilio', '/twilio/voce', {}],
    ['with a signature', '/voice', { 'x-twilio-signature': 'any' }],
  ] as const) {
    test(`a request ${what} to a path that does not exist is logged, and its answer names the right path`, async () => {
      for (const method of ['POST', 'GET']) {
        const before = warnings().length;
        const { body, status } = await send(path, headers, method);
        assert.equal(status, 404);
        assert.ok(body.includes(VOICE), body);
        assert.deepEqual(
          warnings()
            .slice(before)
            .map((line) => line.path),
          [path],
        );
      }
    });
  }

  test('a path of a stranger is cut and cleaned before it is logged', async () => {
    const before = warnings().length;
    await send(`/twilio/%0a+12025550123/"x"${'y'.repeat(5000)}?secret=1`, {});
    const [line] = warnings().slice(before);
    assert.match(line?.path ?? '', /^\/twilio\/\?0a\?#\/\?x\?y+…$/);
    assert.ok((line?.path?.length ?? 0) <= 81);
  });

  test('a stream that lost its upgrade on the way is told so', async () => {
    const { body, status } = await send('/twilio/stream', {}, 'GET');
    assert.equal(status, 426);
    assert.match(body, /Upgrade header/);
  });

  test('a stranger who asks for an unknown path elsewhere gets a plain answer and no log line', async () => {
    const before = warnings().length;
    assert.equal((await send('/nowhere', {}, 'GET')).status, 404);
    assert.equal((await send('/nowhere', {})).status, 405);
    assert.equal(warnings().length, before);
  });

  test('an upgrade on a path that does not exist is refused with the right path', async () => {
    const { body, status } = await send(
      '/twilio/streams',
      { connection: 'upgrade', upgrade: 'websocket', ...signed('/twilio/streams') },
      'GET',
    );
    assert.equal(status, 404);
    assert.match(body, /Streams belong to \/twilio\/stream\./);
    assert.equal(warnings().at(-1)?.path, '/twilio/streams');
  });
});
