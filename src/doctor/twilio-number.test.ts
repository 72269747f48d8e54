import assert from 'node:assert/strict';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { Carrier } from '../../sim/twilio/carrier.js';
import type { IncomingNumber } from '../../sim/twilio/number-resource.js';
import { RestApi } from '../../sim/twilio/rest.js';
import { startFallbackEdge } from '../../test/support/fallback-edge.js';
import { CONNECTION_OVERRIDES } from '../call/paths.js';
import { CHECKS } from './checks.js';
import { diagnose, lineOf } from '../doctor.js';
import { isSigned, readSignature } from '../twilio/signature.js';

const ACCOUNT_SID = `AC${'7'.repeat(32)}`;
const AUTH_TOKEN = '0123456789abcdef0123456789abcdef';
const HOST = 'voice.example.com';
const NUMBER = '+12065550199';
const voiceUrl = `https://${HOST}/twilio/voice${CONNECTION_OVERRIDES}`;
const statusCallback = `https://${HOST}/twilio/call-status${CONNECTION_OVERRIDES}`;

/** Returns the doctor's line about the account's numbers, and its exit code. */
async function examine(
  numbers: readonly IncomingNumber[],
  env: Record<string, string> = {},
): Promise<{ line: string; code: number }> {
  const carrier = new Carrier({ accountSid: ACCOUNT_SID, authToken: AUTH_TOKEN, resolve: () => undefined });
  const rest = new RestApi(carrier, { numbers });
  const lines: string[] = [];
  try {
    const code = await diagnose(
      {
        PUBLIC_HOST: HOST,
        TWILIO_ACCOUNT_SID: ACCOUNT_SID,
        TWILIO_AUTH_TOKEN: AUTH_TOKEN,
        TWILIO_API_URL: await rest.start(),
        HANDOVER_TOKEN_PEPPER: '6f1ed002ab5595859014ebf0951522d9ac35f9e0b1f2a87c',
        ...env,
      },
      (name, finding) => lines.push(lineOf(name, finding)),
      CHECKS.filter(({ name }) => name === 'Twilio number'),
    );
    assert.ok(!lines.join().includes(AUTH_TOKEN));
    return { line: lines.find((line) => line.includes('Twilio number')) ?? '', code };
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
        const { code, line } = await examine([number, { phoneNumber: '+12065550111' }], {
          TWILIO_PHONE_NUMBER: NUMBER,
        });
        assert.deepEqual(
          [code, line],
          [0, `ok     Twilio number: ${NUMBER}: calls reach this gateway, and the fallback dials a human.`],
        );
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
      assert.match((await examine([number])).line, /^ok /);
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
      assert.match((await examine([number])).line, /^ok /);
      assert.equal(asked, 1);
    });
  });

  for (const [what, number, expected] of [
    [
      'nothing is set',
      {},
      /must be https:\/\/voice\.example\.com\/twilio\/voice#ct=.* with POST; .*call-status.*; .*is not set, so callers are cut off/,
    ],
    [
      'the voice URL is not the gateway',
      { voiceUrl: 'https://demo.twilio.com/welcome' },
      /"A call comes in" must be https:\/\/voice/,
    ],
    ['the voice URL is requested by GET', { voiceUrl, voiceMethod: 'GET' }, /"A call comes in" must be .* with POST/],
    [
      'the voice URL has no overrides',
      { voiceUrl: `https://${HOST}/twilio/voice`, statusCallback },
      /: "A call comes in" lacks #ct=/,
    ],
    [
      'the fallback is the gateway',
      { voiceUrl, voiceFallbackUrl: `https://${HOST}/twilio/fallback` },
      /is this gateway, which does not help/,
    ],
    [
      'the fallback does not answer',
      { voiceUrl, voiceFallbackUrl: 'http://127.0.0.1:1/' },
      /does not dial a human: no answer/,
    ],
    ['calls go to a trunk', { trunkSid: 'TK1' }, /its calls go to TK1/],
    ['calls go to an app', { voiceApplicationSid: 'AP1' }, /its calls go to AP1/],
  ] as const) {
    test(`the doctor says what to do if ${what}`, async () => {
      const { code, line } = await examine([{ phoneNumber: NUMBER, ...number }], { TWILIO_PHONE_NUMBER: NUMBER });
      assert.equal(code, 0, 'the gateway itself works');
      assert.match(line, /^note .*\+12065550199: /);
      assert.match(line, expected);
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
        const { line } = await examine([number]);
        assert.ok(line.startsWith('note '), line);
        assert.ok(line.endsWith(`"Primary handler fails" does not dial a human: ${why}.`), line);
      });
    });
  }

  test('the doctor checks every number whose calls reach the gateway, and no other', async () => {
    const { line } = await examine([
      { phoneNumber: '+12065550101', voiceUrl },
      { phoneNumber: '+12065550102', voiceUrl: 'https://elsewhere.example.com/voice' },
      { phoneNumber: '+12065550103', voiceUrl },
    ]);
    assert.match(line, /\+12065550101: .*\+12065550103: /);
    assert.doesNotMatch(line, /\+12065550102/);
    assert.match((await examine([])).line, /^note .*No number of this account sends its calls to voice\.example\.com;/);
  });

  test('a number of another account, refused credentials and an unreachable Twilio are faults', async () => {
    for (const [env, expected] of [
      [{ TWILIO_PHONE_NUMBER: '+12065550100' }, /has no number \+12065550100/],
      [{ TWILIO_AUTH_TOKEN: 'f'.repeat(32) }, /Twilio answers 401; check TWILIO_ACCOUNT_SID/],
      [{ TWILIO_API_URL: 'http://127.0.0.1:1' }, /does not answer at http:\/\/127\.0\.0\.1:1; /],
    ] as const) {
      const { code, line } = await examine([{ phoneNumber: NUMBER }], env);
      assert.equal(code, 1);
      assert.match(line, /^FAULT /);
      assert.match(line, expected);
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
      const { line } = await examine([], { TWILIO_API_URL: url.replace(/\/$/, '') });
      assert.match(line, /^FAULT .*is not Twilio's list of numbers; check TWILIO_API_URL/);
      assert.ok(sentBytes < 48 * 1024 * 1024, String(sentBytes));
    });
    sentBytes = 0;
    await withServer(withoutEnd('text/xml', '<Response>'), async (url) => {
      const { line } = await examine([{ phoneNumber: NUMBER, voiceUrl, statusCallback, voiceFallbackUrl: url }]);
      assert.match(line, /does not dial a human: its TwiML is longer than 64 KiB\.$/);
      assert.ok(sentBytes < 16 * 1024 * 1024, String(sentBytes));
    });
  });

  test('the check of the Twilio number is skipped without TWILIO_ACCOUNT_SID', async () => {
    assert.equal((await examine([], { TWILIO_ACCOUNT_SID: '' })).line, '');
  });
});
