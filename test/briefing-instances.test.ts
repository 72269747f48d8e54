import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sleep } from '../src/base/clock.js';
import { BriefedPhone, presses } from './support/briefed-phone.js';
import { within } from './support/deadline.js';
import { type Pair, type PairOptions, withPair as withGatewayPair } from './support/gateway-pair.js';
import { RedisServer, skipWithoutRedis } from './support/redis-server.js';
import { CONNECT_NUMBER, type Rig, until } from './support/rig.js';

const ENV = { HANDOVER_BRIEFING: 'phone', CONNECT_PHONE_NUMBER: CONNECT_NUMBER };
const SUMMARY = 'Anna wants a refund for a jacket. The refund is still open.';

const greeted = (rig: Rig): Promise<void> =>
  until(() => rig.events.some(({ type }) => type === 'turn'), 'the greeting');

const stepsOf = (rig: Rig): string[] => rig.events.flatMap((event) => (event.type === 'briefing' ? [event.step] : []));

describe('a briefing on two gateways', { concurrency: true, skip: skipWithoutRedis }, () => {
  let redis: RedisServer;
  before(async () => {
    redis = await RedisServer.start();
  });
  after(() => redis.stop());

  /** Plays a handover by the first gateway. Every request after `switchAfter` goes to the second one. */
  async function handOver(
    { switchAfter, url = redis.url, ...options }: PairOptions & { switchAfter: string; url?: string },
    body: (pair: Pair) => Promise<void>,
    summary: () => Promise<string> = () => Promise.resolve(SUMMARY),
  ): Promise<void> {
    await withGatewayPair(url, { ...options, env: { ...ENV, ...options.env } }, async (pair) => {
      pair.call.on('twiml', (request) => {
        if (request === switchAfter) pair.asked = pair.second;
      });
      await greeted(pair.first);
      pair.first.provider.last.summarize = summary;
      pair.first.provider.last.callerSays('I want to speak to a human agent.');
      await body(pair);
    });
  }

  for (const pipeline of [true, false]) {
    test(`${pipeline ? 'pipeline' : 'direct bridge'}: the gateway that did not dial briefs the person with what the other one knows`, async () => {
      const phone = new BriefedPhone(presses('1'));
      await handOver({ phone, pipeline, switchAfter: '/twilio/stream-ended' }, async (pair) => {
        await until(() => phone.joined === 1, 'the bridge');
        assert.equal(phone.said[0], `en-US: ${SUMMARY}`);
        assert.deepEqual([stepsOf(pair.first), stepsOf(pair.second)], [[], ['spoken', 'taken']]);
        phone.legs[0]?.hangup();
        await within(pair.call.whenEnded(), 'the end');
        await until(() => pair.second.events.some(({ type }) => type === 'ended'), 'the result');
        assert.doesNotMatch(pair.first.log() + pair.second.log(), /refund|jacket/);
      });
    });
  }

  test('a summary that is written while the telephone rings reaches the other gateway', async () => {
    const phone = new BriefedPhone(presses('1'));
    let write: (text: string) => void = () => undefined;
    let isDialled = false;
    const late = {
      ring: (leg: Parameters<BriefedPhone['ring']>[0]): void => {
        isDialled = true;
        void rings.then(() => phone.ring(leg));
      },
    };
    let answer: () => void = () => undefined;
    const rings = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const summary = (): Promise<string> =>
      new Promise((resolve) => {
        write = resolve;
      });
    await handOver(
      { phone: late, switchAfter: '/twilio/stream-ended' },
      async (pair) => {
        await until(() => isDialled, 'the dial');
        write(SUMMARY);
        await sleep(pair.clock, 1000);
        answer();
        await until(() => phone.joined === 1, 'the bridge');
        assert.equal(phone.said[0], `en-US: ${SUMMARY}`);
        phone.legs[0]?.hangup();
        await within(pair.call.whenEnded(), 'the end');
      },
      summary,
    );
  });

  test('a call that is declined at the other gateway returns to the assistant there', async () => {
    const phone = new BriefedPhone(presses('2'));
    await handOver({ phone, switchAfter: '/twilio/whisper' }, async (pair) => {
      await until(() => pair.second.provider.sessions.length > 0, 'the other assistant');
      assert.match(pair.second.provider.last.options.greeting ?? '', /free/);
      assert.deepEqual([stepsOf(pair.first), stepsOf(pair.second)], [['spoken'], ['declined']]);
      assert.ok(pair.second.events.some((event) => event.type === 'dial-ended' && event.outcome === 'declined'));
    });
  });

  test('a dial of a gateway that briefs nobody is announced in one sentence by another one', async () => {
    const phone = new BriefedPhone(presses('1'));
    const options = { phone, env: { HANDOVER_BRIEFING: 'off' }, secondEnv: { HANDOVER_BRIEFING: 'phone' } };
    await handOver({ ...options, switchAfter: '/twilio/stream-ended' }, async (pair) => {
      await until(() => phone.joined === 1, 'the bridge');
      assert.equal(phone.said[0], 'en-US: The assistant puts a caller through.');
      phone.legs[0]?.hangup();
      await within(pair.call.whenEnded(), 'the end');
    });
  });

  test('with the journal away a gateway that does not know the call joins the two at once', async () => {
    const own = await RedisServer.start();
    try {
      const phone = new BriefedPhone();
      let answer: () => void = () => undefined;
      const killed = new Promise<void>((resolve) => {
        answer = resolve;
      });
      let isDialled = false;
      const late = {
        ring: (leg: Parameters<BriefedPhone['ring']>[0]): void => {
          isDialled = true;
          void killed.then(() => phone.ring(leg));
        },
      };
      await handOver({ phone: late, url: own.url, switchAfter: '/twilio/stream-ended' }, async (pair) => {
        await until(() => isDialled, 'the dial');
        await own.kill();
        answer();
        await until(() => phone.joined === 1, 'the bridge');
        assert.deepEqual(phone.said, []);
        phone.legs[0]?.hangup();
        await within(pair.call.whenEnded(), 'the end');
      });
    } finally {
      await own.stop();
    }
  });
});
