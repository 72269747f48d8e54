import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusal } from '../../test/support/refused-config.js';
import { readConfig } from './config.js';

const SID = `AC${'0123456789abcdef'.repeat(2)}`;
const TOKEN = '0123456789abcdef'.repeat(2);

test('the settings of the dial, and of what follows a failed dial, are read and checked', () => {
  const account = { TWILIO_ACCOUNT_SID: SID, TWILIO_AUTH_TOKEN: TOKEN, USE_LOCAL_DYNAMODB: 'true' };
  const { dial } = readConfig({
    ...account,
    HANDOVER_MODE: 'rest',
    TWILIO_API_URL: 'http://127.0.0.1:9/',
    AFTER_FAILED_DIAL: 'voicemail,no_answer=again',
    CONNECT_CHECK_AVAILABILITY: 'staffed',
    CONNECT_INSTANCE_ID: 'i-1',
    AWS_ENDPOINT_URL_CONNECT: 'http://127.0.0.1:10',
  });
  assert.deepEqual(dial, {
    by: 'rest',
    restUrl: 'http://127.0.0.1:9',
    nextSteps: {
      busy: 'voicemail',
      no_answer: 'again',
      failed: 'voicemail',
      dropped: 'voicemail',
      declined: 'voicemail',
      unavailable: 'voicemail',
      closed: 'voicemail',
      exhausted: 'goodbye',
    },
    checkAvailability: 'staffed',
    instanceId: 'i-1',
    connectEndpointUrl: 'http://127.0.0.1:10',
  });
  const refused: [Record<string, string>, RegExp][] = [
    [{ HANDOVER_MODE: 'rest' }, /HANDOVER_MODE .*TWILIO_ACCOUNT_SID/],
    [{ HANDOVER_MODE: 'rest', TWILIO_ACCOUNT_SID: SID }, /HANDOVER_MODE .*TWILIO_AUTH_TOKEN/],
    [{ HANDOVER_MODE: 'both' }, /HANDOVER_MODE/],
    [{ CONNECT_CHECK_AVAILABILITY: 'available' }, /CONNECT_CHECK_AVAILABILITY needs CONNECT_INSTANCE_ID/],
    [{ AFTER_FAILED_DIAL: 'wait' }, /AFTER_FAILED_DIAL .*"wait" is none of assistant, voicemail/],
    [{ AFTER_FAILED_DIAL: 'again' }, /AFTER_FAILED_DIAL .*no_answer=again/],
    [{ AFTER_FAILED_DIAL: 'unavailable=again' }, /unavailable cannot be rung again/],
    [{ AFTER_FAILED_DIAL: 'exhausted=assistant' }, /exhausted cannot go back/],
    [{ AFTER_FAILED_DIAL: 'engaged=voicemail' }, /no outcome "engaged"/],
    [{ AFTER_FAILED_DIAL: 'voicemail,goodbye' }, /one step may stand alone/],
    [{ AFTER_FAILED_DIAL: 'busy=' }, /"" is none of/],
  ];
  for (const [env, message] of refused) assert.throws(() => readConfig(env), message, JSON.stringify(env));
});

test('a person is briefed in a language that the gateway has words for, and never where Connect answers', () => {
  const phone = { HANDOVER_BRIEFING: 'phone', CONNECT_PHONE_NUMBER: '+12065550111' };
  assert.equal(readConfig({}).handover.briefing, 'off');
  assert.equal(readConfig(phone).handover.briefing, 'phone');
  assert.equal(
    readConfig({ HANDOVER_BRIEFING: 'connect', HANDOVER_SUMMARY_LANGUAGE: 'ja' }).handover.briefing,
    'connect',
  );
  assert.match(refusal({ HANDOVER_BRIEFING: 'yes' }), /^HANDOVER_BRIEFING /);
  assert.match(refusal({ HANDOVER_BRIEFING: 'phone' }), /^HANDOVER_BRIEFING .*needs CONNECT_PHONE_NUMBER/);
  assert.match(
    refusal({ ...phone, HANDOVER_SUMMARY_LANGUAGE: 'ja' }),
    /^HANDOVER_SUMMARY_LANGUAGE is ja, .*en, fr, de, it, es, pt, hi/,
  );
  const connect = [
    { CONNECT_INSTANCE_ID: 'i-1' },
    { CONNECT_QUEUE_ARN: 'arn:aws:connect:q' },
    { CONNECT_QUEUE_ARNS: '{"billing":"arn:aws:connect:b"}' },
  ];
  for (const env of connect)
    assert.match(
      refusal({ ...phone, ...env }),
      /^HANDOVER_BRIEFING is phone, and CONNECT_\w+ says that Amazon Connect/,
    );
});

