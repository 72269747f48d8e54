import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ACCOUNT_SID, type CarrierRig, streamTwiml, withCarrier } from '../../test/support/carrier-rig.js';
import { FAKE_HOST, FAKE_TOKEN } from '../../test/support/fake-gateway.js';
import { until } from '../../test/support/rig.js';
import type { CarrierCall } from './carrier-call.js';
import { RestApi, type RestOptions } from './rest.js';

interface Answer {
  status: number;
  body: Record<string, unknown>;
  concurrent: string | null;
}

interface RestRig extends CarrierRig {
  live: CarrierCall;
  api: RestApi;
  url: string;
  request: (options?: {
    path?: string;
    form?: Record<string, string>;
    auth?: string;
    init?: RequestInit;
  }) => Promise<Answer>;
}

const basic = (name: string, secret: string): string => `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`;

/** Runs `body` beside a call whose stream is open. */
async function withRest(options: RestOptions, body: (rig: RestRig) => Promise<void>): Promise<void> {
  await withCarrier({}, async (rig) => {
    rig.gateway.say('/voice', streamTwiml('', '', 'action="/action"'));
    const live = rig.call();
    await until(() => rig.gateway.streams[0]?.of('start').length === 1, 'the stream');
    const api = new RestApi(rig.carrier, options);
    const url = await api.start();
    try {
      await body({
        ...rig,
        live,
        api,
        url,
        request: async ({ auth = basic(ACCOUNT_SID, FAKE_TOKEN), form, init, path } = {}) => {
          const response = await fetch(
            url + (path ?? `/2010-04-01/Accounts/${ACCOUNT_SID}/Calls/${live.callSid}.json`),
            {
              method: form === undefined ? 'GET' : 'POST',
              ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
              ...init,
              headers: { Authorization: auth, Connection: 'close', ...(init?.headers as Record<string, string>) },
            },
          );
          return {
            status: response.status,
            body: (await response.json()) as Record<string, unknown>,
            concurrent: response.headers.get('twilio-concurrent-requests'),
          };
        },
      });
    } finally {
      await api.close();
    }
  });
}

