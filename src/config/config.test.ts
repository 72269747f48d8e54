import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { defaultNextSteps } from '../call/transfer/failed-dial-policy.js';
import { VARIABLES, type Variable, exampleEnvironment } from './variables.js';
import { readConfig } from './config.js';
import { isTandemError } from '../base/errors.js';

const SID = `AC${'0123456789abcdef'.repeat(2)}`;
const PEPPER = 'pepper-pepper-pepper';
const TOKEN = '0123456789abcdef'.repeat(2);
const OLD_TOKEN = 'fedcba9876543210'.repeat(2);
const REAL = {
  USE_LOCAL_DYNAMODB: 'false',
  HANDOVER_TOKEN_PEPPER: PEPPER,
  CONNECT_PHONE_NUMBER: '+12065550123',
};

/** Returns the error message for a refused environment. Fails if the environment is accepted. */
function refusal(env: Record<string, string>): string {
  try {
    readConfig(env);
  } catch (error) {
    assert.ok(isTandemError(error) && error.code === 'CONFIG_INVALID', String(error));
    return error.message;
  }
  return assert.fail(`accepted: ${JSON.stringify(env)}`);
}

test('without any setting, everything is embedded and only this machine can call', () => {
  assert.deepEqual(readConfig({}), {
    port: 8000,
    host: '127.0.0.1',
    publicHost: undefined,
    streamHost: undefined,
    keepAliveMs: 75_000,
    metricsPort: undefined,
    logLevel: 'info',
    pipeline: true,
    allowsUnsigned: false,
    voiceProviders: ['local'],
    extensions: [],
    idleMs: 10_000,
    humanDigit: '0',
    escalation: {
      triggers: ['phrase', 'tool', 'keypad', 'misunderstanding', 'anger', 'silence'],
      silenceEndsWith: 'goodbye',
      phrasesFile: undefined,
    },
    assistantPrompt: 'default',
    assistantsFile: undefined,
    maxConcurrentCalls: 0,
    maxSessions: {},
    maxCallMs: 3_600_000,
    maxUnansweredTurns: 20,
    maxLoopDelayMs: 100,
    maxStallMs: 5000,
    drainSeconds: 110,
    twilio: { accountSid: undefined, authTokens: [], sharedKeys: [], phoneNumber: undefined },
    openai: {
      apiKey: undefined,
      baseUrl: 'https://api.openai.com/v1',
      model: 'gpt-realtime-2.1',
      voice: 'marin',
      transcriptionModel: 'gpt-transcribe',
      organization: undefined,
      project: undefined,
      turnDetection: { type: 'server_vad', threshold: 0.5, silenceDurationMs: 500 },
      renewAfterMs: 3_300_000,
    },
    nova: {
      region: 'us-east-1',
      modelId: 'amazon.nova-2-sonic-v1:0',
      voice: 'matthew',
      endpointing: undefined,
      summaryModelId: undefined,
      renewAfterMs: 360_000,
      endpointUrl: undefined,
    },
    local: { sttModel: 'tiny', ttsModel: undefined, ttsBaseUrl: undefined, llmBaseUrl: undefined, llmModel: undefined },
    handover: {
      tableName: 'HandoverTokens',
      embedded: true,
      endpointUrl: undefined,
      region: 'us-east-1',
      ttlSeconds: 600,
      summaryLanguage: 'en',
      callerMatch: true,
      pepper: undefined,
      connectPhoneNumber: '+12065550100',
      queueArn: undefined,
      queueArns: {},
    },
    dial: {
      by: 'twiml',
      restUrl: 'https://api.twilio.com',
      nextSteps: defaultNextSteps,
      checkAvailability: 'off',
      instanceId: undefined,
      connectEndpointUrl: undefined,
    },
    hubspot: undefined,
    isCarrierSimulated: true,
    console: { token: undefined, showsTranscripts: true, hosts: [] },
    journal: undefined,
    traces: undefined,
    emf: undefined,
    tapes: undefined,
    warnings: [],
  });
});

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

