import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { CONNECTION_OVERRIDES } from '../src/call/paths.js';
import { identifyingNumber } from '../src/twilio/caller-identity.js';
import type { CarrierCall } from '../sim/twilio/carrier-call.js';
import type { WebhookMethod } from '../sim/twilio/webhook-client.js';
import {
  EDGE_HOST,
  FALLBACK_TWIML,
  FALLBACK_URL,
  FUNCTION_CODE,
  loadFunction,
  startFallbackEdge,
} from './support/fallback-edge.js';
import { CONNECT_NUMBER, PUBLIC_HOST, type Rig, startRig, until } from './support/rig.js';

/** Maximum size of a function (CloudFront: quotas). */
const MAX_FUNCTION_BYTES = 10_240;

interface Scene {
  rig: Rig;
  /** HTTP methods of the requests to the fallback. */
  methods: string[];
  /** From now on the gateway's host does not resolve. */
  loseGateways: () => void;
  call: (fallbackMethod?: WebhookMethod, from?: string) => { live: CarrierCall; said: string[]; dialled: string[] };
}

async function withFallback(options: { phone?: 'nobody' }, body: (scene: Scene) => Promise<void>): Promise<void> {
  const edge = await startFallbackEdge();
  let gateway = true;
  const rig: Rig = await startRig({
    carrier: {
      resolve: (host) => (host === EDGE_HOST ? edge.base : gateway && host === PUBLIC_HOST ? rig.base : undefined),
      ...(options.phone === 'nobody' ? { phoneBook: () => undefined } : {}),
    },
  });
  try {
    await body({
      rig,
      methods: edge.methods,
      loseGateways: () => {
        gateway = false;
      },
      call: (fallbackMethod, from = '+12025550123') => {
        const live = rig.call(from, {
          fallbackUrl: FALLBACK_URL,
          ...(fallbackMethod === undefined ? {} : { fallbackMethod }),
        });
        const said: string[] = [];
        const dialled: string[] = [];
        live.on('say', (text) => said.push(text));
        live.on('dial-started', (number) => dialled.push(number));
        return { live, said, dialled };
      },
    });
  } finally {
    await rig.close();
    await edge.close();
  }
}

const CONNECTING = 'One moment, please. I am connecting you with a colleague.';
const NOBODY = 'I am sorry, nobody can take your call right now. Please call again later.';

describe('when no gateway answers', { concurrency: true }, () => {
  for (const method of [undefined, 'POST', 'GET'] as const) {
    test(`without a gateway a new caller reaches an agent (fallback method: ${method ?? 'not set'})`, async () => {
      await withFallback({}, async ({ call, loseGateways, methods, rig }) => {
        loseGateways();
        const { dialled, live, said } = call(method);
        await until(() => rig.screens.length === 1, 'the agent');
        assert.deepEqual(said, [CONNECTING]);
        assert.deepEqual(dialled, [CONNECT_NUMBER]);
        assert.deepEqual(methods, [method ?? 'POST']);
        assert.equal(rig.screens[0]?.queue, 'Default queue');
        assert.equal(rig.screens[0].customerNumber, '+12025550123');
        await live.whenEnded();
      });
    });
  }

  test('without a gateway a caller who withholds the number reaches an agent with the number that was called', async () => {
    await withFallback({}, async ({ call, loseGateways, rig }) => {
      loseGateways();
      for (const [index, from] of ['anonymous', '', '+266696687', '+7378742833', '+2562533'].entries()) {
        const { live, said } = call('GET', from);
        await until(() => rig.screens.length === index + 1, `the agent of ${from}`);
        assert.deepEqual(said, [CONNECTING]);
        assert.equal(rig.screens[index]?.customerNumber, '+12065550199');
        await live.whenEnded();
      }
    });
  });

  test('the function and the gateway agree on which numbers identify a caller', () => {
    const handler = loadFunction();
    const words = [
      '266696687',
      '2562533',
      '7748283',
      '7378742833',
      '17378742833',
      '86282452253',
      '8656696',
      '94844353',
    ];
    const others = [
      '+12025550123',
      '+4915123456789',
      '+33333333333',
      '+10000000000',
      '+15555555555',
      '+464',
      'anonymous',
    ];
    for (const from of [...words.map((digits) => `+${digits}`), ...others, '']) {
      const isWithheld = identifyingNumber(from) === undefined;
      for (const [querystring, how] of [
        [{ CallSid: 'CA1', From: encodeURIComponent(from), To: '%2B12065550199' }, 'as it came'],
        [{ callsid: 'CA1', from, to: '+12065550199' }, 'decoded, in lower case'],
      ] as const) {
        const values = Object.entries(querystring).map(([name, value]) => [name, { value }]);
        const { body } = handler({ request: { querystring: Object.fromEntries(values) as unknown } });
        const twiml = Buffer.from(body.data, 'base64').toString('utf8');
        assert.equal(twiml.includes('<Dial callerId="+12065550199" timeout="25">'), isWithheld, `${from} ${how}`);
      }
    }
  });

  test('a request to the function that Twilio did not send gets the plain document', () => {
    const handler = loadFunction();
    for (const querystring of [
      { CallSid: { value: 'CA1' }, From: { value: '%E0%A4%A' }, To: { value: '%2B12065550199' } },
      { CallSid: { value: 'CA1' }, From: { value: '' }, To: { value: '"/><Hangup/>' } },
      { CallSid: { value: 'CA1' } },
      undefined,
    ]) {
      const { body } = handler({ request: { querystring } });
      assert.equal(Buffer.from(body.data, 'base64').toString('utf8'), FALLBACK_TWIML);
    }
  });

  test('a caller whose gateways are lost during the conversation reaches an agent', async () => {
    await withFallback({}, async ({ call, loseGateways, rig }) => {
      const { dialled, live, said } = call();
      await until(() => rig.events.some(({ type }) => type === 'turn'), 'the greeting');
      loseGateways();
      live.mediaStream?.drop();
      await until(() => rig.screens.length === 1, 'the agent');
      assert.deepEqual([said, dialled], [[CONNECTING], [CONNECT_NUMBER]]);
      await live.whenEnded();
    });
  });

  test('without a gateway and an agent the caller is told so before the call ends', async () => {
    await withFallback({ phone: 'nobody' }, async ({ call, loseGateways }) => {
      loseGateways();
      const { live, said } = call();
      assert.equal(await live.whenEnded(), 'no-more-twiml');
      assert.deepEqual(said, [CONNECTING, NOBODY]);
    });
  });

  test("Terraform sets the connection overrides of the gateway's own URLs on the number", () => {
    const main = readFileSync('terraform/fallback/main.tf', 'utf8');
    assert.match(main, new RegExp(`overrides = "${CONNECTION_OVERRIDES}"`));
  });

  test('the function fits the CloudFront limit and returns the example document', () => {
    assert.ok(Buffer.byteLength(FUNCTION_CODE) <= MAX_FUNCTION_BYTES);
    const { body, headers, statusCode } = loadFunction()({});
    assert.equal(statusCode, 200);
    assert.match(headers['content-type']?.value ?? '', /^text\/xml/);
    assert.equal(Buffer.from(body.data, 'base64').toString('utf8'), FALLBACK_TWIML);
  });
});
