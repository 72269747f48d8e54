import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, test } from 'node:test';
import { type CarrierRig, type CarrierRigOptions, streamTwiml, withCarrier } from '../../test/support/carrier-rig.js';
import { FAKE_HOST } from '../../test/support/fake-gateway.js';
import { until } from '../../test/support/rig.js';
import type { CallEvent } from './carrier-call.js';

const STATUS = `https://${FAKE_HOST}/status`;
const ALL: readonly CallEvent[] = ['initiated', 'ringing', 'answered', 'completed'];

const statusesOf = ({ gateway }: CarrierRig): (string | null)[] =>
  gateway.of('/status').map(({ form }) => form.get('CallStatus'));

describe('simulated carrier: call status callbacks', () => {
  test('the status callback of an incoming call reports its end and its duration', async () => {
    await withCarrier({}, async (rig) => {
      rig.gateway.say('/voice', '<Say>x</Say><Pause length="90"/>');
      const live = rig.call({ statusCallback: STATUS });
      let isSaying = false;
      live.on('say', () => (isSaying = true));
      await until(() => isSaying, 'the answer');
      rig.clock.advance(65);
      await until(() => rig.clock.timers === 1, 'the pause');
      rig.clock.advance(42_000);
      live.hangup();
      await rig.carrier.whenIdle();
      assert.equal(rig.gateway.of('/status').length, 1);
      const form = Object.fromEntries(rig.gateway.of('/status')[0]?.form ?? []);
      assert.deepEqual(
        [form['CallStatus'], form['CallDuration'], form['SequenceNumber'], form['CallbackSource'], form['CallSid']],
        ['completed', '42', '0', 'call-progress-events', live.callSid],
      );
      assert.equal(form['Timestamp'], 'Thu, 01 Jan 2026 00:00:42 +0000');
    });
  });

  test('the status callback reports every change of a call if all events are requested', async () => {
    await withCarrier({}, async (rig) => {
      rig.gateway.say('/voice', '<Hangup/>');
      await rig.call({ statusCallback: STATUS, statusCallbackEvents: ALL }).whenEnded();
      await rig.carrier.whenIdle();
      assert.deepEqual(statusesOf(rig), ['initiated', 'ringing', 'in-progress', 'completed']);
      assert.deepEqual(
        rig.gateway.of('/status').map(({ form }) => form.get('SequenceNumber')),
        ['0', '1', '2', '3'],
      );
    });
  });

  for (const [twiml, status] of [
    ['<Reject/>', 'no-answer'],
    ['<Reject reason="rejected"/>', 'no-answer'],
    ['<Reject reason="busy"/>', 'busy'],
    ['<Say>Hi.</Say><Reject/><Hangup/>', 'completed'],
  ] as const) {
    test(`the status callback reports ${status} after ${twiml}`, async () => {
      await withCarrier({ synthesize: () => Promise.resolve(new Uint8Array()) }, async (rig) => {
        rig.gateway.say('/voice', twiml);
        await rig.call({ statusCallback: STATUS }).whenEnded();
        await rig.carrier.whenIdle();
        assert.deepEqual(statusesOf(rig), [status]);
      });
    });
  }

  test('disordered status callbacks are reordered and repeated, always alike for one seed', async () => {
    const order = async (seed: number): Promise<(string | null)[]> => {
      let statuses: (string | null)[] = [];
      await withDisorder({ seed, maxDelayMs: 1000, duplicates: 0.5 }, async (rig) => {
        rig.gateway.say('/voice', '<Hangup/>');
        await rig.call({ statusCallback: STATUS, statusCallbackEvents: ALL }).whenEnded();
        await rig.carrier.whenIdle();
        assert.deepEqual(statusesOf(rig), [], 'all are held back');
        rig.clock.advance(1000);
        await rig.carrier.whenIdle();
        statuses = statusesOf(rig);
      });
      return statuses;
    };
    const orders = await Promise.all([1, 2, 3, 4, 5, 1].map((seed) => order(seed)));
    assert.deepEqual(orders[0], orders[5]);
    const inOrder = ['initiated', 'ringing', 'in-progress', 'completed'];
    for (const statuses of orders) assert.deepEqual(new Set(statuses), new Set(inOrder));
    assert.ok(
      orders.some((statuses) => statuses.length > 4),
      'some come twice',
    );
    assert.ok(
      orders.some((statuses) => statuses.indexOf('completed') < statuses.indexOf('ringing')),
      'some overtake others',
    );
  });

  test('status callbacks of one call are sent one after the other, without delaying those of another call', async () => {
    await withCarrier({}, async (rig) => {
      const held: ServerResponse[] = [];
      rig.gateway.answers.set('/status', (received, response) => {
        if (received.form.get('From') !== '+12025550111') return '';
        held.push(response);
        return undefined;
      });
      rig.gateway.say('/voice', '<Hangup/>');
      const report = { statusCallback: STATUS, statusCallbackEvents: ALL };
      const slow = rig.call({ ...report, from: '+12025550111' });
      const quick = rig.call(report);
      await Promise.all([slow.whenEnded(), quick.whenEnded()]);
      const seen = (from: string): (string | null)[] =>
        rig.gateway
          .of('/status')
          .filter(({ form }) => form.get('From') === from)
          .map(({ form }) => form.get('CallStatus'));
      const order = ['initiated', 'ringing', 'in-progress', 'completed'];
      await until(() => seen('+12025550123').length === order.length, 'the other call’s callbacks');
      for (let answered = 0; answered < order.length; answered++) {
        await until(() => held.length === answered + 1, `callback ${answered + 1}`);
        assert.deepEqual(seen('+12025550111'), order.slice(0, answered + 1));
        held[answered]?.writeHead(204).end();
      }
      await rig.carrier.whenIdle();
    });
  });

  test('status callbacks of a stream may arrive after the call is over', async () => {
    await withDisorder({ seed: 1, maxDelayMs: 60_000, duplicates: 1 }, async (rig) => {
      rig.gateway.say('/voice', streamTwiml(`statusCallback="${STATUS}"`));
      const live = rig.call();
      await until(() => rig.gateway.streams[0]?.of('start').length === 1, 'the stream');
      const streamEnd = new Promise((resolve) => live.once('stream-ended', resolve));
      live.hangup();
      await streamEnd;
      rig.clock.advance(60_000);
      await rig.carrier.whenIdle();
      const events = rig.gateway.of('/status').map(({ form }) => String(form.get('StreamEvent')));
      assert.deepEqual(events.sort(), ['stream-started', 'stream-started', 'stream-stopped', 'stream-stopped']);
    });
  });

  test('unanswered status callbacks do not delay the call', async () => {
    await withCarrier({}, async (rig) => {
      rig.gateway.answers.set('/status', () => undefined);
      rig.gateway.say('/voice', '<Hangup/>');
      const live = rig.call({ statusCallback: STATUS, statusCallbackEvents: ALL });
      assert.equal(await live.whenEnded(), 'gateway-hung-up');
      assert.deepEqual(rig.problems, []);
    });
  });

  function withDisorder(
    disorder: NonNullable<CarrierRigOptions['disorder']>,
    body: (rig: CarrierRig) => Promise<void>,
  ): Promise<void> {
    return withCarrier({ disorder }, body);
  }
});
