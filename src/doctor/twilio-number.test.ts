import assert from 'node:assert/strict';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { Carrier } from '../../sim/twilio/carrier.js';
import type { IncomingNumber } from '../../sim/twilio/number-resource.js';
import { RestApi } from '../../sim/twilio/rest.js';
import { examine, idsOf } from '../../test/support/examine.js';
import { startFallbackEdge } from '../../test/support/fallback-edge.js';
import { CONNECTION_OVERRIDES } from '../call/paths.js';
import { isSigned, readSignature } from '../twilio/signature.js';

const ACCOUNT_SID = `AC${'7'.repeat(32)}`;
const AUTH_TOKEN = '0123456789abcdef0123456789abcdef';
const HOST = 'voice.example.com';
const NUMBER = '+12065550199';
const voiceUrl = `https://${HOST}/twilio/voice${CONNECTION_OVERRIDES}`;
const statusCallback = `https://${HOST}/twilio/call-status${CONNECTION_OVERRIDES}`;

/** Returns what the doctor says about the account's numbers, and its exit code. */
async function ask(
  numbers: readonly IncomingNumber[],
  env: Record<string, string> = {},
): Promise<{ ids: string[]; text: string; code: number }> {
  const carrier = new Carrier({ accountSid: ACCOUNT_SID, authToken: AUTH_TOKEN, resolve: () => undefined });
  const rest = new RestApi(carrier, { numbers });
  try {
    const settings = {
      PUBLIC_HOST: HOST,
      TWILIO_ACCOUNT_SID: ACCOUNT_SID,
      TWILIO_AUTH_TOKEN: AUTH_TOKEN,
      TWILIO_API_URL: await rest.start(),
      USE_LOCAL_DYNAMODB: 'true',
    };
    const { code, findings } = await examine({ ...settings, ...env }, ['Twilio number']);
    const ours = findings.filter(({ service }) => service === 'Twilio number');
    return { code, ids: idsOf(ours), text: ours.map(({ text }) => text).join('\n') };
  } finally {
    await rest.close();
    carrier.close();
  }
}