test('every setting reaches the configuration', () => {
  const config = readConfig({
    PORT: '0',
    HOST: '[::1]',
    KEEP_ALIVE_SECONDS: '620',
    PUBLIC_HOST: 'voice.example.com:8443',
    LOG_LEVEL: 'debug',
    USE_PIPECAT: 'false',
    VOICE_PROVIDER: 'nova',
    VOICE_FALLBACK: 'openai, local, nova, local',
    EXTENSIONS: './a.js,b',
    IDLE_PROMPT_SECONDS: '0',
    HUMAN_KEY: 'none',
    SILENCE_ENDS_WITH: 'human',
    ESCALATION_TRIGGERS: 'keypad, phrase',
    ESCALATION_PHRASES: './phrases.json',
    OPENAI_API_KEY: 'sk-test',
    OPENAI_BASE_URL: 'http://127.0.0.1:9000/v1/',
    OPENAI_REALTIME_MODEL: 'gpt-realtime-2',
    OPENAI_VOICE: 'cedar',
    OPENAI_TRANSCRIPTION_MODEL: 'gpt-live-transcribe',
    OPENAI_ORGANIZATION: 'org-1',
    OPENAI_PROJECT: 'proj-1',
    OPENAI_VAD_THRESHOLD: '0.75',
    OPENAI_VAD_SILENCE_MS: '700',
    OPENAI_RENEW_AFTER_SECONDS: '60',
    NOVA_REGION: 'eu-north-1',
    NOVA_MODEL_ID: 'amazon.nova-2-5-sonic',
    NOVA_VOICE: 'amy',
    NOVA_ENDPOINTING: 'LOW',
    NOVA_SUMMARY_MODEL_ID: 'eu.amazon.nova-2-lite-v1:0',
    NOVA_RENEW_AFTER_SECONDS: '30',
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME: 'http://127.0.0.1:8791/',
    MAX_CONCURRENT_CALLS: '12',
    MAX_VOICE_SESSIONS: 'nova=20, openai=100',
    DRAIN_SECONDS: '5',
    TWILIO_ACCOUNT_SID: SID,
    TWILIO_AUTH_TOKEN: ` ${TOKEN} , ${OLD_TOKEN},`,
    TWILIO_WEBHOOK_SHARED_KEYS: 'rule-1, rule-2',
    METRICS_PORT: '9100',
    TWILIO_PHONE_NUMBER: '+12065550199',
    LOCAL_STT_MODEL: '/models/base',
    LOCAL_TTS_BASE_URL: 'http://127.0.0.1:8880/v1/',
    LOCAL_LLM_BASE_URL: 'http://127.0.0.1:11434/v1//',
    LOCAL_LLM_MODEL: 'small',
    DYNAMODB_TABLE_NAME: 'Tokens.dev-1',
    USE_LOCAL_DYNAMODB: '0',
    DYNAMODB_ENDPOINT_URL: 'http://localhost:4567/',
    AWS_REGION: 'eu-central-1',
    HANDOVER_TTL_SECONDS: '30',
    HANDOVER_SUMMARY_LANGUAGE: 'de-AT',
    HANDOVER_CALLER_MATCH: 'false',
    HANDOVER_TOKEN_PEPPER: PEPPER,
    CONNECT_PHONE_NUMBER: '+12065550123',
    CONNECT_QUEUE_ARN: 'arn:aws:connect:q',
    CONNECT_QUEUE_ARNS: '{"billing":"arn:aws:connect:b"}',
  });
  assert.equal(config.port, 0);
  assert.equal(config.host, '::1');
  assert.equal(config.keepAliveMs, 620_000);
  assert.equal(config.publicHost, 'voice.example.com:8443');
  assert.equal(config.logLevel, 'debug');
  assert.equal(config.pipeline, false);
  assert.deepEqual(config.voiceProviders, ['nova', 'openai', 'local']);
  assert.deepEqual(config.extensions, ['./a.js', 'b']);
  assert.equal(config.idleMs, 0);
  assert.equal(config.humanDigit, '');
  assert.deepEqual(config.escalation, {
    triggers: ['phrase', 'keypad'],
    silenceEndsWith: 'human',
    phrasesFile: './phrases.json',
  });
  assert.deepEqual(config.openai, {
    apiKey: 'sk-test',
    baseUrl: 'http://127.0.0.1:9000/v1',
    model: 'gpt-realtime-2',
    voice: 'cedar',
    transcriptionModel: 'gpt-live-transcribe',
    organization: 'org-1',
    project: 'proj-1',
    turnDetection: { type: 'server_vad', threshold: 0.75, silenceDurationMs: 700 },
    renewAfterMs: 60_000,
  });
  assert.deepEqual(config.nova, {
    region: 'eu-north-1',
    modelId: 'amazon.nova-2-5-sonic',
    voice: 'amy',
    endpointing: 'LOW',
    summaryModelId: 'eu.amazon.nova-2-lite-v1:0',
    renewAfterMs: 30_000,
    endpointUrl: 'http://127.0.0.1:8791',
  });
  assert.equal(config.maxConcurrentCalls, 12);
  assert.deepEqual(config.maxSessions, { nova: 20, openai: 100 });
  assert.equal(config.drainSeconds, 5);
  assert.deepEqual(config.twilio, {
    accountSid: SID,
    authTokens: [TOKEN, OLD_TOKEN],
    sharedKeys: ['rule-1', 'rule-2'],
    phoneNumber: '+12065550199',
  });
  assert.equal(config.metricsPort, 9100);
  assert.deepEqual(config.local, {
    sttModel: '/models/base',
    ttsModel: undefined,
    ttsBaseUrl: 'http://127.0.0.1:8880/v1',
    llmBaseUrl: 'http://127.0.0.1:11434/v1',
    llmModel: 'small',
  });
  assert.deepEqual(config.handover, {
    tableName: 'Tokens.dev-1',
    embedded: false,
    endpointUrl: 'http://localhost:4567',
    region: 'eu-central-1',
    ttlSeconds: 30,
    summaryLanguage: 'de-AT',
    callerMatch: false,
    pepper: PEPPER,
    connectPhoneNumber: '+12065550123',
    queueArn: 'arn:aws:connect:q',
    queueArns: { billing: 'arn:aws:connect:b' },
  });
  assert.deepEqual(config.warnings, []);
});