test('what is known before a call is asked of one source, and a URL needs its secret', () => {
  const url = 'https://crm.example.com/calls?team=1';
  const secret = 's'.repeat(16);
  const hubspot = { ENABLE_HUBSPOT: 'true', HUBSPOT_ACCESS_TOKEN: 'pat-na1-1' };
  assert.equal(readConfig({ CALL_CONTEXT_SECRET: secret }).callContext.source, undefined);
  assert.match(refusal({ CALL_CONTEXT_URL: url }), /^CALL_CONTEXT_SECRET is required with CALL_CONTEXT_URL/);
  assert.match(refusal({ CALL_CONTEXT_URL: 'crm.example.com' }), /^CALL_CONTEXT_URL .*expected a URL/);
  assert.match(refusal({ CALL_CONTEXT_URL: 'https://a:b@crm.example.com' }), /without a name and a password/);
  assert.match(refusal({ CALL_CONTEXT_SECRET: 'short' }), /^CALL_CONTEXT_SECRET has a value that cannot be used/);
  assert.match(refusal({ CALL_CONTEXT_HUBSPOT: 'true' }), /^CALL_CONTEXT_HUBSPOT needs ENABLE_HUBSPOT/);
  const given = { CALL_CONTEXT_URL: url, CALL_CONTEXT_SECRET: secret };
  assert.deepEqual(readConfig(given).callContext.source, { from: 'url', url, secret });
  assert.match(refusal({ ...given, ...hubspot, CALL_CONTEXT_HUBSPOT: 'true' }), /cannot be combined/);
  assert.deepEqual(readConfig({ ...hubspot, CALL_CONTEXT_HUBSPOT: 'true' }).callContext.source, { from: 'hubspot' });
});

test('the receiver of call events needs its secret', () => {
  const url = 'https://crm.example.com/call-events';
  const secret = 's'.repeat(16);
  assert.match(refusal({ CALL_EVENTS_URL: url }), /^CALL_EVENTS_SECRET is required with CALL_EVENTS_URL/);
  assert.match(refusal({ CALL_EVENTS_SECRET: 'short' }), /^CALL_EVENTS_SECRET has a value that cannot be used/);
  const given = { CALL_EVENTS_URL: url, CALL_EVENTS_SECRET: secret, CALL_EVENTS_TRANSCRIPT: 'true' };
  const receiver = { url, secret };
  assert.deepEqual(readConfig(given).callEvents, { receiver, withTranscript: true, maxTries: 15 });
});

test('HubSpot is off until ENABLE_HUBSPOT is set, and then needs its access token', () => {
  const key = { HUBSPOT_ACCESS_TOKEN: 'pat-na1-1' };
  assert.match(refusal({ ENABLE_HUBSPOT: 'true' }), /^HUBSPOT_ACCESS_TOKEN is required with ENABLE_HUBSPOT/);
  assert.equal(readConfig(key).hubspot, undefined);
  assert.deepEqual(readConfig({ ENABLE_HUBSPOT: 'true', ...key }).hubspot, {
    accessToken: 'pat-na1-1',
    baseUrl: 'https://api.hubapi.com',
    apiVersion: '2026-03',
    pipeline: '0',
    stage: '1',
  });
  const set = {
    HUBSPOT_BASE_URL: 'http://127.0.0.1:8792/',
    HUBSPOT_API_VERSION: 'v3',
    HUBSPOT_TICKET_PIPELINE: '7',
    HUBSPOT_TICKET_STAGE: '70',
  };
  assert.deepEqual(readConfig({ ENABLE_HUBSPOT: 'true', ...key, ...set }).hubspot, {
    accessToken: 'pat-na1-1',
    baseUrl: 'http://127.0.0.1:8792',
    apiVersion: 'v3',
    pipeline: '7',
    stage: '70',
  });
});

