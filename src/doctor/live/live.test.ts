import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { WebSocketServer } from 'ws';
import { ConnectApi } from '../../../sim/connect-api/server.js';
import { HubSpotSim } from '../../../sim/hubspot/server.js';
import { SIMULATED_CREDENTIALS, startNovaSim } from '../../../sim/nova/nova-sim.js';
import { startOpenAiSim } from '../../../sim/openai/server.js';
import { Carrier, type CarrierOptions } from '../../../sim/twilio/carrier.js';
import { RestApi } from '../../../sim/twilio/rest.js';
import { freePort } from '../../../test/support/free-port.js';
import { LeakWatch } from '../../../test/support/leaks.js';
import { scaledClock } from '../../../test/support/scaled-clock.js';
import { systemClock } from '../../base/clock.js';
import { readConfig } from '../../config/config.js';
import { doctor } from '../../doctor.js';
import { UsageError } from '../../process/command-line.js';
import { tryEmpty } from './connect.js';
import { headAnswer, tryHead } from './nova.js';
import { tryBeside, tryHints } from './openai.js';
import { QUESTIONS } from './questions.js';
import { tryWebhooks } from './twilio.js';

const KEY = 'sk-the-right-key-0123456789';
const TOKEN = '0123456789abcdef0123456789abcdef';
const ACCOUNT_SID = `AC${'7'.repeat(32)}`;
const NUMBER = '+12065550199';
const HOST = 'voice.example.com';
/** So that nobody waits for the 13 s in which Twilio may ask again. */
const SPEED = 20;

const signal = (): AbortSignal => AbortSignal.timeout(30_000);

/** A simulated Twilio whose requests arrive at `port`. */
async function withTwilio(
  options: Partial<CarrierOptions>,
  body: (api: { url: string; port: number }) => Promise<void>,
): Promise<void> {
  const port = await freePort();
  const resolve = (): string => `http://127.0.0.1:${port}`;
  const carrier = new Carrier({ accountSid: ACCOUNT_SID, authToken: TOKEN, resolve, ...options });
  const rest = new RestApi(carrier, { numbers: [{ phoneNumber: NUMBER }] });
  try {
    await body({ url: await rest.start(), port });
  } finally {
    await rest.close();
    carrier.close();
  }
}

const twilioQuestion = (url: string, port: number) => ({
  account: { baseUrl: url, accountSid: ACCOUNT_SID, authToken: TOKEN },
  from: NUMBER,
  publicHost: HOST,
  listen: { host: '127.0.0.1', port },
  signingKeys: [TOKEN],
  clock: scaledClock(SPEED),
  signal: signal(),
});

