import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import twilio from 'twilio';
import { ACCOUNT_SID, withCarrier } from '../../test/support/carrier-rig.js';
import { FAKE_HOST, FAKE_TOKEN } from '../../test/support/fake-gateway.js';
import { until } from '../../test/support/rig.js';
import { isSigned, signatureOf } from '../../src/twilio/signature.js';
import type { PhoneEndpoint } from './phone.js';
import { RestApi } from './rest.js';

// Twilio's own package against the simulated carrier, and against the gateway's check of signatures.

const { VoiceResponse } = twilio.twiml;
type ClientOptions = NonNullable<ConstructorParameters<typeof twilio.Twilio>[2]>;
type HttpClient = NonNullable<ClientOptions['httpClient']>;

/** Returns the fields as the middleware of the package gets them: a repeated field is an array. */
function paramsOf(form: URLSearchParams): Record<string, string | string[]> {
  return Object.fromEntries(
    [...new Set(form.keys())].map((name) => {
      const values = form.getAll(name);
      return [name, values.length > 1 ? values : (values[0] ?? '')];
    }),
  );
}

describe("Twilio's npm package", () => {
  for (const sharedKey of [
    undefined,
    { id: 'webhooks_sharedkey_1', secret: 'rule-secret', algorithm: 'HMAC_SHA1' },
    { id: 'webhooks_sharedkey_1', secret: 'rule-secret', algorithm: 'HMAC_SHA256' },
  ] as const) {
    test(`its validator accepts the carrier's webhook, signed by ${sharedKey?.algorithm ?? 'auth token'}`, async () => {
      const options = { extraFields: { Repeated: ['b', 'a', 'a'], Umlaut: 'ä & ü' } };
      await withCarrier(sharedKey === undefined ? options : { ...options, sharedKey }, async ({ call, gateway }) => {
        gateway.checksSignatures = sharedKey === undefined;
        gateway.answers.set('/voice', new VoiceResponse().toString());
        await call({ voiceUrl: `https://${FAKE_HOST}/voice?x=%2F&y='` }).whenEnded();
        const [request] = gateway.requests;
        assert.ok(request !== undefined);
        const settings = request.headers['x-twilio-webhooks-signature-settings'];
        const valid = twilio.validateRequest(
          sharedKey?.secret ?? FAKE_TOKEN,
          String(request.headers['x-twilio-signature']),
          `https://${FAKE_HOST}/voice?x=%2F&y='`,
          paramsOf(request.form),
          twilio.getSignatureAlgorithm(typeof settings === 'string' ? settings : ''),
        );
        assert.ok(valid);
      });
    });
  }

  test('its expected signature is what the gateway accepts, whatever the fields', () => {
    const fields = fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })), { maxLength: 20 });
    fc.assert(
      fc.property(fields, fc.constantFrom('sha1', 'sha256'), (pairs, algorithm) => {
        // `__proto__` cannot be a field of the object that the package takes.
        const form = new URLSearchParams(pairs.filter(([name]) => name !== '__proto__'));
        const url = 'https://h.example/twilio/voice?x=%2F';
        const base64 = twilio.getExpectedTwilioSignature('k', url, paramsOf(form), `HMAC_${algorithm}`);
        assert.equal(signatureOf('k', url, form, algorithm), base64);
        assert.ok(isSigned({ base64, algorithm }, ['other', 'k'], ['https://h.example/', url], form));
      }),
      { numRuns: 300 },
    );
  });

  test('the carrier runs TwiML of its builder, and the stream carries its parameters', async () => {
    await withCarrier({}, async ({ advance, call, gateway }) => {
      const response = new VoiceResponse();
      response.say('One moment & no more.');
      response
        .connect({ action: `https://${FAKE_HOST}/action` })
        .stream({ url: `wss://${FAKE_HOST}/stream`, name: 'ai' })
        .parameter({ name: 'token', value: '<a "b">' });
      gateway.answers.set('/voice', response.toString());
      gateway.answers.set('/action', new VoiceResponse().hangup().toString());
      const live = call();
      await until(() => gateway.requests.length > 0, 'the webhook');
      for (let step = 0; step < 200 && gateway.streams[0]?.of('start').length !== 1; step++) {
        await advance(100, live);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await until(() => gateway.streams[0]?.of('start').length === 1, 'the start of the stream');
      assert.deepEqual(gateway.streams[0]?.of('start')[0]?.start.customParameters, { token: '<a "b">' });
      gateway.streams[0]?.socket.close();
      assert.equal(await live.whenEnded(), 'gateway-hung-up');
    });
  });

  test('its REST client reads, changes and ends a call of the carrier', async () => {
    await withCarrier({}, async ({ call, carrier, gateway }) => {
      const connect = new VoiceResponse();
      connect.connect({ action: `https://${FAKE_HOST}/action` }).stream({ url: `wss://${FAKE_HOST}/stream` });
      gateway.answers.set('/voice', connect.toString());
      const live = call();
      await until(() => gateway.streams[0]?.of('start').length === 1, 'the stream');
      const api = new RestApi(carrier);
      const url = await api.start();
      const client = clientOf(url);
      try {
        const read = await client.calls(live.callSid).fetch();
        assert.deepEqual([read.status, read.from, read.direction], ['in-progress', '+12025550123', 'inbound']);
        const changed = await client.calls(live.callSid).update({ twiml: connect.toString() });
        assert.equal(changed.sid, live.callSid);
        await until(() => gateway.streams[1]?.of('start').length === 1, 'the next stream');
        await client.calls(live.callSid).update({ status: 'completed' });
        await live.whenEnded();
        await assert.rejects(client.calls(live.callSid).update({ status: 'completed' }), { code: 21220, status: 400 });
        await assert.rejects(client.calls(`CA${'0'.repeat(32)}`).fetch(), { code: 20404, status: 404 });
        await assert.rejects(clientOf(url, 'wrong').calls(live.callSid).fetch(), { status: 401 });
      } finally {
        await api.close();
      }
    });
  });

  test('its REST client makes, lists and cancels calls of the carrier', async () => {
    const phoneBook = (): PhoneEndpoint => ({ ring: () => undefined });
    await withCarrier({ phoneBook }, async ({ carrier, gateway }) => {
      const api = new RestApi(carrier, { numbers: [{ phoneNumber: '+12065550199' }] });
      const client = clientOf(await api.start());
      const wanted = {
        to: '+12025550123',
        from: '+12065550199',
        url: `https://${FAKE_HOST}/answered`,
        statusCallback: `https://${FAKE_HOST}/status`,
        statusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed'],
        machineDetection: 'DetectMessageEnd',
        asyncAmd: 'true',
        asyncAmdStatusCallback: `https://${FAKE_HOST}/machine`,
      };
      try {
        const made = await client.calls.create(wanted);
        assert.deepEqual([made.status, made.direction, made.to], ['queued', 'outbound-api', wanted.to]);
        await until(() => gateway.of('/status').length === 2, 'the ringing');
        const since = new Date(Date.UTC(2026, 0, 1));
        const listed = await client.calls.list({ to: wanted.to, from: wanted.from, startTimeAfter: since });
        assert.deepEqual(
          listed.map(({ sid, status }) => [sid, status]),
          [[made.sid, 'ringing']],
        );
        const canceled = await client.calls(made.sid).update({ status: 'canceled' });
        assert.equal(canceled.status, 'canceled');
        await assert.rejects(client.calls.create({ ...wanted, to: 'nobody' }), { code: 21211, status: 400 });
        api.refuseNext(1);
        await assert.rejects(client.calls.create(wanted), { code: 20429, status: 429 });
      } finally {
        await api.close();
      }
    });
  });
});

/** Returns a client whose requests go to `base`, because the package knows only Twilio's hosts. */
function clientOf(base: string, authToken = FAKE_TOKEN): ReturnType<typeof twilio> {
  const plain = new twilio.RequestClient();
  const httpClient = {
    request: (options: Parameters<HttpClient['request']>[0]) =>
      plain.request({ ...options, uri: options.uri.replace('https://api.twilio.com', base) }),
  } as unknown as HttpClient;
  return twilio(ACCOUNT_SID, authToken, { httpClient });
}