test('the journal is in memory without REDIS_URL, and with it needs a key that no message shows', () => {
  const key = 'ab'.repeat(32);
  assert.equal(readConfig({ JOURNAL_KEY: key }).journal, undefined);
  const { journal } = readConfig({ REDIS_URL: 'redis://:pw@cache/2', JOURNAL_KEY: `${key},${'cd'.repeat(32)}` });
  assert.equal(journal?.redis.kind, 'single');
  assert.deepEqual(
    journal?.keys.map((key) => key.export().toString('hex')),
    [key, 'cd'.repeat(32)],
  );
  assert.ok(!JSON.stringify(journal?.keys).includes(key));
  assert.match(refusal({ REDIS_URL: 'redis://cache' }), /^JOURNAL_KEY is required with REDIS_URL/);
  assert.match(refusal({ REDIS_URL: 'redis://cache', JOURNAL_KEY: 'short' }), /^JOURNAL_KEY has a value that cannot/);
  const wrong = refusal({ REDIS_URL: 'redis://:hunter2@a,b', JOURNAL_KEY: key });
  assert.match(wrong, /^REDIS_URL has a value that cannot be used: names several hosts/);
  assert.ok(!wrong.includes('hunter2'));
});

test('OPENAI_TURN_DETECTION=semantic_vad selects turn detection by what is said, with its eagerness', () => {
  const { openai } = readConfig({ OPENAI_TURN_DETECTION: 'semantic_vad', OPENAI_VAD_EAGERNESS: 'low' });
  assert.deepEqual(openai.turnDetection, { type: 'semantic_vad', eagerness: 'low' });
});

test('the console shows words only if no caller can be real, unless it is told', () => {
  const real = { TWILIO_AUTH_TOKEN: 'secret', USE_LOCAL_DYNAMODB: 'true' };
  const shows = (env: Record<string, string>): boolean => readConfig(env).console.showsTranscripts;
  assert.ok(shows({}));
  assert.ok(shows({ HOST: '::1', PUBLIC_HOST: 'localhost:9000' }));
  assert.ok(!shows(real));
  assert.ok(!shows({ ...real, HOST: '127.0.0.1' }));
  assert.ok(!shows({ PUBLIC_HOST: 'tunnel.example.com' }));
  assert.ok(!shows({ HOST: '0.0.0.0', ALLOW_UNSIGNED_WEBHOOKS: 'true' }));
  assert.ok(!shows({ CONSOLE_TRANSCRIPTS: 'false' }));
  assert.ok(shows({ ...real, CONSOLE_TRANSCRIPTS: 'true' }));
});

test('a console token that a header cannot carry is refused unshown, and a short one is warned of', () => {
  const message = refusal({ CONSOLE_TOKEN: 'two words' });
  assert.match(message, /CONSOLE_TOKEN has a value that cannot be used/);
  assert.ok(!message.includes('two words'));
  assert.match(readConfig({ CONSOLE_TOKEN: 'short' }).warnings.join(), /CONSOLE_TOKEN is short/);
  assert.deepEqual(readConfig({ CONSOLE_TOKEN: 'a-token-of-some-length' }).warnings, []);
});

test('CONSOLE_HOSTS takes host names only', () => {
  assert.deepEqual(readConfig({ CONSOLE_HOSTS: 'a.example, b.example:8443' }).console.hosts, [
    'a.example',
    'b.example:8443',
  ]);
  assert.match(refusal({ CONSOLE_HOSTS: 'https://a.example' }), /CONSOLE_HOSTS/);
});

test('a tape names the settings of the call without secrets, files and what stands before the @ of an address', () => {
  const { tapes } = readConfig({
    TAPE_DIR: '/var/tapes',
    VOICE_PROVIDER: 'openai',
    OPENAI_API_KEY: 'sk-simulated',
    OPENAI_BASE_URL: 'http://name:word@127.0.0.1:8790/v1',
    ASSISTANT_PROMPT: 'sales',
    IDLE_PROMPT_SECONDS: '7',
  });
  assert.deepEqual(tapes, {
    dir: '/var/tapes',
    variables: { VOICE_PROVIDER: 'openai', OPENAI_BASE_URL: 'http://127.0.0.1:8790/v1', IDLE_PROMPT_SECONDS: '7' },
    secrets: { OPENAI_API_KEY: 'sk-simulated' },
  });
});
