import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { WebSocket } from 'ws';
import { signStream, signWebhook } from '../sim/twilio/signing.js';
import { parseTwiml } from '../sim/twilio/twiml.js';
import { PATHS } from '../src/call/paths.js';
import { ODD_JSON, fuzz, mangled, nearly } from './support/fuzz.js';
import { ACCOUNT_SID, AUTH_TOKEN, PUBLIC_HOST, type Rig, startRig, until } from './support/rig.js';

const STREAM_URL = `wss://${PUBLIC_HOST}/twilio/stream`;
const ROUTES = Object.values(PATHS)
  .filter((path) => path !== PATHS.stream)
  .flatMap((path) => (path.startsWith(PATHS.outbound) ? [path, `${path}?id=${'0'.repeat(32)}`] : [path]));
const STREAM_SID = 'MZfuzz';

const FORMAT = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 };
const MESSAGES = nearly(
  { event: 'connected', protocol: 'Call', version: '1.0.0' },
  {
    event: 'start',
    sequenceNumber: '1',
    start: {
      accountSid: 'AC1',
      streamSid: STREAM_SID,
      callSid: 'CAfuzz',
      mediaFormat: FORMAT,
      customParameters: { token: 't' },
    },
    streamSid: STREAM_SID,
  },
  {
    event: 'media',
    streamSid: STREAM_SID,
    media: { track: 'inbound', payload: Buffer.alloc(160, 0xff).toString('base64') },
  },
  { event: 'mark', streamSid: STREAM_SID, mark: { name: 'g0:0' } },
  { event: 'dtmf', streamSid: STREAM_SID, dtmf: { track: 'inbound_track', digit: '5' } },
  { event: 'stop', streamSid: STREAM_SID, stop: { accountSid: 'AC1', callSid: 'CAfuzz' } },
);

/** Fields that Twilio sends, with values that it does not. */
const FIELD = fc.oneof(
  fc.constantFrom(
    'completed',
    'in-progress',
    'busy',
    'true',
    'false',
    'anonymous',
    '+12025550123',
    '',
    '0',
    '-1',
    '31921',
    'stream-error',
  ),
  fc.constantFrom(`https://${PUBLIC_HOST}${PATHS.dialResult}`, 'https://', '<Say>', 'x'.repeat(3000)),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  ODD_JSON.map((value) => JSON.stringify(value).slice(0, 2000)),
);
const NAMES = [
  'From',
  'To',
  'CallStatus',
  'ParentCallSid',
  'DialCallStatus',
  'DialBridged',
  'DialCallSid',
  'CallDuration',
  'ErrorCode',
  'ErrorUrl',
  'StreamEvent',
  'StreamError',
  'RecordingSid',
  'RecordingUrl',
  'RecordingDuration',
  'RecordingStatus',
  'AnsweredBy',
  'Direction',
  'Unexpected',
];

/** One call is live all the while: at the end the model must still hear its caller. */
describe('random input from Twilio', () => {
  let rig: Rig;

  before(async () => {
    // The caller is silent, and would soon be told goodbye.
    rig = await startRig({
      env: {
        IDLE_PROMPT_SECONDS: '0',
        OUTBOUND_API_TOKENS: 'fuzz-rig-token-0123456789',
        TWILIO_ACCOUNT_SID: ACCOUNT_SID,
        TWILIO_API_URL: 'http://127.0.0.1:1',
      },
    });
    rig.call('+12025550100');
    await until(() => rig.events.some((event) => event.type === 'stream-started'), 'the call that stays live');
  });

  after(async () => {
    try {
      const heardBefore = rig.provider.sessions[0]?.callerBytes ?? 0;
      await until(
        () => (rig.provider.sessions[0]?.callerBytes ?? 0) > heardBefore + 800,
        'the live call is still heard',
      );
    } finally {
      await rig.close();
    }
  });

  test('every webhook with a valid signature is answered with TwiML or a refusal, whatever its fields', () =>
    fuzz(
      fc.record({
        path: fc.constantFrom(...ROUTES),
        callSid: fc.oneof(fc.constantFrom('CAfuzz1', 'CAfuzz2', 'CAfuzz3'), FIELD),
        fields: fc.dictionary(fc.constantFrom(...NAMES), FIELD, { maxKeys: 6 }),
      }),
      async ({ callSid, fields, path }) => {
        const form = { CallSid: callSid, AccountSid: ACCOUNT_SID, ...fields };
        const { body, status } = await post(path, form);
        assert.ok([200, 204, 400].includes(status), `${status} ${body}`);
        if (status === 200) assert.ok('verbs' in parseTwiml(body), body);
      },
      { runs: 150 },
    ));

  test('no sequence of messages on a stream ends anything but that stream', () =>
    fuzz(
      fc.array(mangled(MESSAGES), { maxLength: 12 }),
      async (messages) => {
        const socket = new WebSocket(`${rig.base.replace('http', 'ws')}/twilio/stream`, {
          perMessageDeflate: false,
          headers: { 'X-Twilio-Signature': signStream(AUTH_TOKEN, STREAM_URL, 'exact') },
        });
        const isClosed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
        const pong = new Promise<void>((resolve) => socket.on('pong', () => resolve()));
        socket.on('error', () => undefined);
        await new Promise((resolve) => socket.once('open', resolve));
        for (const message of messages) socket.send(message);
        socket.ping();
        await Promise.race([pong, isClosed]);
        socket.terminate();
        await isClosed;
        assert.doesNotMatch(rig.log(), /caused an error and is lost/);
      },
      { runs: 150 },
    ));

  function post(path: string, form: Readonly<Record<string, string>>): Promise<{ status: number; body: string }> {
    const signature = signWebhook(AUTH_TOKEN, `https://${PUBLIC_HOST}${path}`, form);
    return new Promise((resolve, reject) => {
      const outgoing = request(
        `${rig.base}${path}`,
        {
          method: 'POST',
          headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'X-Twilio-Signature': signature },
        },
        (response) => {
          let body = '';
          response.setEncoding('utf8');
          response.on('data', (data: string) => (body += data));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
        },
      );
      outgoing.on('error', reject);
      outgoing.end(new URLSearchParams(form).toString());
    });
  }
});
