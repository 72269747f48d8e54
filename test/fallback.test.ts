import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import type { CarrierCall } from '../sim/twilio/carrier-call.js';
import type { WebhookMethod } from '../sim/twilio/webhook-client.js';
import { CONNECT_NUMBER, PUBLIC_HOST, type Rig, startRig, until } from './rig.js';

// The stand-in for gateways that are all gone, as Terraform makes it: terraform/fallback/tests compares what it makes
// with these two files.
const CODE = readFileSync('terraform/fallback/tests/example.js', 'utf8');
const TWIML = readFileSync('terraform/fallback/example.xml', 'utf8');

const EDGE_HOST = 'd111111abcdef8.cloudfront.net';
/** CloudFront: quotas – maximum size of a function. */
const MAX_FUNCTION_BYTES = 10_240;

interface EdgeResponse {
  statusCode: number;
  statusDescription: string;
  headers: Record<string, { value: string }>;
  body: { encoding: 'text' | 'base64'; data: string };
}

/** A distribution whose viewer requests are answered by the function alone (CloudFront Functions: event structure). */
async function startEdge(): Promise<{ base: string; methods: string[]; close: () => Promise<void> }> {
  const handler = runInNewContext(`${CODE}; handler`) as (event: unknown) => EdgeResponse;
  const methods: string[] = [];
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const { method = '' } = request;
    const { pathname: uri } = new URL(request.url ?? '/', `https://${EDGE_HOST}`);
    methods.push(method);
    const { body, headers, statusCode } = handler({
      version: '1.0',
      context: { distributionDomainName: EDGE_HOST, eventType: 'viewer-request' },
      viewer: { ip: '203.0.113.7' },
      request: { method, uri, querystring: {}, headers: { host: { value: EDGE_HOST } }, cookies: {} },
    });
    request.resume();
    response.writeHead(
      statusCode,
      Object.fromEntries(Object.entries(headers).map(([name, { value }]) => [name, value])),
    );
    response.end(Buffer.from(body.data, body.encoding === 'base64' ? 'base64' : 'utf8'));
  };
  const server = createServer(answer);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    methods,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Scene {
  rig: Rig;
  /** Methods by which the fallback was asked. */
  methods: string[];
  /** From now on nobody has the gateway's name. */
  loseGateways: () => void;
  call: (fallbackMethod?: WebhookMethod) => { live: CarrierCall; said: string[]; dialled: string[] };
}

async function withFallback(options: { phone?: 'nobody' }, body: (scene: Scene) => Promise<void>): Promise<void> {
  const edge = await startEdge();
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
      call: (fallbackMethod) => {
        const live = rig.call('+12025550123', {
          fallbackUrl: `https://${EDGE_HOST}/`,
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
    test(`a new caller reaches a human, asked for by ${method ?? 'what is usual'}`, async () => {
      await withFallback({}, async ({ call, loseGateways, methods, rig }) => {
        loseGateways();
        const { dialled, live, said } = call(method);
        await until(() => rig.screens.length === 1, 'the human');
        assert.deepEqual(said, [CONNECTING]);
        assert.deepEqual(dialled, [CONNECT_NUMBER]);
        assert.deepEqual(methods, [method ?? 'POST']);
        assert.equal(rig.screens[0]?.queue, 'Default queue');
        assert.equal(rig.screens[0].customerNumber, '+12025550123');
        await live.whenEnded();
      });
    });
  }

  test('a caller in the middle of a conversation reaches a human', async () => {
    await withFallback({}, async ({ call, loseGateways, rig }) => {
      const { dialled, live, said } = call();
      await until(() => rig.events.some(({ type }) => type === 'turn'), 'the greeting');
      loseGateways();
      live.mediaStream?.drop();
      await until(() => rig.screens.length === 1, 'the human');
      assert.deepEqual([said, dialled], [[CONNECTING], [CONNECT_NUMBER]]);
      await live.whenEnded();
    });
  });

  test('and no human either, the caller is told so before the call ends', async () => {
    await withFallback({ phone: 'nobody' }, async ({ call, loseGateways }) => {
      loseGateways();
      const { live, said } = call();
      assert.equal(await live.whenEnded(), 'no-more-twiml');
      assert.deepEqual(said, [CONNECTING, NOBODY]);
    });
  });

  test('the function is small enough for CloudFront and says what the example says', () => {
    assert.ok(Buffer.byteLength(CODE) <= MAX_FUNCTION_BYTES);
    const { body, headers, statusCode } = (runInNewContext(`${CODE}; handler`) as () => EdgeResponse)();
    assert.equal(statusCode, 200);
    assert.match(headers['content-type']?.value ?? '', /^text\/xml/);
    assert.equal(Buffer.from(body.data, 'base64').toString('utf8'), TWIML);
  });
});
