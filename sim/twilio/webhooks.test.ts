import assert from 'node:assert/strict';
import { type AddressInfo, createServer } from 'node:net';
import { describe, test } from 'node:test';
import { type CarrierRig, withCarrier } from '../../test/support/carrier-rig.js';
import { FAKE_HOST } from '../../test/support/fake-gateway.js';
import { until } from '../../test/support/rig.js';
import { selfSigned } from '../../test/support/self-signed.js';
import type { CarrierCall } from './carrier-call.js';

const FALLBACK = { fallbackUrl: `https://${FAKE_HOST}/fallback` };
const HANGUP = '<Response><Hangup/></Response>';

/** Waits until the fallback has hung up the call. Returns the fields of the fallback request. */
async function toFallback(rig: CarrierRig, call: CarrierCall): Promise<Record<string, string>> {
  assert.equal(await call.whenEnded(), 'gateway-hung-up');
  assert.equal(rig.gateway.of('/fallback').length, 1);
  return Object.fromEntries(rig.gateway.of('/fallback')[0]?.form ?? []);
}

describe('simulated carrier: the incoming-call webhook', () => {
  test('the incoming-call webhook is a signed form with Twilio’s fields', async () => {
    await withCarrier({}, async ({ call, carrier, gateway }) => {
      gateway.answers.set('/voice', HANGUP);
      const live = call();
      await live.whenEnded();
      const [request] = gateway.requests;
      assert.equal(request?.method, 'POST');
      assert.equal(request.headers['content-type'], 'application/x-www-form-urlencoded; charset=UTF-8');
      assert.equal(request.headers.host, FAKE_HOST);
      const form = Object.fromEntries(request.form);
      const { AccountSid, ApiVersion, CallSid, CallStatus, Called, Caller, Direction, From, To } = form;
      assert.deepEqual(
        { AccountSid, ApiVersion, CallSid, CallStatus, Called, Caller, Direction, From, To },
        {
          AccountSid: carrier.options.accountSid,
          ApiVersion: '2010-04-01',
          CallSid: live.callSid,
          CallStatus: 'ringing',
          Called: '+12065550199',
          Caller: '+12025550123',
          Direction: 'inbound',
          From: '+12025550123',
          To: '+12065550199',
        },
      );
    });
  });

  test('the incoming-call webhook may be a GET with all fields in the query, signed with the whole URL', async () => {
    await withCarrier({}, async ({ call, gateway }) => {
      gateway.answers.set('/voice', HANGUP);
      const live = call({ voiceUrl: `https://${FAKE_HOST}/voice?a=1`, voiceMethod: 'GET' });
      await live.whenEnded();
      const [request] = gateway.requests;
      assert.equal(request?.method, 'GET');
      assert.equal(request.form.get('a'), '1');
      assert.equal(request.form.get('CallSid'), live.callSid);
      assert.equal(request.headers['content-type'], undefined);
    });
  });

  test('the incoming-call webhook carries unknown and repeated fields under a valid signature', async () => {
    await withCarrier({ extraFields: { NewThing: 'x', Tag: ['b', 'a', 'a'] } }, async ({ call, gateway }) => {
      gateway.answers.set('/voice', HANGUP);
      await call().whenEnded();
      assert.deepEqual(gateway.requests[0]?.form.getAll('Tag'), ['b', 'a', 'a']);
      assert.equal(gateway.requests[0].form.get('NewThing'), 'x');
    });
  });

  test('the incoming-call webhook goes over TLS if the certificate is trusted', async () => {
    const tls = selfSigned('127.0.0.1');
    await withCarrier({ tls, ca: tls.cert }, async ({ call, gateway }) => {
      gateway.answers.set('/voice', HANGUP);
      assert.equal(await call().whenEnded(), 'gateway-hung-up');
    });
    await withCarrier({ tls }, async ({ call, problems }) => {
      assert.equal(await call().whenEnded(), 'error');
      assert.deepEqual(problems, [11200]);
    });
  });

  test('a webhook that takes more than 15 s in total makes Twilio request the fallback URL (11200)', async () => {
    await withCarrier({}, async (rig) => {
      const { clock, gateway, problems } = rig;
      gateway.answers.set('/voice', () => undefined);
      gateway.answers.set('/fallback', HANGUP);
      const live = rig.call(FALLBACK);
      await until(() => gateway.of('/voice').length === 1, 'the request');
      clock.advance(14_999);
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
      assert.deepEqual(problems, []);
      clock.advance(1);
      const form = await toFallback(rig, live);
      assert.equal(form['ErrorCode'], '11200');
      assert.equal(form['ErrorUrl'], `https://${FAKE_HOST}/voice`);
      assert.equal(gateway.of('/voice').length, 1, 'an answer that does not come is not asked for again');
    });
  });

  test('a webhook is retried once if no connection is made, within the same 15 s', async () => {
    let connections = 0;
    // Accepts but never answers the TLS handshake, so no connection is made.
    const silent = createServer((socket) => {
      connections++;
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => {
      silent.listen(0, '127.0.0.1', resolve);
    });
    const elsewhere = `https://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    await withCarrier({ elsewhere }, async (rig) => {
      rig.gateway.answers.set('/fallback', HANGUP);
      const live = rig.call({ ...FALLBACK, voiceUrl: 'https://elsewhere.example.com/voice' });
      await until(() => connections === 1, 'the first try');
      rig.clock.advance(5000);
      await until(() => connections === 2, 'the second try');
      assert.deepEqual(rig.problems, []);
      rig.clock.advance(5000);
      const form = await toFallback(rig, live);
      assert.equal(form['ErrorUrl'], 'https://elsewhere.example.com/voice');
      assert.equal(connections, 2);
    });
    silent.close();
  });

  test('a webhook is not retried when the connection breaks after the request', async () => {
    await withCarrier({}, async (rig) => {
      rig.gateway.answers.set('/voice', (_request, response) => void response.destroy());
      rig.gateway.answers.set('/fallback', HANGUP);
      await toFallback(rig, rig.call(FALLBACK));
      assert.equal(rig.gateway.of('/voice').length, 1);
    });
  });

  for (const [what, code, answer] of [
    ['404', 11200, { status: 404, type: 'text/xml', body: HANGUP }],
    ['500', 11200, { status: 500, type: 'text/xml', body: '' }],
    ['302', 11200, { status: 302, type: 'text/xml', body: '' }],
    ['JSON', 12300, { status: 200, type: 'application/json', body: '{}' }],
    ['no content type', 12300, { status: 200, type: undefined, body: HANGUP }],
    ['an HTML page', 12300, { status: 200, type: 'text/html; charset=utf-8', body: '<html></html>' }],
    ['nothing at all', 12100, { status: 200, type: 'text/xml', body: '' }],
    ['broken XML', 12100, { status: 200, type: 'text/xml', body: '<Response><Hangup></Response>' }],
    [
      'something before the XML declaration',
      12100,
      { status: 200, type: 'text/xml', body: ` <?xml version="1.0"?>${HANGUP}` },
    ],
    ['another document', 12100, { status: 200, type: 'application/xml', body: '<Answer/>' }],
  ] as const) {
    test(`a webhook that is answered with ${what} makes Twilio request the fallback URL (${code})`, async () => {
      await withCarrier({}, async (rig) => {
        rig.gateway.answers.set('/voice', (_request, response) => {
          response.writeHead(answer.status, answer.type === undefined ? {} : { 'Content-Type': answer.type });
          response.end(answer.body);
        });
        rig.gateway.answers.set('/fallback', HANGUP);
        const form = await toFallback(rig, rig.call(FALLBACK));
        assert.equal(form['ErrorCode'], String(code));
        assert.deepEqual(rig.problems, [code]);
      });
    });
  }

  test('the fallback URL is requested by GET if the number is set so', async () => {
    await withCarrier({}, async (rig) => {
      rig.gateway.answers.set('/voice', (_request, response) => void response.writeHead(500).end());
      rig.gateway.answers.set('/fallback', HANGUP);
      const form = await toFallback(rig, rig.call({ ...FALLBACK, fallbackMethod: 'GET' }));
      const [request] = rig.gateway.of('/fallback');
      assert.equal(request?.method, 'GET');
      assert.equal(form['ErrorCode'], '11200');
    });
  });

  test('a failed webhook ends the call if there is no fallback or the fallback fails too', async () => {
    await withCarrier({}, async ({ call, gateway, problems }) => {
      for (const path of ['/voice', '/fallback'])
        gateway.answers.set(path, (_request, response) => void response.writeHead(503).end());
      assert.equal(await call().whenEnded(), 'error');
      assert.deepEqual(problems, [11200]);
      assert.equal(await call(FALLBACK).whenEnded(), 'error');
      assert.deepEqual(problems, [11200, 11200, 11200]);
    });
  });

  test('unknown elements in a document are left out with a warning (12200)', async () => {
    await withCarrier({}, async ({ call, gateway, problems }) => {
      gateway.say('/voice', '<Dance/><Hangup/>');
      assert.equal(await call().whenEnded(), 'gateway-hung-up');
      assert.deepEqual(problems, [12200]);
    });
  });

  test('the answer to a webhook has no effect after the caller hung up', async () => {
    await withCarrier({}, async ({ call, carrier, gateway, problems }) => {
      let answer = (): void => undefined;
      gateway.answers.set('/voice', (_request, response) => {
        answer = () =>
          response.writeHead(200, { 'Content-Type': 'text/xml' }).end('<Response><Dial>1</Dial></Response>');
      });
      const live = call();
      live.on('dial-started', () => assert.fail('the caller has hung up'));
      await until(() => gateway.requests.length === 1, 'the request');
      live.hangup();
      answer();
      await carrier.whenIdle();
      assert.deepEqual(problems, []);
      assert.equal(live.status, 'no-answer');
    });
  });
});

describe('simulated carrier: later documents', () => {
  test('a redirect that fails makes Twilio request the fallback URL', async () => {
    await withCarrier({}, async (rig) => {
      rig.gateway.answers.set('/fallback', HANGUP);
      rig.gateway.say('/voice', '<Redirect>/next</Redirect>');
      rig.gateway.answers.set('/next', (_request, response) => void response.writeHead(500).end());
      const form = await toFallback(rig, rig.call(FALLBACK));
      assert.equal(form['ErrorUrl'], `https://${FAKE_HOST}/next`);
      assert.equal(form['CallStatus'], 'ringing');
    });
  });

  test('a relative URL is resolved against the document that names it', async () => {
    await withCarrier({}, async ({ call, gateway }) => {
      gateway.say('/voice', '<Redirect method="GET">/a/b/first</Redirect>');
      gateway.say('/a/b/first', '<Redirect>../second</Redirect>');
      gateway.say('/a/second', '<Hangup/>');
      assert.equal(await call().whenEnded(), 'gateway-hung-up');
      assert.deepEqual(
        gateway.requests.map(({ method, path }) => `${method} ${path}`),
        ['POST /voice', 'GET /a/b/first', 'POST /a/second'],
      );
    });
  });

  test('a redirect to a malformed URL makes Twilio request the fallback URL', async () => {
    await withCarrier({}, async (rig) => {
      rig.gateway.answers.set('/fallback', HANGUP);
      rig.gateway.say('/voice', '<Redirect>http://[</Redirect>');
      const form = await toFallback(rig, rig.call(FALLBACK));
      assert.equal(form['ErrorCode'], '11200');
    });
  });
});