test('an invalid value is refused with a message that begins with the name of the variable', () => {
  const bad: [string, string][] = [
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80a'],
    ['PORT', '1e3'],
    ['PUBLIC_HOST', 'https://voice.example.com'],
    ['PUBLIC_HOST', 'voice.example.com/twilio'],
    ['PUBLIC_HOST', 'Voice.example.com'],
    ['STREAM_HOST', 'A.example.com'],
    ['HOST', '127.0.0.1:8000'],
    ['HOST', 'http://127.0.0.1'],
    ['KEEP_ALIVE_SECONDS', '4'],
    ['LOG_LEVEL', 'loud'],
    ['USE_PIPECAT', 'perhaps'],
    ['VOICE_PROVIDER', 'gpt'],
    ['VOICE_FALLBACK', 'gpt'],
    ['IDLE_PROMPT_SECONDS', '-1'],
    ['HUMAN_KEY', '00'],
    ['OPENAI_BASE_URL', 'wss://api.openai.com/v1'],
    ['OPENAI_ORGANIZATION', 'two words'],
    ['OPENAI_VOICE', 'marin # the best'],
    ['NOVA_MODEL_ID', '"amazon.nova-2-sonic-v1:0"'],
    ['OPENAI_TURN_DETECTION', 'vad'],
    ['OPENAI_VAD_THRESHOLD', '1.1'],
    ['OPENAI_VAD_SILENCE_MS', '99'],
    ['OPENAI_VAD_EAGERNESS', 'very'],
    ['OPENAI_RENEW_AFTER_SECONDS', '3501'],
    ['NOVA_REGION', 'Stockholm'],
    ['NOVA_RENEW_AFTER_SECONDS', '441'],
    ['MAX_CONCURRENT_CALLS', '1.5'],
    ['MAX_VOICE_SESSIONS', 'nova'],
    ['MAX_VOICE_SESSIONS', 'nova=0'],
    ['DRAIN_SECONDS', '3601'],
    ['TWILIO_ACCOUNT_SID', 'AC123'],
    ['TWILIO_PHONE_NUMBER', '2065550100'],
    ['ALLOW_UNSIGNED_WEBHOOKS', 'maybe'],
    ['LOCAL_LLM_BASE_URL', 'localhost:11434'],
    ['DYNAMODB_TABLE_NAME', 'a b'],
    ['USE_LOCAL_DYNAMODB', '2'],
    ['DYNAMODB_ENDPOINT_URL', 'ftp://localhost'],
    ['AWS_REGION', 'Frankfurt'],
    ['HANDOVER_TTL_SECONDS', '29'],
    ['HANDOVER_SUMMARY_LANGUAGE', 'German'],
    ['HANDOVER_TTL_SECONDS', '86401'],
    ['CONNECT_PHONE_NUMBER', '+0123456'],
    ['HUBSPOT_API_VERSION', 'v4'],
    ['HUBSPOT_API_VERSION', '2026-3'],
    ['METRICS_PORT', '65536'],
    ['CONNECT_QUEUE_ARN', 'BasicQueue'],
    ['CONNECT_QUEUE_ARNS', 'not json'],
    ['CONNECT_QUEUE_ARNS', '{"billing":"BasicQueue"}'],
    ['CONNECT_QUEUE_ARNS', '{"bills":"arn:aws:connect:b"}'],
    ['CONNECT_QUEUE_ARNS', '{"billing":"arn:aws:connect:b","billing":"arn:aws:connect:c"}'],
  ];
  for (const [name, value] of bad) {
    const message = refusal({ [name]: value });
    assert.ok(message.startsWith(`${name} is ${JSON.stringify(value)}: `), message);
    assert.ok(!message.includes('\n'), message);
  }
});