describe('simulated carrier: REST', () => {
  test('REST shows a call with the fields of the Call resource', async () => {
    await withRest({}, async ({ clock, live, request }) => {
      const expected = {
        sid: live.callSid,
        account_sid: ACCOUNT_SID,
        parent_call_sid: null,
        status: 'in-progress',
        direction: 'inbound',
        from: '+12025550123',
        to: '+12065550199',
        duration: null,
        start_time: 'Thu, 01 Jan 2026 00:00:00 +0000',
        end_time: null,
        date_created: 'Thu, 01 Jan 2026 00:00:00 +0000',
        date_updated: 'Thu, 01 Jan 2026 00:00:00 +0000',
        price: null,
        price_unit: 'USD',
        answered_by: null,
        api_version: '2010-04-01',
        caller_name: null,
        forwarded_from: null,
        phone_number_sid: `PN${'0'.repeat(32)}`,
        queue_time: '0',
        trunk_sid: null,
        uri: `/2010-04-01/Accounts/${ACCOUNT_SID}/Calls/${live.callSid}.json`,
        subresource_uris: {},
      };
      const shown = await request();
      assert.deepEqual([shown.status, shown.body, shown.concurrent], [200, expected, '1']);
      clock.advance(5000);
      live.hangup();
      const ended = 'Thu, 01 Jan 2026 00:00:05 +0000';
      assert.deepEqual((await request()).body, {
        ...expected,
        status: 'completed',
        duration: '5',
        end_time: ended,
        date_updated: ended,
      });
    });
  });

  test('REST makes a call to a client, which never answers, and reports its end', async () => {
    const path = `/2010-04-01/Accounts/${ACCOUNT_SID}/Calls.json`;
    await withRest({ numbers: [{ phoneNumber: '+12065550199' }] }, async ({ gateway, request }) => {
      const form = {
        To: 'client:nobody',
        From: '+12065550199',
        Twiml: '<Response><Hangup/></Response>',
        StatusCallback: `https://${FAKE_HOST}/report`,
      };
      const made = await request({ path, form });
      assert.deepEqual([made.status, made.body['status'], made.body['direction']], [201, 'queued', 'outbound-api']);
      await until(() => gateway.of('/report').length === 1, 'the report');
      const report = gateway.of('/report')[0]?.form;
      assert.deepEqual([report?.get('CallSid'), report?.get('CallStatus')], [made.body['sid'], 'no-answer']);
      for (const [change, code] of [
        [{ To: '' }, 21201],
        [{ From: '' }, 21213],
        [{ From: '+12065550100' }, 21210],
        [{ Twiml: undefined }, 21205],
      ] as const) {
        const changed = Object.fromEntries(
          Object.entries({ ...form, ...change }).filter(([, value]) => value !== undefined),
        );
        assert.deepEqual((await request({ path, form: changed as Record<string, string> })).body['code'], code);
      }
      assert.equal((await request({ path, init: { method: 'PUT' } })).status, 405);
    });
  });

  test('REST shows the settings of a number, which can be found by a part of it', async () => {
    const numbers = [
      { phoneNumber: '+12065550199' },
      {
        phoneNumber: '+12065550198',
        voiceUrl: `https://${FAKE_HOST}/voice`,
        voiceFallbackUrl: `https://${FAKE_HOST}/rescue`,
        voiceFallbackMethod: 'GET' as const,
        trunkSid: 'TK1',
      },
    ];
    await withRest({ numbers }, async ({ request }) => {
      const path = `/2010-04-01/Accounts/${ACCOUNT_SID}/IncomingPhoneNumbers.json`;
      const found = async (query: string): Promise<Record<string, unknown>[]> => {
        const { body, status } = await request({ path: path + query });
        assert.equal(status, 200);
        return body['incoming_phone_numbers'] as Record<string, unknown>[];
      };
      assert.equal((await found('')).length, 2);
      assert.equal((await found('?PhoneNumber=206555')).length, 2);
      assert.equal((await found('?PhoneNumber=206***0198')).length, 1);
      assert.deepEqual(await found('?PhoneNumber=%2B12065550197'), []);
      const [bare] = await found('?PhoneNumber=%2B12065550199');
      assert.deepEqual(
        [bare?.['voice_url'], bare?.['voice_fallback_url'], bare?.['voice_fallback_method'], bare?.['trunk_sid']],
        ['', '', 'POST', null],
      );
      const [set] = await found('?PhoneNumber=%2B12065550198');
      const { phone_number, trunk_sid, voice_fallback_method, voice_fallback_url, voice_method, voice_url } = set ?? {};
      assert.deepEqual(
        { phone_number, trunk_sid, voice_fallback_method, voice_fallback_url, voice_method, voice_url },
        {
          phone_number: '+12065550198',
          trunk_sid: 'TK1',
          voice_fallback_method: 'GET',
          voice_fallback_url: `https://${FAKE_HOST}/rescue`,
          voice_method: 'POST',
          voice_url: `https://${FAKE_HOST}/voice`,
        },
      );
      assert.equal((await request({ path, auth: basic(ACCOUNT_SID, 'wrong') })).status, 401);
      assert.equal((await request({ path, form: { VoiceUrl: 'https://h/x' } })).status, 405);
      assert.equal((await request({ path: path.replace('AC4', 'AC5') })).status, 404);
    });
  });

  test('new TwiML over REST stops and closes the stream and then runs, and the action URL is not requested', async () => {
    await withRest({}, async ({ gateway, live, problems, request }) => {
      const order: string[] = [];
      gateway.stream.socket.on('close', () => order.push('closed'));
      live.on('say', (text) => order.push(text));
      const { body, status } = await request({ form: { Twiml: '<Response><Say>New.</Say></Response>' } });
      assert.deepEqual([status, body['sid'], body['status']], [200, live.callSid, 'in-progress']);
      await until(() => order.length === 2, 'the new TwiML');
      assert.deepEqual(order, ['closed', 'New.']);
      assert.equal(gateway.stream.messages.at(-1)?.event, 'stop');
      assert.equal(live.isOver, false);
      live.hangup();
      assert.deepEqual([gateway.of('/action').length, problems], [0, []]);
    });
  });

  test('a new URL over REST is requested by its method', async () => {
    for (const method of ['GET', 'POST']) {
      await withRest({}, async ({ gateway, live, request }) => {
        gateway.say('/new', '<Hangup/>');
        await request({ form: { Url: `https://${FAKE_HOST}/new`, Method: method } });
        assert.equal(await live.whenEnded(), 'gateway-hung-up');
        assert.deepEqual(
          gateway.of('/new').map((asked) => [asked.method, asked.form.get('CallStatus')]),
          [[method, 'in-progress']],
        );
      });
    }
  });

  test('TwiML with another stream over REST opens a new stream in the same call', async () => {
    await withRest({}, async ({ gateway, live, request }) => {
      const first = gateway.stream.streamSid;
      await request({ form: { Twiml: `<Response>${streamTwiml()}</Response>` } });
      await until(() => gateway.streams[1]?.of('start').length === 1, 'the second stream');
      assert.notEqual(gateway.stream.streamSid, first);
      assert.equal(gateway.stream.of('start')[0]?.start.callSid, live.callSid);
    });
  });

  test('of two changes over REST at once only the later one runs', async () => {
    await withRest({}, async ({ carrier, live }) => {
      const said: string[] = [];
      live.on('say', (text) => said.push(text));
      live.redirect({ twiml: '<Response><Say>First.</Say></Response>' });
      live.redirect({ twiml: '<Response><Say>Second.</Say></Response>' });
      await until(() => said.length > 0, 'the words');
      await carrier.whenIdle();
      assert.deepEqual(said, ['Second.']);
    });
  });

  test('TwiML over REST that cannot be parsed ends the call (12100)', async () => {
    await withRest({}, async ({ live, problems, request }) => {
      assert.equal((await request({ form: { Twiml: '<Response>' } })).status, 200);
      assert.equal(await live.whenEnded(), 'error');
      assert.deepEqual(problems, [12100]);
    });
  });

  test('REST ends a call, and later changes are refused because it is over (21220)', async () => {
    await withRest({}, async ({ gateway, live, request }) => {
      const ended = await request({ form: { Status: 'completed' } });
      assert.deepEqual([ended.status, ended.body['status']], [200, 'completed']);
      assert.equal(live.endReason, 'ended-by-rest');
      await until(() => gateway.stream.closeCode !== undefined, 'the close frame');
      assert.equal(gateway.stream.messages.at(-1)?.event, 'stop');
      for (const form of [{ Twiml: '<Response/>' }, { Url: 'https://h/x' }, { Status: 'completed' }]) {
        const { body, status } = await request({ form });
        assert.deepEqual(
          [status, body],
          [
            400,
            {
              code: 21220,
              message: 'Call is not in-progress. Cannot redirect.',
              more_info: 'https://www.twilio.com/docs/errors/21220',
              status: 400,
            },
          ],
        );
      }
      assert.equal((await request()).status, 200, 'an ended call is still shown');
    });
  });

  test('REST cancels a call only while it rings', async () => {
    await withRest({}, async ({ call, gateway, live, request }) => {
      assert.equal((await request({ form: { Status: 'canceled' } })).body['code'], 21220);
      assert.equal(live.isOver, false);
      gateway.say('/voice', '<Pause length="60"/>');
      const ringing = call();
      const path = `/2010-04-01/Accounts/${ACCOUNT_SID}/Calls/${ringing.callSid}.json`;
      assert.equal((await request({ path, form: { Status: 'canceled' } })).body['status'], 'canceled');
    });
  });

  test('REST changes the status callback and the fallback of a live call', async () => {
    await withRest({}, async ({ carrier, gateway, live, request }) => {
      const form = {
        StatusCallback: `https://${FAKE_HOST}/late`,
        FallbackUrl: `https://${FAKE_HOST}/rescue`,
        FallbackMethod: 'GET',
      };
      assert.equal((await request({ form })).status, 200);
      gateway.say('/rescue', '<Hangup/>');
      await request({ form: { Url: `https://${FAKE_HOST}/broken` } });
      assert.equal(await live.whenEnded(), 'gateway-hung-up');
      await carrier.whenIdle();
      assert.deepEqual(
        [...gateway.of('/rescue'), ...gateway.of('/late')].map(({ method }) => method),
        ['GET', 'POST'],
      );
    });
  });

  for (const [what, form, code] of [
    ['Twiml and Url together', { Twiml: '<Response/>', Url: 'https://h/x' }, 20001],
    ['Url and Status together', { Url: 'https://h/x', Status: 'completed' }, 20001],
    ['TwiML of 4001 characters', { Twiml: `<Response>${' '.repeat(3980)}</Response>` }, 20001],
    ['a URL that is none', { Url: 'nowhere' }, 21205],
    ['another method', { Url: 'https://h/x', Method: 'PUT' }, 20001],
    ['another method for the fallback', { FallbackUrl: 'https://h/x', FallbackMethod: 'put' }, 20001],
    ['another status', { Status: 'busy' }, 20001],
  ] as const) {
    test(`REST refuses ${what} (${code}) and leaves the call alone`, async () => {
      await withRest({}, async ({ gateway, live, request }) => {
        const { body, status } = await request({ form: form as unknown as Record<string, string> });
        assert.deepEqual([status, body['code'], body['status']], [400, code, 400]);
        assert.equal(live.isOver, false);
        assert.equal(gateway.stream.of('stop').length, 0);
      });
    });
  }

  test('REST accepts TwiML of 4000 characters', async () => {
    await withRest({}, async ({ live, request }) => {
      const Twiml = `<Response><Hangup/>${' '.repeat(4000 - 30)}</Response>`;
      assert.equal(Twiml.length, 4000);
      assert.equal((await request({ form: { Twiml } })).status, 200);
      assert.equal(await live.whenEnded(), 'gateway-hung-up');
    });
  });

  test('REST refuses a body that is not a form, and a method other than GET and POST', async () => {
    await withRest({}, async ({ live, request }) => {
      const init = { method: 'POST', body: '{"Status":"completed"}', headers: { 'Content-Type': 'application/json' } };
      assert.equal((await request({ init })).status, 400);
      assert.equal(live.isOver, false);
      assert.deepEqual((await request({ init: { method: 'DELETE' } })).body['code'], 20004);
    });
  });

  test('REST answers 20404 for unknown calls, accounts and paths', async () => {
    await withRest({}, async ({ live, request }) => {
      for (const path of [
        `/2010-04-01/Accounts/${ACCOUNT_SID}/Calls/CA${'0'.repeat(32)}.json`,
        `/2010-04-01/Accounts/AC${'0'.repeat(32)}/Calls/${live.callSid}.json`,
        `/2010-04-01/Accounts/${ACCOUNT_SID}/Calls/${live.callSid}`,
        '/',
      ]) {
        const { body, status } = await request({ path });
        assert.deepEqual(
          [status, body['code'], body['message']],
          [404, 20404, `The requested resource ${path} was not found`],
        );
      }
    });
  });

  test('REST accepts the account’s token and its API keys, and refuses any other credentials (20003)', async () => {
    await withRest({ apiKeys: { SK1: 'secret' } }, async ({ live, request, url }) => {
      for (const auth of [basic(ACCOUNT_SID, FAKE_TOKEN), basic('SK1', 'secret')])
        assert.equal((await request({ auth })).status, 200);
      for (const auth of [
        '',
        'Bearer x',
        basic(ACCOUNT_SID, 'wrong'),
        basic('SK1', FAKE_TOKEN),
        basic('SK2', 'secret'),
      ]) {
        const { body, status } = await request({ auth, form: { Status: 'completed' } });
        assert.deepEqual(
          [status, body],
          [
            401,
            {
              code: 20003,
              message: 'Authenticate',
              more_info: 'https://www.twilio.com/docs/errors/20003',
              status: 401,
            },
          ],
        );
      }
      assert.match((await fetch(url)).headers.get('www-authenticate') ?? '', /^Basic /);
      assert.equal(live.isOver, false);
    });
  });

  test('REST refuses a burst without effect (20429) and accepts the same request afterwards', async () => {
    await withRest({}, async ({ api, live, request }) => {
      api.refuseNext(2);
      for (let time = 0; time < 2; time++) {
        const { body, status } = await request({ form: { Status: 'completed' } });
        assert.deepEqual([status, body['code']], [429, 20429]);
      }
      assert.equal(live.isOver, false);
      assert.equal((await request({ form: { Status: 'completed' } })).status, 200);
    });
  });

  test('REST answers after its latency, and counts and limits concurrent requests', async () => {
    await withRest({ latencyMs: 300, maxConcurrent: 2 }, async ({ clock, request }) => {
      const before = clock.timers;
      const answers = [request(), request(), request()];
      await until(() => clock.timers === before + 3, 'three requests under way');
      clock.advance(300);
      const results = await Promise.all(answers);
      assert.deepEqual(results.map(({ concurrent, status }) => `${concurrent} ${status}`).sort(), [
        '1 200',
        '2 200',
        '3 429',
      ]);
    });
  });
});
