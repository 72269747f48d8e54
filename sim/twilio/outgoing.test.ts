import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ACCOUNT_SID, type CarrierRig, streamTwiml, withCarrier } from '../../test/support/carrier-rig.js';
import { FAKE_HOST, FAKE_TOKEN } from '../../test/support/fake-gateway.js';
import { until } from '../../test/support/rig.js';
import type { CarrierCall } from './carrier-call.js';
import type { IncomingLeg, PhoneEndpoint } from './phone.js';
import { RestApi, type RestOptions } from './rest.js';

const OWN = '+12065550199';
const CALLEE = '+12025550123';
const PATH = `/2010-04-01/Accounts/${ACCOUNT_SID}/Calls`;
const AUTHORIZATION = `Basic ${Buffer.from(`${ACCOUNT_SID}:${FAKE_TOKEN}`).toString('base64')}`;

interface Answer {
  status: number;
  body: Record<string, unknown>;
}

interface OutgoingRig extends CarrierRig {
  api: RestApi;
  /** Makes a call. A field that is `undefined` is left out. */
  make: (fields?: Record<string, string | string[] | undefined>) => Promise<Answer>;
  ask: (path: string, form?: URLSearchParams) => Promise<Answer>;
  made: CarrierCall[];
  statuses: () => (string | null)[];
}

