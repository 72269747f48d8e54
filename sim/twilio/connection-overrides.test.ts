import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type CarrierRig, withCarrier } from '../../test/support/carrier-rig.js';
import { FAKE_HOST } from '../../test/support/fake-gateway.js';
import { until } from '../../test/support/rig.js';

const HANGUP = '<Response><Hangup/></Response>';
const voice = (fragment: string): { voiceUrl: string; fallbackUrl: string } => ({
  voiceUrl: `https://${FAKE_HOST}/voice?a=1#${fragment}`,
  fallbackUrl: `https://${FAKE_HOST}/fallback`,
});

/** Answers the first requests with these statuses, and every later one with a hang-up. */
function answerWith(rig: CarrierRig, statuses: readonly number[]): void {
  const left = [...statuses];
  rig.gateway.answers.set('/voice', (_request, response) => {
    const status = left.shift();
    if (status === undefined) return HANGUP;
    return void response.writeHead(status).end();
  });
  rig.gateway.answers.set('/fallback', HANGUP);
}

/** Waits until data has crossed between two sockets of this machine. */
const settle = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, 30);
  });

describe('simulated carrier: connection overrides in the fragment of a URL', () => {
  for (const [fragment, statuses, asked, end] of [
    ['rp=5xx', [503], 2, 'answered'],
    ['rp=5xx', [503, 500], 2, 'fallback'],
    ['rc=3&rp=5xx,4xx', [503, 404, 502], 4, 'answered'],
    ['rc=5&rp=all', [500, 500, 500, 500, 500], 6, 'answered'],
    ['rc=0&rp=5xx', [503], 1, 'fallback'],
    ['rc=3&rp=ct,rt', [503], 1, 'fallback'],
    ['rc=3&rp=5xx', [404], 1, 'fallback'],
    ['rc=3', [503], 1, 'fallback'],
  ] as const) {
    test(`with #${fragment} a webhook that answers ${statuses.join(', ')} is requested ${asked} times, then ${end === 'fallback' ? 'the fallback is requested' : 'its TwiML runs'}`, async () => {
      await withCarrier({}, async (rig) => {
        answerWith(rig, statuses);
        const live = rig.call(voice(fragment));
        assert.equal(await live.whenEnded(), 'gateway-hung-up');
        const requests = rig.gateway.of('/voice');
        assert.equal(requests.length, asked);
        assert.equal(rig.gateway.of('/fallback').length, end === 'fallback' ? 1 : 0);
        // The fake gateway has checked each signature, which covers the URL without its fragment.
        assert.ok(requests.every(({ form }) => form.get('CallSid') === live.callSid));
        const tokens = requests.map(({ headers }) => headers['i-twilio-idempotency-token']);
        assert.equal(new Set(tokens).size, 1);
        assert.match(String(tokens[0]), /^[\w-]{20,}$/);
      });
    });
  }

  test('every new webhook request has an idempotency token of its own', async () => {
    await withCarrier({}, async (rig) => {
      rig.gateway.say('/voice', '<Redirect>/next</Redirect>');
      rig.gateway.say('/next', '<Hangup/>');
      await rig.call().whenEnded();
      const tokens = rig.gateway.requests.map(({ headers }) => headers['i-twilio-idempotency-token']);
      assert.equal(new Set(tokens).size, 2);
    });
  });

  test('a webhook that does not answer within rt is retried if the policy says so, until tt is over', async () => {
    await withCarrier({}, async (rig) => {
      const { clock, gateway, problems } = rig;
      gateway.answers.set('/voice', () => undefined);
      gateway.answers.set('/fallback', HANGUP);
      const live = rig.call(voice('rt=3000&rc=5&rp=rt&tt=7000'));
      for (const [asked, passMs] of [
        [1, 3000],
        [2, 3000],
        [3, 999],
      ] as const) {
        await until(() => gateway.of('/voice').length === asked, `try ${asked}`);
        await settle();
        clock.advance(passMs);
        await settle();
      }
      assert.deepEqual([gateway.of('/voice').length, problems], [3, []]);
      clock.advance(1);
      await live.whenEnded();
      assert.deepEqual([gateway.of('/voice').length, gateway.of('/fallback').length, problems], [3, 1, [11200]]);
    });
  });

  test('rt applies to every part of a webhook’s answer, and an answer that has begun is not retried', async () => {
    await withCarrier({}, async (rig) => {
      const { clock, gateway } = rig;
      gateway.answers.set('/voice', (_request, response) => {
        response.writeHead(200, { 'Content-Type': 'text/xml' }).write('<Response>');
      });
      gateway.answers.set('/fallback', HANGUP);
      const live = rig.call(voice('rt=3000&rp=all&rc=5'));
      await until(() => gateway.of('/voice').length === 1, 'the request');
      await settle();
      clock.advance(2999);
      await settle();
      assert.equal(gateway.of('/fallback').length, 0);
      clock.advance(1);
      await live.whenEnded();
      assert.deepEqual([gateway.of('/voice').length, gateway.of('/fallback').length], [1, 1]);
    });
  });

  test('a webhook without a connection is retried as often as rc says', async () => {
    let asked = 0;
    await withCarrier({}, async (rig) => {
      const resolve = (host: string): string | undefined => {
        if (host === FAKE_HOST) return rig.gateway.base;
        asked++;
        return undefined;
      };
      await withCarrier({ resolve }, async ({ call }) => {
        await call({ voiceUrl: 'https://gone.example.com/voice#ct=500&rc=4' }).whenEnded();
        assert.equal(asked, 5);
      });
    });
  });

  test('connection overrides apply to a URL in TwiML, and a relative Redirect does not inherit them', async () => {
    await withCarrier({}, async (rig) => {
      const left = new Map([
        ['/next', 1],
        ['/last', 1],
      ]);
      for (const path of ['/next', '/last'])
        rig.gateway.answers.set(path, (_request, response) => {
          const times = left.get(path) ?? 0;
          left.set(path, times - 1);
          if (times > 0) return void response.writeHead(503).end();
          return '<Response><Redirect>/last</Redirect></Response>';
        });
      rig.gateway.say('/voice', `<Redirect>https://${FAKE_HOST}/next#rp=5xx</Redirect>`);
      assert.equal(await rig.call().whenEnded(), 'error');
      assert.deepEqual([rig.gateway.of('/next').length, rig.gateway.of('/last').length], [2, 1]);
    });
  });

  for (const [fragment, code] of [
    ['ct=50', 11200],
    ['ct=10001', 11200],
    ['rt=15001', 11200],
    ['tt=0', 11200],
    ['rc=6', 11200],
    ['rc=two', 11200],
    ['sni=yes', 11200],
    ['retries=2', 11200],
    ['rp=6xx', 11243],
    ['rp=', 11243],
    ['e=paris', 11240],
  ] as const) {
    test(`the override #${fragment} is refused (${code}), and the fallback is requested`, async () => {
      await withCarrier({}, async (rig) => {
        answerWith(rig, []);
        await rig.call(voice(fragment)).whenEnded();
        assert.deepEqual(rig.problems, [code]);
        assert.deepEqual([rig.gateway.of('/voice').length, rig.gateway.of('/fallback').length], [0, 1]);
      });
    });
  }

  test('every documented value of the connection overrides is accepted', async () => {
    await withCarrier({}, async (rig) => {
      answerWith(rig, []);
      const fragment = 'ct=100&rt=15000&tt=15000&rc=5&rp=4xx,5xx,ct,rt&sni=n&e=ashburn,umatilla,frankfurt-ix';
      await rig.call(voice(fragment)).whenEnded();
      assert.deepEqual(rig.problems, []);
    });
  });
});