test('a queue for no reason, a reason that is there twice and a byte-order mark are each named', () => {
  const queues = (text: string): string => refusal({ CONNECT_QUEUE_ARNS: text });
  assert.match(queues('{"bills":"arn:b"}'), /: "bills" is no reason or topic; expected some of requested_human, /);
  assert.match(queues('{"billing":"arn:b","billing":"arn:c"}'), /: "billing" is there twice, expected JSON like/);
  assert.match(refusal({ '\uFEFFPORT': '8000' }), /^PORT has a byte-order mark before its name\./);
});

test('an empty or blank value of a setting counts as unset', () => {
  const blank = Object.fromEntries(
    Object.values(VARIABLES).flatMap((group) => Object.keys(group).map((name, i) => [name, i % 2 === 0 ? '' : '  '])),
  );
  assert.deepEqual(readConfig(blank), readConfig({}));
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

test('no error message shows the value of a secret', () => {
  const secrets = Object.values(VARIABLES).flatMap((group) =>
    Object.entries(group).flatMap(([name, { secret }]) => (secret ? [name] : [])),
  );
  assert.deepEqual(secrets, [
    'TWILIO_AUTH_TOKEN',
    'TWILIO_WEBHOOK_SHARED_KEYS',
    'OPENAI_API_KEY',
    'REDIS_URL',
    'JOURNAL_KEY',
    'HANDOVER_TOKEN_PEPPER',
    'CONSOLE_TOKEN',
    'HUBSPOT_ACCESS_TOKEN',
    'OTEL_EXPORTER_OTLP_HEADERS',
    'OTEL_EXPORTER_OTLP_TRACES_HEADERS',
  ]);
  const message = refusal({ HANDOVER_TOKEN_PEPPER: 'hunter2' });
  assert.match(message, /^HANDOVER_TOKEN_PEPPER has a value that cannot be used: expected at least 16 characters\./);
  assert.ok(!message.includes('hunter2'));
});

test('shared keys need an auth token, because Twilio signs with it what no webhook rule covers', () => {
  const message = refusal({ TWILIO_WEBHOOK_SHARED_KEYS: 'hunter2' });
  assert.match(message, /^TWILIO_WEBHOOK_SHARED_KEYS needs TWILIO_AUTH_TOKEN/);
  assert.ok(!message.includes('hunter2'));
});

test('METRICS_PORT must be another port than PORT', () => {
  assert.match(refusal({ METRICS_PORT: '8000' }), /^METRICS_PORT is the same port as PORT\./);
  assert.equal(readConfig({ PORT: '0', METRICS_PORT: '0' }).metricsPort, 0);
});

test('an error message about one setting shows no secret of another', () => {
  const message = refusal({ TWILIO_AUTH_TOKEN: TOKEN, HANDOVER_TOKEN_PEPPER: PEPPER, PORT: 'x' });
  assert.ok(!message.includes(TOKEN) && !message.includes(PEPPER), message);
});

test('a public address needs signed webhooks, or ALLOW_UNSIGNED_WEBHOOKS, which adds a warning', () => {
  const signed = { TWILIO_AUTH_TOKEN: TOKEN, PUBLIC_HOST: 'voice.example.com', ...REAL };
  assert.equal(readConfig(signed).host, '0.0.0.0');
  for (const host of ['0.0.0.0', '::', '192.168.1.5', 'example.com', '128.0.0.1']) {
    assert.match(refusal({ HOST: host }), /^HOST is a public address/);
    assert.match(refusal({ HOST: host, TWILIO_AUTH_TOKEN: ',' }), /^HOST is a public address/);
    const open = readConfig({ HOST: host, ALLOW_UNSIGNED_WEBHOOKS: 'true' });
    assert.equal(open.warnings.length, 1);
    assert.match(open.warnings[0] ?? '', /not signed/);
    assert.deepEqual(readConfig({ HOST: host, ...signed }).warnings, []);
  }
  for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '::1', '[::1]']) {
    assert.deepEqual(readConfig({ HOST: host }).warnings, []);
  }
});

