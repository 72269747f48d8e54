import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACCOUNT_SID, type CarrierRig, streamTwiml, withCarrier } from '../../test/support/carrier-rig.js';
import { FAKE_HOST, FAKE_TOKEN } from '../../test/support/fake-gateway.js';
import { until } from '../../test/support/rig.js';
import type { CarrierCall } from './carrier-call.js';
import { RestApi } from './rest.js';

interface Answer {
  status: number;
  body: Record<string, unknown>;
}

interface Studio extends CarrierRig {
  live: CarrierCall;
  api: RestApi;
  /** Asks for the recordings of the call, or for one of them. Without a form it only reads. */
  ask: (form?: readonly (readonly [string, string])[], sid?: string) => Promise<Answer>;
  /** Twilio's reports so far. */
  reports: () => Record<string, string>[];
}

const CALLBACK = `https://${FAKE_HOST}/recorded`;
const START = [
  ['RecordingChannels', 'dual'],
  ['RecordingStatusCallback', CALLBACK],
  ['RecordingStatusCallbackEvent', 'in-progress'],
  ['RecordingStatusCallbackEvent', 'completed'],
] as const;

/** Runs `body` beside a call whose stream is open. */
async function withStudio(body: (studio: Studio) => Promise<void>): Promise<void> {
  await withCarrier({}, async (rig) => {
    rig.gateway.say('/voice', streamTwiml('', '', 'action="/action"'));
    rig.gateway.say('/recorded', '');
    const live = rig.call();
    await until(() => rig.gateway.streams[0]?.of('start').length === 1, 'the stream');
    const api = new RestApi(rig.carrier);
    const url = await api.start();
    const authorization = `Basic ${Buffer.from(`${ACCOUNT_SID}:${FAKE_TOKEN}`).toString('base64')}`;
    try {
      await body({
        ...rig,
        live,
        api,
        ask: async (form, sid) => {
          const path = `/2010-04-01/Accounts/${ACCOUNT_SID}/Calls/${live.callSid}/Recordings${sid === undefined ? '' : `/${sid}`}.json`;
          const response = await fetch(url + path, {
            method: form === undefined ? 'GET' : 'POST',
            ...(form === undefined
              ? {}
              : { body: new URLSearchParams(form.map(([name, value]): [string, string] => [name, value])) }),
            headers: { authorization, connection: 'close' },
          });
          return { status: response.status, body: (await response.json()) as Record<string, unknown> };
        },
        reports: () => rig.gateway.of('/recorded').map(({ form }) => Object.fromEntries(form)),
      });
    } finally {
      await api.close();
    }
  });
}

test('a recording over REST has the fields of the Recording resource, and reports itself', async () => {
  await withStudio(async ({ advance, ask, live, reports }) => {
    const { body, status } = await ask(START);
    assert.equal(status, 201);
    const { channels, sid, source, status: is, track, call_sid: callSid } = body;
    assert.deepEqual(
      [channels, source, is, track, callSid],
      [2, 'StartCallRecordingAPI', 'in-progress', 'both', live.callSid],
    );
    assert.match(String(sid), /^RE[0-9a-f]{32}$/);
    await until(() => reports().length === 1, 'the first report');
    await advance(3000, live);
    live.hangup();
    await until(() => reports().length === 2, 'the last report');
    const [started, completed] = reports();
    assert.deepEqual([started?.['RecordingStatus'], started?.['RecordingDuration']], ['in-progress', undefined]);
    assert.deepEqual([completed?.['RecordingStatus'], completed?.['RecordingDuration']], ['completed', '3']);
    assert.equal(completed?.['RecordingSid'], sid);
    assert.equal(completed?.['RecordingChannels'], '2');
  });
});

test('keys of a pause are not recorded, and a pause is as long as its behaviour says', async () => {
  await withStudio(async ({ advance, ask, live }) => {
    for (const [pause, durationMs] of [
      ['silence', 3000],
      ['skip', 2000],
    ] as const) {
      const { body } = await ask([['RecordingChannels', 'dual']]);
      const sid = String(body['sid']);
      live.pressDigit('1');
      await advance(1000, live);
      assert.equal(
        (
          await ask(
            [
              ['Status', 'paused'],
              ['PauseBehavior', pause],
            ],
            'Twilio.CURRENT',
          )
        ).body['status'],
        'paused',
      );
      live.pressDigit('2');
      await advance(1000, live);
      assert.equal((await ask([['Status', 'in-progress']], sid)).body['status'], 'in-progress');
      live.pressDigit('3');
      await advance(1000, live);
      assert.equal((await ask([['Status', 'stopped']], sid)).body['status'], 'stopped');
      live.pressDigit('4');
      const recording = live.recordings.at(-1);
      assert.deepEqual(recording?.keys, ['1', '3']);
      assert.equal(recording?.durationMs, durationMs);
    }
    const listed = (await ask()).body['recordings'] as { status: string }[];
    assert.deepEqual(
      listed.map(({ status }) => status),
      ['completed', 'completed'],
    );
  });
});

test('wrong fields, a second recording and a change of one that is over are refused', async () => {
  await withStudio(async ({ ask, live }) => {
    const refused: [form: [string, string][], sid: string | undefined, status: number, code: number][] = [
      [[['RecordingChannels', 'stereo']], undefined, 400, 20001],
      [[['RecordingTrack', 'left']], undefined, 400, 20001],
      [[['Trim', 'yes']], undefined, 400, 20001],
      [[['RecordingChanels', 'dual']], undefined, 400, 20001],
      [[['Status', 'paused']], 'Twilio.CURRENT', 404, 20404],
    ];
    for (const [form, sid, status, code] of refused) {
      const answer = await ask(form, sid);
      assert.deepEqual([answer.status, answer.body['code']], [status, code], JSON.stringify(form));
    }
    const sid = String((await ask(START)).body['sid']);
    assert.equal((await ask(START)).body['code'], 21220);
    assert.equal((await ask([['Status', 'resumed']], sid)).body['code'], 20001);
    assert.equal(
      (
        await ask(
          [
            ['Status', 'in-progress'],
            ['PauseBehavior', 'skip'],
          ],
          sid,
        )
      ).body['code'],
      20001,
    );
    assert.equal((await ask([['Status', 'paused']], 'RE1')).status, 404);
    await ask([['Status', 'stopped']], sid);
    assert.equal((await ask([['Status', 'in-progress']], sid)).body['code'], 21220);
    live.hangup();
    assert.equal((await ask(START)).body['code'], 21220);
  });
});

test('a callback or an event that Twilio does not know costs the reports, and not the recording', async () => {
  await withStudio(async ({ ask, live, problems, reports }) => {
    await ask([
      ['RecordingStatusCallback', '/relative'],
      ['RecordingStatusCallbackEvent', 'completed begun'],
    ]);
    assert.deepEqual(problems, [13621, 13256]);
    assert.equal(live.recordings.length, 1);
    assert.deepEqual(reports(), []);
  });
});

test('a request that REST is told to fail has no effect', async () => {
  await withStudio(async ({ api, ask, live }) => {
    api.failNext({ status: 409, code: 20409, message: 'Conflict' });
    assert.equal((await ask(START)).status, 409);
    assert.equal(live.recordings.length, 0);
  });
});
