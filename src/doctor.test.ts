import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SIMULATED_CREDENTIALS, startNovaSim } from '../sim/nova/nova-sim.js';
import { examine, idsOf } from '../test/support/examine.js';
import { FakeClock } from '../test/support/fake-clock.js';
import { FINDING_IDS, fine } from './doctor/finding.js';
import { doctor } from './doctor.js';

/** Leaves out the embedded voice, because loading its models is tested with the local provider. */
const WITHOUT_SPEECH = [
  'assistants',
  'OpenAI',
  'Nova',
  'handover store',
  'token pepper',
  'Connect number',
  'Connect agents',
  'Redis',
  'HubSpot',
  'Twilio signature',
  'Twilio number',
  'public host',
  'metrics',
];

const REAL = {
  USE_LOCAL_DYNAMODB: 'false',
  CONNECT_PHONE_NUMBER: '+12065550123',
  TWILIO_AUTH_TOKEN: '0123456789abcdef0123456789abcdef',
  HANDOVER_TOKEN_PEPPER: '6f1ed002ab5595859014ebf0951522d9ac35f9e0b1f2a87c',
};

test('the doctor finds no fault in local mode without any configuration', async () => {
  const { code, findings, only } = await examine({}, WITHOUT_SPEECH);
  assert.equal(code, 0);
  assert.match(only('table-ready').text, /^Embedded/);
  assert.equal(only('pepper').result, 'advice');
  assert.deepEqual(
    findings.map(({ service }) => service),
    [
      'configuration',
      'assistants',
      'handover store',
      'token pepper',
      'Connect number',
      'Twilio signature',
      'public host',
      'metrics',
    ],
  );
});

test('the doctor stops at an invalid variable and does not show its secret value', async () => {
  const { code, lines } = await examine({ ...REAL, HANDOVER_TOKEN_PEPPER: 'short-secret' }, undefined);
  assert.equal(code, 1);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /^FAULT .*HANDOVER_TOKEN_PEPPER.*\[settings\]$/);
});

test('a setting that keeps callers from a human is a fault for the doctor; a weak pepper is a note', async () => {
  const { CONNECT_PHONE_NUMBER: _number, ...rest } = REAL;
  const env = { ...rest, HANDOVER_TOKEN_PEPPER: 'pepperpepperpepperpepperpepperpepper' };
  const { code, findings } = await examine(env, ['token pepper', 'Connect number', 'public host']);
  assert.equal(code, 1);
  assert.deepEqual(idsOf(findings.filter(({ id }) => id !== 'settings')), [
    'advice pepper',
    'fault connect-number',
    'fault public-host',
  ]);
});

test('assistants or extensions that cannot be read are a fault, and the services are asked all the same', async () => {
  const { code, findings } = await examine({ ASSISTANTS_FILE: '/nowhere/assistants.json' }, [
    'assistants',
    'token pepper',
  ]);
  assert.equal(code, 1);
  assert.deepEqual(idsOf(findings).slice(1), ['fault assistants', 'advice pepper']);
  const other = await examine({ EXTENSIONS: './nowhere.mjs', VOICE_PROVIDER: 'mine' }, ['assistants', 'extensions']);
  assert.deepEqual(idsOf(other.findings).slice(1), ['fault extension']);
  assert.match(other.only('extension').text, /EXTENSIONS names \.\/nowhere\.mjs/);
});

test('a check that throws is a fault for the doctor, one that does not apply is skipped, and the others run', async () => {
  const { code, lines } = await examine({}, undefined, {
    checks: [
      { name: 'broken', run: () => Promise.reject(new Error('secret')) },
      { name: 'unused', applies: () => false, run: () => assert.fail('not asked for') },
      { name: 'last', run: () => [fine('metrics', 'there')] },
    ],
  });
  assert.equal(code, 1);
  assert.deepEqual(lines.slice(1), [
    'FAULT  broken: This check failed unexpectedly (Error). Please report it as a bug. [check-failed]',
    'ok     last: there',
  ]);
});

