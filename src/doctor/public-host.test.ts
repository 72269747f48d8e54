import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, type LookupFunction, connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { idsOf } from '../../test/support/examine.js';
import { ACCOUNT_SID, AUTH_TOKEN, type Rig, startRig } from '../../test/support/rig.js';
import { type CertificateOptions, selfSigned } from '../../test/support/self-signed.js';
import { type PublicHostQuestion, askPublicHost } from './public-host.js';

const NAME = 'gateway.example.com';
const DAY_MS = 86_400_000;
const here: LookupFunction = (_name, options, callback) => {
  if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};
const nowhere: LookupFunction = (_name, _options, callback) => {
  callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), '');
};

interface Balancer {
  /** Where requests end up after TLS. */
  target: number;
  certificate?: CertificateOptions & { host?: string };
  isTrusted?: boolean;
}

/** Asks through a balancer that ends TLS and passes every byte on, as far as its certificate lets it. */
async function ask(
  { certificate = {}, isTrusted = true, target }: Balancer,
  more: Partial<PublicHostQuestion> = {},
): Promise<{ ids: string[]; text: string }> {
  const { host: name = NAME, ...dates } = certificate;
  const tls = selfSigned(name, dates);
  const server = createTlsServer(tls, (socket) => {
    const onward = connect(target, '127.0.0.1');
    socket.on('error', () => onward.destroy()).pipe(onward);
    onward.on('error', () => socket.destroy()).pipe(socket);
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const findings = await askPublicHost({
      host: `${NAME}:${(server.address() as AddressInfo).port}`,
      setting: 'PUBLIC_HOST',
      authTokens: [AUTH_TOKEN],
      accountSid: ACCOUNT_SID,
      epochMs: Date.now(),
      signal: AbortSignal.timeout(180_000),
      network: { lookup: here, ...(isTrusted ? { ca: tls.cert } : {}) },
      ...more,
    });
    // A test cannot have port 443 nor a public address.
    const ours = findings.filter(({ id, result }) => !(result === 'advice' && /^public-host(-dns)?$/.test(id)));
    return { ids: idsOf(ours), text: ours.map(({ text }) => text).join('\n') };
  } finally {
    server.close();
  }
}

describe("the doctor's way to the public host", () => {
  let rig: Rig;
  let port = 0;
  before(async () => {
    rig = await startRig({ env: { PUBLIC_HOST: NAME, TWILIO_ACCOUNT_SID: ACCOUNT_SID } });
    ({ port } = rig.running.gateway);
  });
  after(() => rig.close());

  test('a gateway behind TLS that checks signatures is fine, and no call is made', async () => {
    const { ids, text } = await ask({ target: port });
    assert.deepEqual(ids, ['fine certificate', 'fine gateway-reached'], text);
    assert.match(text, /valid certificate for 7\d\d more days/);
    assert.match(text, /it refuses what is not signed, and takes what is/);
    assert.equal(rig.running.gateway.activeCalls, 0);
  });

  test('a host for streams alone is asked for no webhook', async () => {
    const { ids, text } = await ask({ target: port }, { setting: 'STREAM_HOST' });
    assert.deepEqual(ids, ['fine certificate', 'fine gateway-reached']);
    assert.doesNotMatch(text, /signed/);
  });

  for (const [what, more, text] of [
    [
      'another auth token',
      { authTokens: ['another-auth-token'] },
      /signed with the first TWILIO_AUTH_TOKEN \(HTTP 403\)/,
    ],
    [
      'another account',
      { accountSid: `AC${'2'.repeat(32)}` },
      /another TWILIO_AUTH_TOKEN, TWILIO_ACCOUNT_SID or PUBLIC_HOST/,
    ],
  ] as const) {
    test(`a gateway that runs with ${what} is a fault`, async () => {
      const asked = await ask({ target: port }, more);
      assert.deepEqual(asked.ids, ['fine certificate', 'fault gateway-signature']);
      assert.match(asked.text, text);
    });
  }

  test('a gateway that checks no signatures although there is a token is a fault', async () => {
    const open = await startRig({ env: { TWILIO_AUTH_TOKEN: '', PUBLIC_HOST: NAME } });
    try {
      const asked = await ask({ target: open.running.gateway.port });
      assert.deepEqual(asked.ids, ['fine certificate', 'fault gateway-upgrade']);
      assert.match(asked.text, /runs without TWILIO_AUTH_TOKEN/);
      const unsigned = await ask({ target: open.running.gateway.port }, { authTokens: [] });
      assert.deepEqual(unsigned.ids, ['fine certificate', 'fine gateway-reached']);
    } finally {
      await open.close();
    }
  });

  for (const [status, text] of [
    [502, /No gateway answers behind the proxy or balancer: start it/],
    [404, /let \/twilio\/\* go to the gateway/],
    [400, /does not pass WebSockets on/],
    [301, /follows no redirect/],
    [200, /Right is 403/],
  ] as const) {
    test(`a balancer that answers the upgrade with ${status} is a fault that says what to do`, async () => {
      const balancer = createHttpServer((_request, response) => response.writeHead(status).end());
      balancer.listen(0, '127.0.0.1');
      await once(balancer, 'listening');
      try {
        const asked = await ask({ target: (balancer.address() as AddressInfo).port });
        assert.deepEqual(asked.ids, ['fine certificate', 'fault gateway-upgrade']);
        assert.match(asked.text, text);
      } finally {
        balancer.closeAllConnections();
        balancer.close();
      }
    });
  }

  for (const [what, certificate, isTrusted, id, text] of [
    ['expired', { until: new Date(Date.now() - DAY_MS) }, true, 'fault certificate', /expired on .*Renew it/],
    ['not yet valid', { from: new Date(Date.now() + DAY_MS) }, true, 'fault certificate', /valid only from/],
    [
      'for another name',
      { host: 'www.example.com' },
      true,
      'fault certificate',
      /for www\.example\.com and not for gateway\.example\.com/,
    ],
    [
      'signed by itself',
      {},
      false,
      'fault certificate',
      /signed by no public authority \(DEPTH_ZERO_SELF_SIGNED_CERT\)/,
    ],
    ['without its chain', { issuer: 'Unknown Authority' }, false, 'fault certificate', /Serve the full chain/],
    [
      'about to expire',
      { until: new Date(Date.now() + 5.5 * DAY_MS) },
      true,
      'advice certificate-expiry',
      /expires in 5 days/,
    ],
  ] as [string, Balancer['certificate'] & object, boolean, string, RegExp][]) {
    test(`the doctor finds a certificate that is ${what}`, async () => {
      const asked = await ask({ target: port, certificate, isTrusted });
      assert.ok(asked.ids.includes(id), asked.text);
      assert.match(asked.text, text);
      assert.equal(asked.ids.includes('fine gateway-reached'), id.startsWith('advice'));
    });
  }

  test('a name that does not exist, and an address where nothing listens, are faults', async () => {
    const missing = await ask({ target: port }, { network: { lookup: nowhere } });
    assert.deepEqual(missing.ids, ['fault public-host-dns']);
    assert.match(missing.text, /^gateway\.example\.com cannot be looked up: the name does not exist/);
    const closed = await ask({ target: port }, { host: `${NAME}:1` });
    assert.deepEqual(closed.ids, ['fault public-host-unreachable']);
    assert.match(closed.text, /nothing listens there/);
  });

  test('an address that only a private network has, and another port than 443, are notes', async () => {
    const findings = await askPublicHost({
      host: `${NAME}:8443`,
      setting: 'PUBLIC_HOST',
      authTokens: [AUTH_TOKEN],
      accountSid: undefined,
      epochMs: Date.now(),
      signal: AbortSignal.timeout(180_000),
      network: { lookup: here },
    });
    assert.deepEqual(idsOf(findings).slice(0, 2), ['advice public-host', 'advice public-host-dns']);
  });
});