test('OPENAI_TURN_DETECTION=semantic_vad selects turn detection by what is said, with its eagerness', () => {
  const { openai } = readConfig({ OPENAI_TURN_DETECTION: 'semantic_vad', OPENAI_VAD_EAGERNESS: 'low' });
  assert.deepEqual(openai.turnDetection, { type: 'semantic_vad', eagerness: 'low' });
});

test('a local chat endpoint needs the name of its model', () => {
  assert.match(refusal({ LOCAL_LLM_BASE_URL: 'http://127.0.0.1:1/v1' }), /^LOCAL_LLM_MODEL is required/);
  assert.match(
    refusal({ LOCAL_TTS_MODEL: '/voice', LOCAL_TTS_BASE_URL: 'http://127.0.0.1:1/v1' }),
    /^LOCAL_TTS_BASE_URL cannot be combined/,
  );
});

test('.env.example is up to date, and every setting in it is commented out', () => {
  const text = readFileSync(new URL('../../../.env.example', import.meta.url), 'utf8');
  assert.equal(text, exampleEnvironment());
  for (const group of Object.values(VARIABLES)) {
    for (const name of Object.keys(group)) assert.match(text, new RegExp(`^#${name}=`, 'm'));
  }
  assert.ok(text.split('\n').every((line) => line === '' || line.startsWith('#')));
});

