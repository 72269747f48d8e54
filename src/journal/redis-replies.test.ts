import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../test/support/rig.js';
import { selfSigned } from '../../test/support/self-signed.js';
import { type StubAnswer, StubRedis } from '../../test/support/stub-redis.js';
import { sampleEntry } from '../../test/support/journal-entry.js';
import { systemClock } from '../base/clock.js';
import { createLogger } from '../telemetry/log.js';
import type { BackendWrite } from './backend.js';
import { CallJournal, type WriteOutcome } from './journal.js';
import { RedisBackend } from './redis-backend.js';
import { readRedisUrl } from './redis-url.js';
import { drawKey } from './seal.js';

const WRITE: BackendWrite = { callSid: 'CA1', owner: 'a', epoch: 1, data: Buffer.from('entry'), ttlMs: 1000 };
/** How Redis 6.2 and earlier word a command that a script was refused (src/scripting.c, luaCallFunction). */
const IN_SCRIPT = (error: string): string =>
  `-ERR Error running script (call to f_6b1bf486c81ceb7edf3c093f4c48582e38c0e791): @user_script:12: @user_script: 12: -${error}\r\n`;

function open(url: string): RedisBackend {
  const target = readRedisUrl(url);
  assert.ok(typeof target !== 'string', url);
  return new RedisBackend(target);
}

/** Answers scripts with what `script` returns, and everything else as a healthy Redis does. */
function scripted(script: () => string): StubAnswer {
  return ([name = '']) => (name.toLowerCase() === 'eval' ? script() : '+OK\r\n');
}

async function withJournal(
  url: string,
  body: (scene: { journal: CallJournal; lost: string[]; lines: string[]; writes: WriteOutcome[] }) => Promise<void>,
): Promise<void> {
  const [lost, lines, writes]: [string[], string[], WriteOutcome[]] = [[], [], []];
  const journal = new CallJournal({
    backend: open(url),
    keys: [drawKey()],
    instanceId: 'a',
    clock: systemClock,
    log: createLogger({ level: 'info', destination: { write: (line: string) => void lines.push(line) } }),
    onLost: (callSid) => lost.push(callSid),
    onWrite: (outcome) => writes.push(outcome),
  });
  try {
    await body({ journal, lost, lines, writes });
  } finally {
    await journal.close();
  }
}

for (const [name, reply] of [
  ['+OK', '+OK\r\n'],
  ['a text', '$5\r\nhello\r\n'],
  ['null', '$-1\r\n'],
  ['an array', '*1\r\n:1\r\n'],
  ['an empty array', '*0\r\n'],
] as const) {
  test(`Redis answers a write with ${name}: the call stays here, and is written again`, async () => {
    let answer: string = reply;
    const redis = await StubRedis.start(scripted(() => answer));
    try {
      await withJournal(redis.url, async ({ journal, lines, lost, writes }) => {
        await until(() => journal.health.isUp || lines.length > 0, 'a connection');
        journal.note(sampleEntry());
        await until(() => writes.includes('failed'), 'the write fails');
        answer = ':1\r\n';
        await until(() => writes.at(-1) === 'written', 'the write is repeated');
        assert.deepEqual(lost, []);
        assert.match(lines.join(''), /"kind":"unexpected_reply"/);
      });
    } finally {
      await redis.stop();
    }
  });
}

test('a claim or a read that Redis answers with anything but an entry or null fails, instead of finding no call', async () => {
  const redis = await StubRedis.start(scripted(() => '+OK\r\n'));
  const backend = open(redis.url);
  try {
    await until(() => redis.connections > 0, 'a connection');
    await assert.rejects(() => backend.claim('CA1', 'a'), { name: 'BackendFailure' });
    await until(() => redis.connections > 0, 'a connection');
    await assert.rejects(() => backend.read('CA1'), { name: 'BackendFailure' });
  } finally {
    backend.close();
    await redis.stop();
  }
});

async function connected(backend: RedisBackend): Promise<void> {
  await new Promise<void>((resolve) => {
    backend.onConnection((isConnected) => {
      if (isConnected) resolve();
    });
  });
}

test('a former master in the wording of Redis 6.2 is left for a new connection at the first refused write', async () => {
  const redis = await StubRedis.start(
    scripted(() => IN_SCRIPT("READONLY You can't write against a read only replica.")),
  );
  const backend = open(redis.url);
  try {
    await connected(backend);
    await assert.rejects(() => backend.write(WRITE), { kind: 'READONLY' });
    await until(() => redis.connections === 2, 'the next connection');
  } finally {
    backend.close();
    await redis.stop();
  }
});

