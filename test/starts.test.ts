import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DynamoDbStore } from '../src/handover/dynamodb-store.js';
import { startEmbeddedDynamoDb } from '../src/handover/embedded-dynamodb.js';
import { within } from './support/deadline.js';
import { DynamoDbFront, ttlAnswer } from './support/dynamodb-front.js';

const folder = mkdtempSync(join(tmpdir(), 'tandem-starts-'));
after(() => rmSync(folder, { recursive: true }));

/** A provider without an account, so that a start loads no speech engine for the assistant. */
const QUICK = {
  EXTENSIONS: fileURLToPath(new URL('./support/cluster-voice.js', import.meta.url)),
  VOICE_PROVIDER: 'scripted',
};

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Starts the built file of a command in a folder with the settings of `dotEnv`. */
function start(file: string, args: readonly string[], dotEnv: string, env: Record<string, string> = {}): ChildProcess {
  const cwd = mkdtempSync(join(folder, 'run-'));
  writeFileSync(join(cwd, '.env'), dotEnv);
  return spawn(
    process.execPath,
    ['--expose-gc', fileURLToPath(new URL(file, new URL('../', import.meta.url))), ...args],
    {
      cwd,
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
}

/** Resolves when a process has ended by itself. */
async function ended(child: ChildProcess): Promise<Ended> {
  const { stderr, stdout } = outputOf(child);
  const [code] = (await within(once(child, 'close'), 'the end of a command')) as [number | null];
  return { code, stdout: stdout(), stderr: stderr() };
}

function outputOf(child: ChildProcess): { stdout: () => string; stderr: () => string } {
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr?.on('data', (data: Buffer) => (stderr += data.toString()));
  return { stdout: () => stdout, stderr: () => stderr };
}

const linesOf = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('the settings file', () => {
  test('the gateway starts with the settings of .env, the environment wins, and one line says what was read', async () => {
    const dotEnv = `# mine\r\nPORT=1\r\nCONNECT_PHONE_NUMBER="+12065550123" # Connect\r\nHANDOVER_TOKEN_PEPPER='hunter2-hunter2-hunter2'\r\n`;
    const child = start('src/main.js', [], dotEnv, { ...QUICK, PORT: '0' });
    const { stderr, stdout } = outputOf(child);
    try {
      const url = await within(
        new Promise<string>((resolve, reject) => {
          child.stderr?.on('data', () => {
            const found = /"url":"([^"]+)"/.exec(stderr())?.[1];
            if (found !== undefined) resolve(found);
          });
          child.once('exit', () => reject(new Error(stderr())));
        }),
        'the gateway listens',
      );
      const health = (await (await fetch(`${url}/health`)).json()) as { embedded: Record<string, unknown> };
      assert.equal(health.embedded['connect_phone_number'], '+12065550123');
      const [read] = linesOf(stderr());
      assert.deepEqual(read?.['names'], ['CONNECT_PHONE_NUMBER', 'HANDOVER_TOKEN_PEPPER']);
      assert.match(String(read?.['notice']), /^\.env was read: .*The environment has its own PORT, which counts\.$/);
      assert.ok(!(stderr() + stdout()).includes('hunter2'));
    } finally {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
  });

  for (const [file, args, dotEnv, code] of [
    ['src/main.js', [], 'PORT=port', 1],
    ['src/cluster.js', ['2'], 'PORT=port', 1],
    ['src/doctor.js', [], 'PORT=port', 1],
    ['sim/demo.js', [], 'LOG_LEVEL=loud', 1],
    ['sim/call.js', ['--gateway', 'http://127.0.0.1:1', '--press', '0'], 'TWILIO_AUTH_TOKEN=x', 2],
    ['sim/openai/main.js', ['--port', 'x'], 'OPENAI_API_KEY=x', 2],
    ['sim/nova/main.js', ['--port', 'x'], 'NOVA_REGION=x', 2],
    ['sim/hubspot/main.js', ['--index-delay-ms', 'x'], 'HUBSPOT_ACCESS_TOKEN=x', 2],
    ['evals/main.js', [], 'EVALS_MODEL=x', 0],
    ['chaos/main.js', ['--language', 'x'], 'LOG_LEVEL=info', 2],
    ['bench/run.js', ['nothing'], 'BENCH_NODE_FLAGS=x', 2],
    ['bench/load.js', ['--calls', '0'], 'BENCH_NODE_FLAGS=x', 2],
  ] as const) {
    test(`${file} reads .env in its working directory`, async () => {
      const run = await ended(start(file, args, `${dotEnv}\n`));
      const [name = ''] = dotEnv.split('=');
      assert.ok(run.stderr.includes(`.env was read: ${name}.`), run.stderr);
      assert.ok(!run.stdout.includes('was read'), run.stdout);
      assert.equal(run.code, code, run.stderr);
    });
  }
});

describe('a start that fails', { concurrency: 2 }, () => {
  /** Resolves with the one sentence about a start that failed. */
  async function sentence(env: Record<string, string>, file = 'src/main.js', args: string[] = []): Promise<string> {
    const run = await ended(
      start(file, args, '', { ENV_FILE: 'none', PORT: '0', LOG_LEVEL: 'error', ...QUICK, ...env }),
    );
    assert.equal(run.code, 1, run.stderr);
    const lines = linesOf(run.stderr).filter(({ level }) => level === 'fatal');
    assert.equal(lines.length, 1, run.stderr);
    if (file === 'src/main.js') assert.equal(run.stdout, '');
    assert.doesNotMatch(run.stderr, /\bat .*\.js:\d/, 'a stack');
    for (const [name, value] of Object.entries(env)) {
      if (/TOKEN|KEY|PEPPER/.test(name)) assert.ok(!run.stderr.includes(value), 'a secret');
    }
    const { code, msg, notice } = lines[0] ?? {};
    assert.deepEqual([code === 'CONFIG_INVALID' || code === 'PORT_IN_USE', msg], [true, 'the start has failed']);
    return String(notice);
  }

  for (const [what, env, expected] of [
    [
      'a HOST of another machine',
      { HOST: '203.0.113.7', ALLOW_UNSIGNED_WEBHOOKS: 'true' },
      /^HOST is "203\.0\.113\.7": this machine has no such address\./,
    ],
    [
      'an unknown HOST',
      { HOST: 'nowhere.invalid', ALLOW_UNSIGNED_WEBHOOKS: 'true' },
      /^HOST is "nowhere\.invalid": the name leads to no address/,
    ],
    [
      'a HOST with a port',
      { HOST: '127.0.0.1:8000' },
      /^HOST is "127\.0\.0\.1:8000": expected an IP address or a host name/,
    ],
    [
      'quotation marks in a secret',
      { OPENAI_API_KEY: '"sk-hunter2"' },
      /^OPENAI_API_KEY has a value that cannot be used: the quotation marks/,
    ],
    [
      'a Twilio token and no word about the table',
      { TWILIO_AUTH_TOKEN: '0123456789abcdef0123456789abcdef' },
      /^USE_LOCAL_DYNAMODB is not set/,
    ],
    [
      'a settings file that is missing',
      { ENV_FILE: 'missing.env' },
      /^ENV_FILE is missing\.env, which cannot be read \(ENOENT\)/,
    ],
  ] as const) {
    test(`a start with ${what} ends with one sentence that names the variable`, async () => {
      assert.match(await sentence(env), expected);
    });
  }

  test('a start on a port in use ends with one sentence that names PORT, and so does one of a cluster', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => {
      taken.listen(0, '127.0.0.1', resolve);
    });
    try {
      const PORT = String((taken.address() as AddressInfo).port);
      assert.match(await sentence({ PORT }), new RegExp(`^Port ${PORT} on 127\\.0\\.0\\.1 is in use\\. .*PORT`));
      assert.match(await sentence({ PORT }, 'src/cluster.js', ['1']), /is in use\. .*PORT/);
    } finally {
      await new Promise((resolve) => taken.close(resolve));
    }
  });
});