test('.env.example shows the default that the gateway uses for every setting that has one', () => {
  const text = readFileSync(new URL('../../../.env.example', import.meta.url), 'utf8');
  const shown = new Map([...text.matchAll(/^#(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]));
  const settings: [string, Variable][] = Object.values(VARIABLES).flatMap((group) => Object.entries(group));
  assert.deepEqual(
    [...shown.keys()],
    settings.map(([name]) => name),
  );
  const withDefault = settings.filter(([, setting]) => setting.default !== undefined).map(([name]) => name);
  assert.ok(withDefault.length > 35, `${withDefault.length} settings have a default`);
  const environments: Record<string, string>[] = [
    {},
    { OPENAI_TURN_DETECTION: 'semantic_vad' },
    { ENABLE_HUBSPOT: 'true', HUBSPOT_ACCESS_TOKEN: 'pat-na1-1' },
  ];
  for (const env of environments) {
    const unset = readConfig(env);
    for (const name of withDefault) {
      assert.deepEqual(readConfig({ [name]: shown.get(name) ?? '', ...env }), unset, name);
    }
  }
});

test('a provider from an extension may have any name, and the provider openai needs its key wherever it is named', () => {
  assert.deepEqual(readConfig({ VOICE_PROVIDER: 'parrot', EXTENSIONS: './parrot.js' }).voiceProviders, ['parrot']);
  assert.match(refusal({ VOICE_PROVIDER: 'openai' }), /^OPENAI_API_KEY /);
  assert.match(refusal({ VOICE_FALLBACK: 'openai' }), /^OPENAI_API_KEY /);
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

test('calls are traced if there is an endpoint, whose path depends on which setting names it', () => {
  assert.equal(readConfig({}).traces, undefined);
  const traces = readConfig({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/',
    OTEL_EXPORTER_OTLP_HEADERS: 'a=b%20c, d = e',
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'a=f',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    OTEL_TRACES_SAMPLER: 'traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.25',
    OTEL_PROPAGATORS: 'tracecontext,xray',
  }).traces;
  assert.deepEqual(traces, {
    url: 'http://collector:4318/v1/traces',
    headers: { a: 'f', d: 'e' },
    timeoutMs: 10_000,
    compression: 'none',
    serviceName: 'tandem',
    resource: { 'deployment.environment.name': 'test' },
    sampler: 'traceidratio',
    ratio: 0.25,
    propagators: ['tracecontext', 'xray'],
    queue: { maxSpans: 2048, batchSpans: 512, delayMs: 5000 },
  });
  const own = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces.example.com/otlp' };
  assert.equal(readConfig(own).traces?.url, 'https://traces.example.com/otlp');
  assert.equal(readConfig({ ...own, OTEL_SDK_DISABLED: 'true' }).traces, undefined);
});

test('a setting of OpenTelemetry that the gateway cannot follow is named, but only if calls are traced', () => {
  const on = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4317' };
  for (const [name, value] of [
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
    ['OTEL_TRACES_EXPORTER', 'zipkin'],
    ['OTEL_TRACES_SAMPLER', 'xray'],
  ] as const) {
    assert.match(refusal({ ...on, [name]: value }), new RegExp(`^${name} can only be`));
    assert.equal(readConfig({ [name]: value }).traces, undefined);
  }
  assert.match(refusal({ OTEL_EXPORTER_OTLP_HEADERS: 'secret' }), /^OTEL_EXPORTER_OTLP_HEADERS has a value/);
});

test('a namespace of CloudWatch that begins with AWS/ is refused, because it is not for customers', () => {
  assert.match(refusal({ METRICS_EMF_NAMESPACE: 'AWS/Tandem' }), /^METRICS_EMF_NAMESPACE /);
  const { emf } = readConfig({ METRICS_EMF_NAMESPACE: 'Tandem/production' });
  assert.deepEqual(emf, { namespace: 'Tandem/production', everyMs: 60_000 });
});
