import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusal } from '../../test/support/refused-config.js';
import { defaultNextSteps } from '../call/transfer/failed-dial-policy.js';
import { readConfig } from './config.js';
import { VARIABLES } from './variables.js';

const SID = `AC${'0123456789abcdef'.repeat(2)}`;
const PEPPER = 'pepper-pepper-pepper';
const TOKEN = '0123456789abcdef'.repeat(2);
const OLD_TOKEN = 'fedcba9876543210'.repeat(2);
const REAL = {
  USE_LOCAL_DYNAMODB: 'false',
  HANDOVER_TOKEN_PEPPER: PEPPER,
  CONNECT_PHONE_NUMBER: '+12065550123',
};

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
    mcpServersFile: undefined,
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
    openaiLive: { model: 'gpt-live-1', backendModel: 'gpt-5.6-luna', voice: 'marin', renewAfterMs: 6_600_000 },
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
      briefing: 'off',
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
    callContext: { limitMs: 1000, source: undefined },
    callEvents: { receiver: undefined, withTranscript: false, maxTries: 15 },
    outbound: undefined,
    passesSecretAudio: false,
    recording: { mode: 'off', atHandover: 'stop', pauseBehavior: 'silence', onFailure: 'continue' },
    isCarrierSimulated: true,
    console: { token: undefined, showsTranscripts: true, hosts: [] },
    journal: undefined,
    traces: undefined,
    emf: undefined,
    tapes: undefined,
    warnings: [],
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
    MCP_SERVERS: 'mcp.json',
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
    HANDOVER_BRIEFING: 'connect',
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
  assert.equal(config.mcpServersFile, 'mcp.json');
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
    briefing: 'connect',
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

test('no error message shows the value of a secret', () => {
  const secrets = Object.values(VARIABLES).flatMap((group) =>
    Object.entries(group).flatMap(([name, { secret }]) => (secret ? [name] : [])),
  );
  assert.deepEqual(secrets, [
    'TWILIO_AUTH_TOKEN',
    'TWILIO_WEBHOOK_SHARED_KEYS',
    'OUTBOUND_API_TOKENS',
    'OUTBOUND_LIST_PEPPER',
    'OPENAI_API_KEY',
    'REDIS_URL',
    'JOURNAL_KEY',
    'HANDOVER_TOKEN_PEPPER',
    'CONSOLE_TOKEN',
    'HUBSPOT_ACCESS_TOKEN',
    'CALL_CONTEXT_SECRET',
    'CALL_EVENTS_SECRET',
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

test('a local chat endpoint needs the name of its model', () => {
  assert.match(refusal({ LOCAL_LLM_BASE_URL: 'http://127.0.0.1:1/v1' }), /^LOCAL_LLM_MODEL is required/);
  assert.match(
    refusal({ LOCAL_TTS_MODEL: '/voice', LOCAL_TTS_BASE_URL: 'http://127.0.0.1:1/v1' }),
    /^LOCAL_TTS_BASE_URL cannot be combined/,
  );
});

test('a provider from an extension may have any name, and the providers of OpenAI need their key wherever they are named', () => {
  assert.deepEqual(readConfig({ VOICE_PROVIDER: 'parrot', EXTENSIONS: './parrot.js' }).voiceProviders, ['parrot']);
  assert.match(refusal({ VOICE_PROVIDER: 'openai' }), /^OPENAI_API_KEY /);
  assert.match(refusal({ VOICE_FALLBACK: 'openai' }), /^OPENAI_API_KEY /);
  assert.match(refusal({ VOICE_FALLBACK: 'openai-live' }), /^OPENAI_API_KEY .* names openai-live/);
});