test('the warnings of the configuration are JSON lines when the output is no terminal', async () => {
  const child = start('src/main.js', [], '', { ENV_FILE: 'none', PORT: '0', PUBLIC_HOST: 'abc.ngrok.app', ...QUICK });
  const { stderr } = outputOf(child);
  try {
    await within(
      new Promise<void>((resolve) => {
        child.stderr?.on('data', () => {
          if (stderr().includes('"level":"warn"')) resolve();
        });
      }),
      'a warning',
    );
    const warnings = linesOf(stderr()).filter(({ level }) => level === 'warn');
    assert.deepEqual(
      warnings.map(({ msg }) => msg),
      ['the operator should know'],
    );
    assert.match(String(warnings[0]?.['notice']), /^PUBLIC_HOST is abc\.ngrok\.app, a public name/);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
});

test('a gateway on a table that keeps expired records warns of it in its log', async () => {
  const store = await startEmbeddedDynamoDb();
  const front = await new DynamoDbFront(store.endpointUrl).start();
  const records = new DynamoDbStore({
    tableName: 'Tokens',
    region: 'us-east-1',
    endpointUrl: store.endpointUrl,
    localCredentials: true,
  });
  await records.createTable();
  const env = {
    ENV_FILE: 'none',
    PORT: '0',
    DYNAMODB_TABLE_NAME: 'Tokens',
    DYNAMODB_ENDPOINT_URL: front.url,
    HANDOVER_TOKEN_PEPPER: 'a-pepper-of-this-test',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    ...QUICK,
  };
  try {
    for (const [status, warnings] of [
      ['DISABLED', 1],
      ['ENABLED', 0],
    ] as const) {
      front.changed = ttlAnswer(status);
      const child = start('src/main.js', [], '', env);
      const { stderr, stdout } = outputOf(child);
      try {
        await within(
          new Promise<void>((resolve, reject) => {
            child.stdout?.on('data', () => {
              if (stdout().includes('"listening"')) resolve();
            });
            child.once('exit', () => reject(new Error(stderr())));
          }),
          'the gateway listens',
        );
        const told = linesOf(stdout()).filter(({ msg }) => String(msg).startsWith('the table keeps expired records'));
        assert.equal(told.length, warnings, stdout());
      } finally {
        child.kill('SIGKILL');
        await once(child, 'close');
      }
    }
  } finally {
    await records.close();
    await front.close();
    await store.close();
  }
});