async function withOutgoing(
  { phone, queueMs, ...options }: RestOptions & { phone?: PhoneEndpoint; queueMs?: number },
  body: (rig: OutgoingRig) => Promise<void>,
): Promise<void> {
  const made: CarrierCall[] = [];
  const carrier = {
    phoneBook: (number: string) => (number === CALLEE ? phone : undefined),
    onCall: (call: CarrierCall) => made.push(call),
    ...(queueMs === undefined ? {} : { queueMs }),
  };
  await withCarrier(carrier, async (rig) => {
    rig.gateway.say('/answered', streamTwiml('', '', 'action="/action"'));
    const api = new RestApi(rig.carrier, { numbers: [{ phoneNumber: OWN }], ...options });
    const url = await api.start();
    const ask: OutgoingRig['ask'] = async (path, form) => {
      const init = form === undefined ? {} : { method: 'POST', body: form };
      const response = await fetch(url + path, {
        ...init,
        headers: { Authorization: AUTHORIZATION, Connection: 'close' },
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    try {
      await body({
        ...rig,
        api,
        ask,
        made,
        statuses: () => rig.gateway.of('/status').map(({ form }) => form.get('CallStatus')),
        make: (fields = {}) => {
          const form = new URLSearchParams();
          const all = {
            To: CALLEE,
            From: OWN,
            Url: `https://${FAKE_HOST}/answered`,
            StatusCallback: `https://${FAKE_HOST}/status`,
            StatusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed'],
            ...fields,
          };
          for (const [name, value] of Object.entries(all))
            for (const one of [value ?? []].flat()) form.append(name, one);
          return ask(`${PATH}.json`, form);
        },
      });
    } finally {
      await api.close();
    }
  });
}

const answers: PhoneEndpoint = { ring: (leg) => leg.answer() };

describe('simulated carrier: calls over REST', () => {
  test('a call over REST is queued, rings, is answered, runs its document and ends', async () => {
    await withOutgoing({ phone: answers }, async ({ carrier, gateway, made, make, statuses }) => {
      const { body, status } = await make();
      assert.deepEqual([status, body['status'], body['direction']], [201, 'queued', 'outbound-api']);
      assert.deepEqual([body['from'], body['to'], body['start_time']], [OWN, CALLEE, null]);
      await until(() => gateway.streams[0]?.of('start').length === 1, 'the stream');
      const [asked] = gateway.of('/answered');
      assert.deepEqual(
        ['CallSid', 'From', 'To', 'Direction', 'CallStatus', 'AnsweredBy'].map((name) => asked?.form.get(name)),
        [body['sid'], OWN, CALLEE, 'outbound-api', 'in-progress', null],
      );
      made[0]?.hangup();
      await carrier.whenIdle();
      assert.deepEqual(statuses(), ['initiated', 'ringing', 'in-progress', 'completed']);
    });
  });

  test('the called telephone hears what is played, is heard, and ends the call', async () => {
    let leg: IncomingLeg | undefined;
    const heard: Uint8Array[] = [];
    const phone: PhoneEndpoint = {
      ring: (ringing) => {
        leg = ringing;
        ringing.onHeard((mulaw) => heard.push(mulaw));
        ringing.answer();
      },
    };
    await withOutgoing({ phone }, async ({ advance, gateway, made, make }) => {
      await make();
      await until(() => gateway.streams[0]?.of('start').length === 1, 'the stream');
      const [call] = made;
      assert.ok(call !== undefined && leg !== undefined);
      assert.equal(leg.callSid, call.callSid);
      const payload = Buffer.alloc(160, 0x10).toString('base64');
      gateway.stream.socket.send(
        JSON.stringify({ event: 'media', streamSid: gateway.stream.streamSid, media: { payload } }),
      );
      leg.speak(Buffer.alloc(160, 0x20));
      await advance(400, call);
      assert.ok(heard.some((frame) => frame[0] === 0x10));
      assert.ok(gateway.stream.of('media').some(({ media }) => Buffer.from(media.payload, 'base64')[0] === 0x20));
      leg.hangup();
      assert.equal(await call.whenEnded(), 'caller-hung-up');
    });
  });

  for (const [what, ring, expected] of [
    ['is busy', (leg: IncomingLeg) => leg.reject('busy'), 'busy'],
    ['cannot be reached', (leg: IncomingLeg) => leg.reject('failed'), 'failed'],
    ['is declined', (leg: IncomingLeg) => leg.hangup(), 'no-answer'],
  ] as const) {
    test(`a call over REST whose telephone ${what} ends as ${expected}, and no document is requested`, async () => {
      await withOutgoing({ phone: { ring } }, async ({ ask, carrier, gateway, make, statuses }) => {
        const { body } = await make();
        await until(() => statuses().length === 3, 'the end');
        await carrier.whenIdle();
        assert.deepEqual(statuses(), ['initiated', 'ringing', expected]);
        assert.equal(gateway.of('/answered').length, 0);
        assert.equal((await ask(`${PATH}/${String(body['sid'])}.json`)).body['status'], expected);
      });
    });
  }

  test('a number without a telephone fails, and one that rings too long is not answered', async () => {
    await withOutgoing({}, async ({ make, statuses }) => {
      await make();
      await until(() => statuses().length === 2, 'the end');
      assert.deepEqual(statuses(), ['initiated', 'failed']);
    });
    await withOutgoing({ phone: { ring: () => undefined } }, async ({ clock, make, statuses }) => {
      await make({ Timeout: '20' });
      await until(() => statuses().length === 2, 'the ringing');
      clock.advance(19_000);
      assert.equal(statuses().length, 2);
      clock.advance(1000);
      await until(() => statuses().length === 3, 'the end');
      assert.equal(statuses()[2], 'no-answer');
    });
  });

  test('REST cancels a call in the queue and one that rings, and ends one that is answered', async () => {
    await withOutgoing({ phone: answers, queueMs: 1000 }, async ({ ask, clock, gateway, make }) => {
      const { body } = await make();
      const path = `${PATH}/${String(body['sid'])}.json`;
      const canceled = await ask(path, new URLSearchParams({ Status: 'canceled' }));
      assert.deepEqual([canceled.status, canceled.body['status']], [200, 'canceled']);
      clock.advance(5000);
      assert.equal(gateway.of('/answered').length, 0);
    });
    await withOutgoing({ phone: { ring: () => undefined } }, async ({ ask, make, statuses }) => {
      const { body } = await make();
      await until(() => statuses().length === 2, 'the ringing');
      const path = `${PATH}/${String(body['sid'])}.json`;
      assert.equal((await ask(path, new URLSearchParams({ Status: 'completed' }))).body['status'], 'canceled');
    });
    await withOutgoing({ phone: answers }, async ({ ask, gateway, make }) => {
      const { body } = await make();
      await until(() => gateway.streams[0]?.of('start').length === 1, 'the stream');
      const path = `${PATH}/${String(body['sid'])}.json`;
      assert.equal((await ask(path, new URLSearchParams({ Status: 'canceled' }))).body['code'], 21220);
      assert.equal((await ask(path, new URLSearchParams({ Status: 'completed' }))).body['status'], 'completed');
    });
  });

  test('an asynchronous detection reports its result while the document runs', async () => {
    const phone: PhoneEndpoint = { ...answers, detected: { as: 'machine_end_beep', afterMs: 6000 } };
    const fields = {
      MachineDetection: 'DetectMessageEnd',
      AsyncAmd: 'true',
      AsyncAmdStatusCallback: `https://${FAKE_HOST}/machine`,
    };
    await withOutgoing({ phone }, async ({ ask, clock, gateway, make }) => {
      const { body } = await make(fields);
      await until(() => gateway.streams[0]?.of('start').length === 1, 'the stream');
      clock.advance(5999);
      assert.equal(gateway.of('/machine').length, 0);
      clock.advance(1);
      await until(() => gateway.of('/machine').length === 1, 'the result');
      assert.deepEqual(Object.fromEntries(gateway.of('/machine')[0]?.form ?? []), {
        AccountSid: ACCOUNT_SID,
        CallSid: body['sid'],
        AnsweredBy: 'machine_end_beep',
        MachineDetectionDuration: '6000',
      });
      assert.equal((await ask(`${PATH}/${String(body['sid'])}.json`)).body['answered_by'], 'machine_end_beep');
    });
  });

  test('a synchronous detection delays the document, which is requested with its result', async () => {
    await withOutgoing({ phone: answers }, async ({ clock, gateway, make, statuses }) => {
      await make({ MachineDetection: 'Enable' });
      await until(() => statuses().length === 3, 'the answer');
      assert.equal(gateway.of('/answered').length, 0);
      clock.advance(4000);
      await until(() => gateway.of('/answered').length === 1, 'the document');
      assert.equal(gateway.of('/answered')[0]?.form.get('AnsweredBy'), 'human');
    });
  });

  test('an asynchronous detection without a URL for its result is a warning (21262)', async () => {
    await withOutgoing({ phone: answers }, async ({ clock, gateway, made, make }) => {
      const problems: number[] = [];
      await make({ MachineDetection: 'Enable', AsyncAmd: 'true' });
      made[0]?.on('problem', (code) => problems.push(code));
      await until(() => gateway.of('/answered').length === 1, 'the document');
      clock.advance(4000);
      await until(() => problems.length === 1, 'the warning');
      assert.deepEqual(problems, [21262]);
    });
  });

  test('REST refuses a call as Twilio does, and makes none', async () => {
    const refusedNumbers = { '+12025550100': 21215, '+12025550101': 21216 };
    await withOutgoing({ phone: answers, refusedNumbers }, async ({ made, make }) => {
      for (const [change, code] of [
        [{ To: undefined }, 21201],
        [{ To: '2025550123' }, 21211],
        [{ To: '+12025550100' }, 21215],
        [{ To: '+12025550101' }, 21216],
        [{ From: undefined }, 21213],
        [{ From: 'me' }, 21212],
        [{ From: CALLEE }, 21210],
        [{ Url: undefined }, 21205],
        [{ Url: 'nowhere' }, 21205],
        [{ StatusCallback: 'nowhere' }, 21609],
        [{ StatusCallbackEvent: ['initiated ringing'] }, 21626],
        [{ Method: 'PUT' }, 20001],
        [{ Timeout: '601' }, 20001],
        [{ MachineDetection: 'true' }, 20001],
        [{ AsyncAmd: 'yes' }, 20001],
        [{ MachineDetectionTimeout: '60' }, 20001],
        [{ Url: undefined, Twiml: `<Response>${' '.repeat(4000)}</Response>` }, 20001],
      ] as const) {
        const { body, status } = await make(change as unknown as Record<string, string | undefined>);
        assert.deepEqual([status, body['code']], [400, code], JSON.stringify(change));
      }
      assert.equal(made.length, 0);
    });
  });

  test('REST lists calls by number, status and day, the newest first, in pages', async () => {
    await withOutgoing({ phone: { ring: () => undefined } }, async ({ ask, make, statuses }) => {
      const first = await make();
      const second = await make();
      await until(() => statuses().length === 4, 'the ringing');
      const sids = async (query: Record<string, string>): Promise<unknown[]> => {
        const { body, status } = await ask(`${PATH}.json?${new URLSearchParams(query).toString()}`);
        assert.equal(status, 200);
        return (body['calls'] as Record<string, unknown>[]).map(({ sid }) => sid);
      };
      const both = [second.body['sid'], first.body['sid']];
      assert.deepEqual(await sids({}), both);
      assert.deepEqual(await sids({ To: CALLEE, From: OWN, Status: 'ringing', 'StartTime>': '2026-01-01' }), both);
      assert.deepEqual(await sids({ 'StartTime>': '2026-01-02' }), []);
      assert.deepEqual(await sids({ 'StartTime<': '2025-12-31' }), []);
      assert.deepEqual(await sids({ To: '+12025550199' }), []);
      assert.deepEqual(await sids({ Status: 'completed' }), []);
      assert.deepEqual(await sids({ PageSize: '1', Page: '1' }), [first.body['sid']]);
    });
  });

  test('an answer can be lost before or after its request has its effect', async () => {
    await withOutgoing({ phone: { ring: () => undefined } }, async ({ api, made, make }) => {
      api.loseNext('before', 'after');
      await assert.rejects(make());
      assert.equal(made.length, 0);
      await assert.rejects(make());
      assert.equal(made.length, 1);
      assert.equal((await make()).status, 201);
    });
  });
});