describe("the doctor's questions to live accounts", () => {
  for (const [how, carrier, expected] of [
    ['without the fragment', {}, { bare: true, with_fragment: false, algorithm: 'sha1' }],
    ['with the fragment', { signsFragment: true }, { bare: false, with_fragment: true, algorithm: 'sha1' }],
  ] as const) {
    test(`the doctor finds out that Twilio signs ${how}, and how soon it asks again`, async () => {
      await withTwilio(carrier, async ({ port, url }) => {
        const { fragment, retries } = await tryWebhooks(twilioQuestion(url, port));
        assert.equal(fragment.status, 'answered');
        assert.deepEqual(fragment.seen, expected);
        assert.equal(retries.status, 'answered', retries.text);
        assert.equal(retries.seen?.['after_broken_connection_ms'], 'not again', 'as the simulated Twilio has it');
        assert.equal(typeof retries.seen['after_503_ms'], 'number');
      });
    });
  }

  test('a wrong key, a busy port and a missing number are said instead of an answer of Twilio', async () => {
    await withTwilio({ authToken: 'another-auth-token' }, async ({ port, url }) => {
      const { fragment, retries } = await tryWebhooks(twilioQuestion(url, port));
      assert.match(fragment.text, /HTTP 401, 20003/);
      assert.equal(retries.status, 'unclear');
    });
    await withTwilio({}, async ({ url }) => {
      const busy = createServer().listen(0, '127.0.0.1');
      await once(busy, 'listening');
      try {
        const { port } = busy.address() as AddressInfo;
        const { fragment } = await tryWebhooks(twilioQuestion(url, port));
        assert.equal(fragment.status, 'not-asked');
        assert.match(fragment.text, /EADDRINUSE.*Stop the gateway/);
      } finally {
        busy.close();
      }
      const { fragment } = await tryWebhooks({ ...twilioQuestion(url, 0), from: undefined });
      assert.match(fragment.text, /TWILIO_PHONE_NUMBER/);
    });
  });

  test('the doctor finds out whether OpenAI takes a response beside another one, and both hints', async () => {
    const sim = await startOpenAiSim({ apiKeys: [KEY] });
    try {
      const { openai } = readConfig({ OPENAI_API_KEY: KEY, OPENAI_BASE_URL: sim.url });
      const beside = await tryBeside(openai, signal());
      assert.deepEqual([beside.status, beside.seen], ['answered', { while_in_progress: true, metadata_echoed: true }]);
      const hints = await tryHints(openai, signal());
      assert.deepEqual(
        [hints.status, hints.seen],
        ['answered', { model: 'gpt-transcribe', language: 'taken', languages: 'taken' }],
      );
      const wrong = { ...openai, apiKey: 'sk-another-key' };
      assert.match((await tryBeside(wrong, signal())).text, /HTTP 401/);
    } finally {
      await sim.close();
    }
  });

  test('a refused hint and a refused response are answers with their codes, without the words of the service', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    const error = (code: string, param: string | null) => ({
      type: 'error',
      error: { code, param, message: 'private' },
    });
    server.on('connection', (socket) => {
      let updates = 0;
      let responses = 0;
      socket.send(JSON.stringify({ type: 'session.created' }));
      socket.on('message', (data: Buffer) => {
        const { type } = JSON.parse(data.toString()) as { type: string };
        const answer =
          type === 'session.update'
            ? ++updates === 2
              ? error('unknown_parameter', 'session.audio.input.transcription.language')
              : { type: 'session.updated' }
            : ++responses === 1
              ? { type: 'response.created', response: { id: 'resp_1' } }
              : error('conversation_already_has_active_response', null);
        socket.send(JSON.stringify(answer));
      });
    });
    try {
      const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
      const { openai } = readConfig({ OPENAI_API_KEY: KEY, OPENAI_BASE_URL: baseUrl });
      const hints = await tryHints(openai, signal());
      assert.equal(
        hints.text,
        'With gpt-transcribe language is refused (unknown_parameter, session.audio.input.transcription.language), and languages is taken.',
      );
      const beside = await tryBeside(openai, signal());
      assert.deepEqual(
        [beside.status, beside.text],
        ['answered', 'It is refused (conversation_already_has_active_response).'],
      );
    } finally {
      for (const client of server.clients) client.terminate();
      server.close();
    }
  });

  test("the doctor finds out when the head of Nova's response comes", async () => {
    const sim = await startNovaSim();
    try {
      const { nova: settings } = readConfig({ AWS_ENDPOINT_URL_BEDROCK_RUNTIME: sim.url });
      const question = { settings, clock: systemClock, signal: signal(), credentials: SIMULATED_CREDENTIALS };
      const answer = await tryHead(question);
      assert.equal(answer.status, 'answered', answer.text);
      assert.match(answer.text, /^The head comes at once/);
    } finally {
      await sim.close();
    }
    const late = { headMs: 4000, outputMs: 4001, askedMs: 3200, speechMs: 4100, date: undefined, error: undefined };
    assert.match(headAnswer(late).text, /^The head comes with the first output, 801 ms after/);
    assert.equal(headAnswer({ ...late, headMs: undefined, error: new Error('private words') }).status, 'unclear');
  });

  test("the doctor notes Connect's empty answer when there is one", async () => {
    const api = new ConnectApi({ instanceId: 'instance' });
    const queue = 'arn:aws:connect:us-east-1:123456789012:instance/instance/queue/general';
    try {
      const env = { CONNECT_INSTANCE_ID: 'instance', AWS_ENDPOINT_URL_CONNECT: await api.start() };
      const { dial } = readConfig(env);
      const question = { dial, region: 'us-east-1', localCredentials: true, queues: [queue], clock: systemClock };
      assert.deepEqual((await tryEmpty(question)).seen, { staffed: 'empty', available: 'empty' });
      api.queues.set(queue, { AGENTS_STAFFED: 2, AGENTS_AVAILABLE: 0 });
      const filled = await tryEmpty(question);
      assert.deepEqual([filled.status, filled.seen], ['unclear', { staffed: 2, available: 0 }]);
    } finally {
      await api.close();
    }
  });
});

