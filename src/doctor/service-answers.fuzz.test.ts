import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { AnsweringServer } from '../../test/support/answering-server.js';
import { fuzz } from '../../test/support/fuzz.js';
import { systemClock } from '../base/clock.js';
import { readConfig } from '../config/config.js';
import { ClockWatch } from './clock-watch.js';
import { FINDING_IDS, type Finding } from './finding.js';
import { askHubSpot } from './hubspot.js';
import { askChat } from './local.js';
import { askOpenAi } from './openai.js';
import { askNumber } from './twilio-number.js';

/** Stands in every string of an answer, and must stand in no finding. */
const PRIVATE = 'private words';

const text = fc.oneof(
  fc.constant(PRIVATE),
  fc.constant(`${PRIVATE}\n`),
  fc.string().map((one) => PRIVATE + one),
);
const names = [
  'error',
  'code',
  'message',
  'category',
  'results',
  'id',
  'stages',
  'portalId',
  'choices',
  'incoming_phone_numbers',
  'phone_number',
  'voice_url',
  'voice_fallback_url',
  'trunk_sid',
];
const { body } = fc.letrec((tie) => ({
  body: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.integer(),
    fc.constant(null),
    fc.array(tie('body'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...names), text), tie('body'), { maxKeys: 4 }),
  ),
}));
const answer = fc.record({
  status: fc.constantFrom(200, 201, 204, 301, 400, 401, 403, 404, 429, 500, 503),
  body: fc.oneof(
    body.map((value) => JSON.stringify(value)),
    text,
  ),
});

test('whatever a service answers, the doctor has a finding for it and repeats none of its words', async () => {
  const server = new AnsweringServer();
  const url = await server.listen();
  const config = readConfig({
    OPENAI_API_KEY: 'sk-fuzz',
    OPENAI_BASE_URL: `${url}/v1`,
    ENABLE_HUBSPOT: 'true',
    HUBSPOT_ACCESS_TOKEN: 'pat-fuzz',
    HUBSPOT_BASE_URL: url,
    LOCAL_LLM_BASE_URL: url,
    LOCAL_LLM_MODEL: 'llama',
  });
  try {
    await fuzz(answer, async ({ body: answered, status }) => {
      server.answer = { status, headers: { 'content-type': 'application/json' }, body: answered };
      const common = { clock: systemClock, clocks: new ClockWatch(), signal: AbortSignal.timeout(180_000) };
      const account = { baseUrl: url, accountSid: `AC${'1'.repeat(32)}`, authToken: 'token' };
      assert.ok(config.hubspot !== undefined);
      const asked: Finding[][] = await Promise.all([
        askOpenAi({ settings: config.openai, voices: ['marin'], languages: ['en'], ...common }),
        askHubSpot({ settings: config.hubspot, ...common }),
        askChat({ settings: config.local, isProvider: true, ...common }),
        askNumber({ account, phoneNumber: undefined, publicHost: 'voice.example.com' }),
      ]);
      for (const findings of asked) {
        assert.ok(findings.length > 0);
        for (const { id, text } of findings) {
          assert.ok(FINDING_IDS.includes(id));
          assert.doesNotMatch(text, /private words|\n/);
        }
      }
    });
  } finally {
    await server.close();
  }
});