test('services are asked side by side, one that does not answer is a fault after its time, and its work is stopped', async () => {
  const clock = new FakeClock();
  const asked: string[] = [];
  let signal: AbortSignal | undefined;
  const examined = examine({}, undefined, {
    clock,
    limits: { eachMs: 30_000, allMs: 20_000 },
    checks: [
      {
        name: 'silent',
        run: (context) => {
          ({ signal } = context);
          asked.push('silent');
          return new Promise(() => undefined);
        },
      },
      {
        name: 'quick',
        run: () => {
          asked.push('quick');
          return [fine('metrics', 'there')];
        },
      },
    ],
  });
  await new Promise(setImmediate);
  assert.deepEqual(asked, ['silent', 'quick']);
  clock.advance(19_999);
  assert.equal(signal?.aborted, false);
  clock.advance(1);
  const { code, findings } = await examined;
  assert.equal(code, 1);
  assert.deepEqual(idsOf(findings).slice(1), ['fault no-answer', 'fine metrics']);
  assert.match(findings[1]?.text ?? '', /^No answer within 20 s\./);
  assert.equal(signal.aborted, true);
  assert.equal(clock.timers, 0);
});

test('a gateway that can be reached without signatures is a fault for the doctor, behind a tunnel, too', async () => {
  const tunnel = { PUBLIC_HOST: 'abc.ngrok.app' };
  const open = await examine(tunnel, ['Twilio signature']);
  assert.deepEqual(
    [open.code, idsOf(open.findings)],
    [1, ['fine settings', 'advice settings', 'fault twilio-signature']],
  );
  assert.match(open.findings[1]?.text ?? '', /PUBLIC_HOST is abc\.ngrok\.app.*anyone .* can place calls/);
  assert.match(open.only('twilio-signature').text, /anyone can place calls/);
  const meant = await examine({ ...tunnel, ALLOW_UNSIGNED_WEBHOOKS: 'true' }, ['Twilio signature']);
  assert.equal(meant.code, 0);
  assert.equal(meant.only('twilio-signature').result, 'advice');
  assert.match(meant.only('twilio-signature').text, /anyone can place calls/);
  const local = (await examine({}, ['Twilio signature'])).only('twilio-signature');
  assert.equal(local.result, 'advice');
  assert.match(local.text, /for this machine only/);
});

test('a host that only a private network knows is not asked, and is a fault with signatures', async () => {
  for (const [setting, service] of [
    ['PUBLIC_HOST', 'public host'],
    ['STREAM_HOST', 'stream host'],
  ] as const) {
    const { findings } = await examine({ ...REAL, [setting]: 'gateway.internal' }, [service]);
    const [found] = findings.filter((one) => one.service === service);
    assert.equal(found?.result, 'fault');
    assert.equal(
      found.text,
      `${setting} is not set to a host that Twilio can reach. Set it to the gateway's public host name.`,
    );
  }
});