test('npm run doctor -- --live answers what it can, says how to see the rest, and writes no secret into its file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-doctor-'));
  const file = join(folder, 'answers.json');
  const openai = await startOpenAiSim({ apiKeys: [KEY] });
  const hubspot = await new HubSpotSim({ keys: ['pat-na1-the-right-key'] }).start();
  try {
    await withTwilio({}, async ({ port, url }) => {
      const env = {
        VOICE_PROVIDER: 'openai',
        OPENAI_API_KEY: KEY,
        OPENAI_BASE_URL: openai.url,
        ENABLE_HUBSPOT: 'true',
        HUBSPOT_ACCESS_TOKEN: 'pat-na1-the-right-key',
        HUBSPOT_BASE_URL: hubspot.url,
        USE_LOCAL_DYNAMODB: 'true',
        TWILIO_ACCOUNT_SID: ACCOUNT_SID,
        TWILIO_AUTH_TOKEN: TOKEN,
        TWILIO_PHONE_NUMBER: NUMBER,
        TWILIO_API_URL: url,
        PUBLIC_HOST: HOST,
        HOST: '127.0.0.1',
        PORT: String(port),
      };
      const written: string[] = [];
      const write = (line: string) => written.push(line);
      const values = { json: false, live: true, answers: file };
      const code = await doctor(values, { env, checks: [], write, clock: scaledClock(SPEED) });
      assert.equal(code, 0);
      const text = readFileSync(file, 'utf8');
      const leaks = new LeakWatch();
      leaks.settings(env);
      leaks.number(NUMBER);
      leaks.secret(ACCOUNT_SID);
      leaks.wrote('the file', text);
      leaks.wrote('the report', written.join('\n'));
      leaks.check();
      const { answers } = JSON.parse(text) as { answers: { id: string; status: string; text: string }[] };
      assert.deepEqual(
        answers.map(({ id }) => id),
        Object.keys(QUESTIONS),
      );
      const answered = answers.filter(({ status }) => status === 'answered').map(({ id }) => id);
      assert.deepEqual(answered, ['twilio-fragment', 'twilio-retries', 'openai-hint', 'openai-beside', 'hubspot-key']);
      assert.ok(answers.every(({ text }) => text !== ''));
      assert.match(answers.find(({ id }) => id === 'twilio-fallback')?.text ?? '', /Stop every gateway/);
      assert.match(answers.find(({ id }) => id === 'nova-head')?.text ?? '', /do not name the service/);
    });
  } finally {
    await openai.close();
    await hubspot.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('an answers file that cannot be written is said, and nothing is asked of live accounts with invalid settings', async () => {
  const written: string[] = [];
  const write = (line: string) => written.push(line);
  const values = { json: false, live: true, answers: '/nowhere/answers.json' };
  assert.equal(await doctor(values, { env: { VOICE_PROVIDER: 'none-such' }, checks: [], write }), 1);
  assert.equal(written.length, 1);
  await assert.rejects(doctor(values, { env: {}, checks: [], write }), (error: Error) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, /\/nowhere\/answers\.json \(ENOENT\).*--answers/);
    return true;
  });
});

test('the questions to live accounts are those of the roadmap, in its order', () => {
  const roadmap = readFileSync('docs/project/roadmap.md', 'utf8');
  const section = /^## To confirm against the real services$(.*?)^## /ms.exec(roadmap)?.[1] ?? '';
  const items = section.match(/^- .*(?:\n {2}.*)*/gm) ?? [];
  const asked = items.map((item) => item.slice(2).replaceAll(/\s+/g, ' ').replace(/[;.]$/, ''));
  assert.deepEqual(
    asked,
    Object.values(QUESTIONS).map(({ text }) => text),
  );
});