/** Runs a server with `answer` as a fallback URL while `body` runs. */
async function withServer(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  body: (url: string) => Promise<void>,
): Promise<void> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  try {
    await body(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

describe("the doctor's check of the Twilio number", { concurrency: true }, () => {
  test('a number is fine if its calls reach the gateway and its fallback dials a human, by POST or GET', async () => {
    const edge = await startFallbackEdge();
    try {
      for (const voiceFallbackMethod of ['POST', 'GET'] as const) {
        const number = {
          phoneNumber: NUMBER,
          voiceUrl,
          statusCallback,
          voiceFallbackUrl: edge.base,
          voiceFallbackMethod,
        };
        const { code, ids, text } = await ask([number, { phoneNumber: '+12065550111' }], {
          TWILIO_PHONE_NUMBER: NUMBER,
        });
        assert.deepEqual([code, ids], [0, ['fine twilio-number']]);
        assert.equal(text, `${NUMBER}: calls reach this gateway, and the fallback dials a human.`);
      }
      assert.deepEqual(edge.methods, ['POST', 'GET']);
    } finally {
      await edge.close();
    }
  });

  test('a number is fine if its URLs end in a slash', async () => {
    const edge = await startFallbackEdge();
    try {
      const number = {
        phoneNumber: NUMBER,
        voiceUrl: voiceUrl.replace('#', '/#'),
        statusCallback: statusCallback.replace('#', '/#'),
        voiceFallbackUrl: edge.base,
      };
      assert.deepEqual((await ask([number])).ids, ['fine twilio-number']);
    } finally {
      await edge.close();
    }
  });

  test('the doctor signs its request to a fallback, because TwiML Bins answer only signed requests', async () => {
    let asked = 0;
    const bin = (request: IncomingMessage, response: ServerResponse): void => {
      asked++;
      const url = `http://${request.headers.host ?? ''}${request.url ?? ''}`;
      const isOurs = url.endsWith(`?AccountSid=${ACCOUNT_SID}`);
      const status = isOurs && isSigned(readSignature(request.headers), [AUTH_TOKEN], [url]) ? 200 : 403;
      response.writeHead(status, { 'content-type': 'text/xml' }).end('<Response><Dial>+12065550100</Dial></Response>');
    };
    await withServer(bin, async (url) => {
      const number = {
        phoneNumber: NUMBER,
        voiceUrl,
        statusCallback,
        voiceFallbackUrl: `${url}#rc=2`,
        voiceFallbackMethod: 'GET' as const,
      };
      assert.deepEqual((await ask([number])).ids, ['fine twilio-number']);
      assert.equal(asked, 1);
    });
  });

  for (const [what, number, ids, expected] of [
    [
      'nothing is set',
      {},
      ['fault twilio-number', 'advice twilio-number-settings'],
      /must be https:\/\/voice\.example\.com\/twilio\/voice#ct=.* with POST\.\n.*call-status.*; .*is not set, so callers are cut off/,
    ],
    [
      'the voice URL is not the gateway',
      { voiceUrl: 'https://demo.twilio.com/welcome', statusCallback, voiceFallbackUrl: 'http://127.0.0.1:2/' },
      ['fault twilio-number', 'advice twilio-number-settings'],
      /its calls do not come here\. "A call comes in" must be https:\/\/voice/,
    ],
    [
      'the voice URL is requested by GET',
      { voiceUrl, voiceMethod: 'GET', statusCallback },
      ['fault twilio-number', 'advice twilio-number-settings'],
      /"A call comes in" must be .* with POST/,
    ],
    [
      'the voice URL has no overrides',
      { voiceUrl: `https://${HOST}/twilio/voice`, statusCallback },
      ['advice twilio-number-settings'],
      /: "A call comes in" lacks #ct=/,
    ],
    [
      'the fallback is the gateway',
      { voiceUrl, voiceFallbackUrl: `https://${HOST}/twilio/fallback` },
      ['advice twilio-number-settings'],
      /is this gateway, which does not help/,
    ],
    [
      'the fallback does not answer',
      { voiceUrl, voiceFallbackUrl: 'http://127.0.0.1:2/' },
      ['advice twilio-number-settings'],
      /does not dial a human: no answer/,
    ],
    ['calls go to a trunk', { trunkSid: 'TK1' }, ['advice twilio-number-settings'], /its calls go to TK1/],
    ['calls go to an app', { voiceApplicationSid: 'AP1' }, ['advice twilio-number-settings'], /its calls go to AP1/],
  ] as const) {
    test(`the doctor says what to do if ${what}`, async () => {
      const asked = await ask([{ phoneNumber: NUMBER, ...number }], { TWILIO_PHONE_NUMBER: NUMBER });
      assert.deepEqual(asked.ids, ids);
      assert.equal(asked.code, ids.some((id) => id.startsWith('fault')) ? 1 : 0);
      assert.match(asked.text, /^\+12065550199: /);
      assert.match(asked.text, expected);
    });
  }

  for (const [why, status, type, body] of [
    ['HTTP 403 to POST', 403, 'text/xml', '<Response><Dial>+1</Dial></Response>'],
    ['the content type is text/html', 200, 'text/html', '<Response><Dial>+1</Dial></Response>'],
    ['its TwiML dials nobody', 200, 'text/xml', '<Response><Say>Goodbye</Say></Response>'],
  ] as const) {
    test(`the doctor says why a fallback does not dial a human: ${why}`, async () => {
      const answer = (_request: IncomingMessage, response: ServerResponse): void => {
        response.writeHead(status, { 'content-type': type }).end(body);
      };
      await withServer(answer, async (url) => {
        const number = { phoneNumber: NUMBER, voiceUrl, statusCallback, voiceFallbackUrl: url };
        const { ids, text } = await ask([number]);
        assert.deepEqual(ids, ['advice twilio-number-settings']);
        assert.ok(text.endsWith(`"Primary handler fails" does not dial a human: ${why}.`), text);
      });
    });
  }

  test('the doctor checks every number whose calls reach the gateway, and no other', async () => {
    const { text } = await ask([
      { phoneNumber: '+12065550101', voiceUrl },
      { phoneNumber: '+12065550102', voiceUrl: 'https://elsewhere.example.com/voice' },
      { phoneNumber: '+12065550103', voiceUrl },
    ]);
    assert.match(text, /\+12065550101: .*\+12065550103: /s);
    assert.doesNotMatch(text, /\+12065550102/);
    const none = await ask([]);
    assert.deepEqual(none.ids, ['advice twilio-number']);
    assert.match(none.text, /^No number of this account sends its calls to voice\.example\.com;/);
  });

  test('a number of another account, refused credentials and an unreachable Twilio are faults', async () => {
    for (const [env, id, expected] of [
      [{ TWILIO_PHONE_NUMBER: '+12065550100' }, 'twilio-number', /has no number \+12065550100/],
      [{ TWILIO_AUTH_TOKEN: 'f'.repeat(32) }, 'twilio-account', /Twilio answers 401; check TWILIO_ACCOUNT_SID/],
      [
        { TWILIO_API_URL: 'http://127.0.0.1:2' },
        'twilio-account',
        /does not answer at http:\/\/127\.0\.0\.1:2: nothing listens there/,
      ],
    ] as const) {
      const { code, ids, text } = await ask([{ phoneNumber: NUMBER }], env);
      assert.deepEqual([code, ids], [1, [`fault ${id}`]]);
      assert.match(text, expected);
    }
  });

  test('a list of numbers and a TwiML without end are not read to the end', async () => {
    let sentBytes = 0;
    /** Sends until nobody reads any more. */
    const withoutEnd = (type: string, begin: string) => (_request: IncomingMessage, response: ServerResponse) => {
      const piece = ' '.repeat(256 * 1024);
      response.writeHead(200, { 'content-type': type });
      response.write(begin);
      const more = (): void => {
        while (!response.destroyed && sentBytes < 64 * 1024 * 1024 && response.write(piece)) sentBytes += piece.length;
      };
      response.on('drain', more);
      more();
    };
    await withServer(withoutEnd('application/json', '{"incoming_phone_numbers": ['), async (url) => {
      const { ids, text } = await ask([], { TWILIO_API_URL: url.replace(/\/$/, '') });
      assert.deepEqual(ids, ['fault twilio-account']);
      assert.match(text, /is not Twilio's list of numbers; check TWILIO_API_URL/);
      assert.ok(sentBytes < 48 * 1024 * 1024, String(sentBytes));
    });
    sentBytes = 0;
    await withServer(withoutEnd('text/xml', '<Response>'), async (url) => {
      const { text } = await ask([{ phoneNumber: NUMBER, voiceUrl, statusCallback, voiceFallbackUrl: url }]);
      assert.match(text, /does not dial a human: its TwiML is longer than 64 KiB\.$/);
      assert.ok(sentBytes < 16 * 1024 * 1024, String(sentBytes));
    });
  });

  test('without PUBLIC_HOST the account and the number are asked about, and without an account nothing', async () => {
    assert.deepEqual((await ask([], { PUBLIC_HOST: '' })).ids, ['fine twilio-account']);
    assert.deepEqual((await ask([], { TWILIO_ACCOUNT_SID: '' })).ids, []);
  });
});
