import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { FAKE_HOST, FAKE_TOKEN, FakeGateway, type FakeStream } from '../test/support/fake-gateway.js';
import { selfSigned } from '../test/support/self-signed.js';
import { writeWav } from '../src/audio/wav.js';

interface Run {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the command as a user does, from the build of this test. */
function callCommand(args: readonly string[], env: Record<string, string> = {}): Promise<Run> {
  const { TWILIO_AUTH_TOKEN: _token, ...inherited } = process.env;
  const child = spawn(process.execPath, [new URL('call.js', import.meta.url).pathname, ...args], {
    env: { ...inherited, ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (part: Buffer) => (stdout += part.toString()));
  child.stderr.on('data', (part: Buffer) => (stderr += part.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}

/** Greets the caller, answers once, and closes the stream when the answer was played. */
function talk(stream: FakeStream): void {
  let hasAnswered = false;
  const isSpoken = ({ media }: { media: { payload: string } }): boolean => /[^/w=]/.test(media.payload);
  stream.socket.on('message', () => {
    if (stream.of('mark').length > 0) stream.socket.close();
    else if (stream.messages.at(-1)?.event === 'start') stream.play(500);
    else if (!hasAnswered && stream.of('media').filter(isSpoken).length >= 10) {
      hasAnswered = true;
      stream.play(500);
      stream.mark('answered');
    }
  });
}

describe('the call command', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-call-'));
  const wav = join(folder, 'hello.wav');
  before(() => writeFileSync(wav, writeWav([new Int16Array(1600).fill(8000)], 8000)));
  after(() => rmSync(folder, { recursive: true }));

  /** Runs `body` with a gateway that accepts calls at `/twilio/voice`, answers the caller once and hangs up. */
  async function withGateway(
    { tls }: { tls?: { key: string; cert: string } },
    body: (gateway: FakeGateway) => Promise<void>,
  ): Promise<void> {
    const gateway = await new FakeGateway(tls).start();
    gateway.answers.set(
      '/health',
      (_request, response) => void response.end(JSON.stringify({ public_host: FAKE_HOST })),
    );
    gateway.say('/twilio/voice', `<Connect action="/done"><Stream url="wss://${FAKE_HOST}/stream"/></Connect>`);
    gateway.say('/done', '<Hangup/>');
    gateway.onUpgrade = (...upgrade) => {
      gateway.accept(...upgrade);
      talk(gateway.stream);
    };
    try {
      await body(gateway);
    } finally {
      await gateway.close();
    }
  }

  test('the call command places a call over TLS and prints its result as one JSON object and nothing else', async () => {
    const tls = selfSigned('127.0.0.1');
    const authority = join(folder, 'authority.pem');
    writeFileSync(authority, tls.cert);
    await withGateway({ tls }, async (gateway) => {
      const run = await callCommand(['--wav', wav, '--gateway', gateway.base, '--json'], {
        TWILIO_AUTH_TOKEN: FAKE_TOKEN,
        NODE_EXTRA_CA_CERTS: authority,
      });
      assert.deepEqual([run.code, run.stderr], [0, '']);
      assert.match(run.stdout, /^\{.*\}\n$/);
      const { call_sid: callSid, ended } = JSON.parse(run.stdout) as Record<string, unknown>;
      assert.deepEqual([ended, gateway.of('/twilio/voice')[0]?.form.get('CallSid')], ['gateway-hung-up', callSid]);
    });
  });

  test('the call command exits with 1 and a hint when the gateway refuses the call', async () => {
    await withGateway({}, async (gateway) => {
      gateway.answers.set('/twilio/voice', (_request, response) => void response.writeHead(403).end());
      const run = await callCommand(['--wav', wav, '--gateway', gateway.base], { TWILIO_AUTH_TOKEN: FAKE_TOKEN });
      assert.equal(run.code, 1);
      assert.match(run.stderr, /^Hint: .*TWILIO_AUTH_TOKEN.*\n$/);
      assert.match(run.stdout, /problem 11200: HTTP 403/);
    });
  });

  test('the call command does not trust an unknown certificate, and says how to trust it', async () => {
    await withGateway({ tls: selfSigned('127.0.0.1') }, async (gateway) => {
      const run = await callCommand(['--wav', wav, '--gateway', gateway.base]);
      assert.deepEqual([run.code, run.stdout], [2, '']);
      assert.match(run.stderr, /certificate .* not trusted .*NODE_EXTRA_CA_CERTS/);
    });
  });

  for (const [what, args, message] of [
    [
      'an unknown option',
      ['--shout', 'x'],
      /^--shout is not an option of this command: "npm run call -- --help" .*\n$/,
    ],
    ['words outside options', ['hello'], /^The command cannot use "hello".*npm run call -- --help.*\n$/],
    ['a gateway that is not a URL', ['--gateway', 'here'], /^--gateway here is not a URL/],
    ['a webhook that is not https', ['--voice-url', 'http://h/v'], /^--voice-url .* https/],
    ['keys that do not exist', ['--press', 'x'], /^--press x: keys/],
    ['a limit that is not a number', ['--limit', 'soon'], /^--limit soon/],
  ] as const) {
    test(`the call command exits with 2 when it gets ${what}`, async () => {
      const run = await callCommand(args);
      assert.deepEqual([run.code, run.stdout], [2, '']);
      assert.match(run.stderr, message);
    });
  }

  test('the call command exits with 2 if no gateway answers', async () => {
    const gateway = await new FakeGateway().start();
    const { base } = gateway;
    await gateway.close();
    const run = await callCommand(['--wav', wav, '--gateway', base]);
    assert.equal(run.code, 2);
    assert.match(run.stderr, /^No gateway answers at .*npm start/);
  });

  test('the call command exits with 2 if a recording cannot be read or written', async () => {
    await withGateway({}, async (gateway) => {
      const missing = await callCommand(['--wav', join(folder, 'missing.wav'), '--gateway', gateway.base]);
      assert.equal(missing.code, 2);
      assert.match(missing.stderr, /^--wav .* cannot be used/);
      const nowhere = await callCommand([
        '--wav',
        wav,
        '--gateway',
        gateway.base,
        '--record',
        join(folder, 'no/x.wav'),
      ]);
      assert.equal(nowhere.code, 2);
      assert.match(nowhere.stderr, /^--record .* cannot be written/);
      assert.deepEqual(gateway.of('/twilio/voice'), []);
    });
  });

  test('the call command explains its options with --help', async () => {
    const run = await callCommand(['--help']);
    assert.equal(run.code, 0);
    for (const option of [
      '--say',
      '--wav',
      '--interrupt',
      '--press',
      '--gateway',
      '--public-host',
      '--voice-url',
      '--json',
    ])
      assert.ok(run.stdout.includes(option), option);
  });
});