test('the doctor says that webhook rules may override the connection settings once shared keys are set', async () => {
  const { code, only } = await examine({ ...REAL, TWILIO_WEBHOOK_SHARED_KEYS: 'a-shared-key' }, ['Twilio signature']);
  assert.equal(code, 0);
  assert.match(only('twilio-signature').text, /webhook rule.*overrides #ct=/);
  assert.equal((await examine(REAL, ['Twilio signature'])).only('twilio-signature').result, 'fine');
});

test('the doctor says on which port the metrics are and who may read them', async () => {
  assert.match((await examine(REAL, ['metrics'])).only('metrics').text, /private addresses.*Set METRICS_PORT/);
  const own = await examine({ ...REAL, METRICS_PORT: '9100' }, ['metrics']);
  assert.match(own.only('metrics').text, /port 9100 alone/);
});

test('a clock that differs from that of a service is a note, and one that AWS would refuse is a fault', async () => {
  for (const [aheadMs, expected] of [
    [1000, 'fine clock'],
    [60_000, 'advice clock'],
    [-300_000, 'fault clock'],
  ] as const) {
    const { findings, only } = await examine({}, undefined, {
      checks: [
        {
          name: 'service',
          run: ({ clocks }) => {
            clocks.note('Somewhere', new Date(1_700_000_000_000).toUTCString(), 1_700_000_000_000 + aheadMs);
            return [];
          },
        },
      ],
    });
    assert.deepEqual(idsOf(findings).slice(1), [expected]);
    if (aheadMs < 0) assert.match(only('clock').text, /300 s behind that of Somewhere.*timedatectl/);
  }
});

test('the doctor prints lines, or one JSON object', async () => {
  const run = async (json: boolean): Promise<{ code: number; written: string[] }> => {
    const written: string[] = [];
    const checks = [{ name: 'one', run: () => [fine('metrics', 'there')] }];
    const values = { json, live: false, answers: '' };
    const code = await doctor(values, { env: {}, checks, write: (line) => written.push(line) });
    return { code, written };
  };
  const plain = await run(false);
  assert.deepEqual(
    [plain.code, plain.written],
    [0, ['ok     configuration: Every variable is valid.', 'ok     one: there']],
  );
  const json = await run(true);
  assert.equal(json.written.length, 1);
  assert.deepEqual(JSON.parse(json.written[0] ?? ''), {
    result: 'fine',
    findings: [
      { service: 'configuration', result: 'fine', id: 'settings', text: 'Every variable is valid.' },
      { service: 'one', result: 'fine', id: 'metrics', text: 'there' },
    ],
  });
});

test('the doctor holds an idle connection only when it is told to, and only to a host that can be asked', async () => {
  const run = async (slow: boolean): Promise<string[]> => {
    const written: string[] = [];
    const values = { json: false, live: false, answers: '', slow };
    await doctor(values, { env: {}, checks: [], write: (line) => written.push(line) });
    return written.filter((line) => line.includes('[balancer-idle]'));
  };
  assert.deepEqual(await run(false), []);
  assert.deepEqual(await run(true), [
    'note   idle connection: PUBLIC_HOST is not set to a host that can be asked. [balancer-idle]',
  ]);
});

test('docs/operate/doctor.md explains every finding of the doctor, and no other', () => {
  const page = readFileSync('docs/operate/doctor.md', 'utf8');
  const explained = [...page.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, id]) => id ?? '');
  const byName = (one: string, other: string): number => one.localeCompare(other);
  assert.deepEqual(explained.toSorted(byName), [...FINDING_IDS].toSorted(byName));
});

test('the doctor as a process waits for every answer and exits with 0 or 1', async () => {
  const nova = await startNovaSim();
  try {
    const run = (secretAccessKey: string): Promise<{ code: number | null; report: string }> => {
      const child = spawn(process.execPath, [fileURLToPath(new URL('doctor.js', import.meta.url)), '--json'], {
        env: {
          VOICE_PROVIDER: 'nova',
          USE_LOCAL_DYNAMODB: 'true',
          AWS_ENDPOINT_URL_BEDROCK_RUNTIME: nova.url,
          AWS_ACCESS_KEY_ID: SIMULATED_CREDENTIALS.accessKeyId,
          AWS_SECRET_ACCESS_KEY: secretAccessKey,
        },
      });
      let report = '';
      child.stdout.on('data', (data: Buffer) => (report += data.toString()));
      return new Promise((resolve) => child.on('close', (code) => resolve({ code, report })));
    };
    const { secretAccessKey } = SIMULATED_CREDENTIALS;
    for (const [secret, code, id] of [
      [secretAccessKey, 0, 'fine nova-ready'],
      ['a-secret-key-of-somebody-else', 1, 'fault nova-credentials'],
    ] as const) {
      const ended = await run(secret);
      assert.equal(ended.code, code, ended.report);
      const { findings } = JSON.parse(ended.report) as { findings: { service: string; result: string; id: string }[] };
      assert.deepEqual(idsOf(findings.filter(({ service }) => service === 'Nova')), [id]);
      assert.ok(!ended.report.includes(secret));
    }
  } finally {
    await nova.close();
  }
});