test('a connection is replaced after five failed writes in a row, whatever the error says', async () => {
  let answer = '-ERR something that no list names\r\n';
  const redis = await StubRedis.start(scripted(() => answer));
  const backend = open(redis.url);
  try {
    await connected(backend);
    const fail = async (times: number): Promise<void> => {
      for (let write = 0; write < times; write++) await assert.rejects(() => backend.write(WRITE), { kind: 'ERR' });
    };
    await fail(4);
    answer = ':1\r\n';
    assert.equal(await backend.write(WRITE), 1);
    answer = '-ERR something that no list names\r\n';
    await fail(4);
    assert.equal(redis.connections, 1, 'a write between them ended the row');
    await fail(1);
    await until(() => redis.connections === 2, 'the next connection');
  } finally {
    backend.close();
    await redis.stop();
  }
});

for (const [what, reply] of [
  ['that no list names', '-ERR something that no list names\r\n'],
  ['of a former master', "-READONLY You can't write against a read only replica.\r\n"],
] as const) {
  test(`a hundred writes refused at once with an error ${what} replace the connection once`, async () => {
    let answer: string = reply;
    const redis = await StubRedis.start(scripted(() => answer));
    const backend = open(redis.url);
    const warnings: string[] = [];
    const onWarning = ({ name }: Error): void => void warnings.push(name);
    process.on('warning', onWarning);
    let connections = 0;
    backend.onConnection((isConnected) => (connections += isConnected ? 1 : 0));
    try {
      await until(() => connections === 1, 'a connection');
      await Promise.allSettled(Array.from({ length: 100 }, () => backend.write(WRITE)));
      answer = ':1\r\n';
      await until(() => connections === 2, 'the next connection');
      assert.equal(await backend.write(WRITE), 1);
      assert.equal(redis.connections, 2);
      assert.deepEqual(warnings, [], 'no listener was left with each write');
    } finally {
      process.off('warning', onWarning);
      backend.close();
      await redis.stop();
    }
  });
}

for (const [kind, reply] of [
  ['OOM', "-OOM command not allowed when used memory > 'maxmemory'.\r\n"],
  ['OOM', IN_SCRIPT("OOM command not allowed when used memory > 'maxmemory'.")],
  ['MISCONF', IN_SCRIPT('MISCONF Redis is configured to save RDB snapshots, but it is unable to persist on disk.')],
  ['LOADING', '-LOADING Redis is loading the dataset in memory\r\n'],
  ['NOAUTH', '-NOAUTH Authentication required.\r\n'],
] as const) {
  test(`the log names ${kind} when Redis answers a write with ${reply.slice(0, 12)}`, async () => {
    const redis = await StubRedis.start(([name = '']) => (name.toLowerCase() === 'select' ? '+OK\r\n' : reply));
    try {
      await withJournal(redis.url, async ({ journal, lines }) => {
        journal.note(sampleEntry());
        await until(() => lines.length > 0, 'a line');
        assert.match(lines[0] ?? '', new RegExp(`"kind":"${kind}".*the journal cannot be written`));
      });
    } finally {
      await redis.stop();
    }
  });
}

for (const reply of [
  '-WRONGPASS invalid username-password pair or user is disabled.\r\n',
  '-ERR invalid password\r\n',
]) {
  test(`the log names WRONGPASS when Redis refuses the password with ${reply.slice(0, 10)}`, async () => {
    const redis = await StubRedis.start(([name = '']) => (name.toLowerCase() === 'auth' ? reply : '-NOAUTH\r\n'));
    try {
      await withJournal(redis.url.replace('//', '//:hunter2@'), async ({ lines }) => {
        await until(() => lines.length > 0, 'a line');
        assert.match(lines[0] ?? '', /"kind":"WRONGPASS"/);
        assert.doesNotMatch(lines.join(''), /hunter2/);
      });
    } finally {
      await redis.stop();
    }
  });
}

test("the log names a certificate that is not trusted by the runtime's code", async () => {
  const strange = await StubRedis.start(() => '+OK\r\n', selfSigned('127.0.0.1'));
  try {
    await withJournal(strange.url.replace('redis:', 'rediss:'), async ({ lines }) => {
      await until(() => lines.length > 0, 'a line');
      assert.match(lines[0] ?? '', /"kind":"tls_DEPTH_ZERO_SELF_SIGNED_CERT"/);
    });
  } finally {
    await strange.stop();
  }
});

test('the log names each kind of failure of one outage once', async () => {
  let answer = '-LOADING Redis is loading the dataset in memory\r\n';
  const redis = await StubRedis.start(scripted(() => answer));
  try {
    await withJournal(redis.url, async ({ journal, lines, writes }) => {
      journal.note(sampleEntry());
      await until(() => writes.filter((outcome) => outcome === 'failed').length > 1, 'two failures');
      answer = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
      await until(() => lines.length > 1, 'the second line');
      assert.match(lines[0] ?? '', /LOADING/);
      assert.match(lines[1] ?? '', /OOM/);
      assert.equal(lines.length, 2);
    });
  } finally {
    await redis.stop();
  }
});
