import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Readable } from 'node:stream';
import type { CarrierCall } from '../sim/twilio/carrier-call.js';
import { Carrier } from '../sim/twilio/carrier.js';
import { CONNECTION_OVERRIDES } from '../src/call/paths.js';
import { NO_LINES } from './support/no-lines.js';
import { until } from './support/rig.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = `${root}dist/test-faults-${process.pid}`;

/** A voice that says nothing. A signal makes it fail outside of everything that the gateway called. */
const EXTENSION = `
  const session = { close() {}, cancel() {}, reportHeard() {}, sendAudio() {}, sendDigits() {}, sendText() {},
    say() {}, sendToolResult() {} };
  export const providers = { odd: () => ({
    name: 'odd',
    answerWithinMs: Infinity,
    prepare: async () => {},
    close: async () => {},
    open({ listener }) { queueMicrotask(() => listener({ type: 'ready' })); return { ...session }; },
  }) };
  process.on('SIGUSR2', () => { throw new Error('private words'); });
  process.on('SIGURG', () => { Promise.reject(new Error('private words')); });
  process.on('SIGWINCH', () => {
    setInterval(() => { throw new Error('private words'); }, 20);
  });
`;

describe('the last handler of a process', { concurrency: true }, () => {
  before(() => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/odd.mjs`, EXTENSION);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [signal, what] of [
    ['SIGUSR2', 'an error that nothing caught'],
    ['SIGURG', 'a rejection that nothing handled'],
    ['SIGWINCH', 'an error that repeats with every frame'],
  ] as const) {
    test(`${what} is logged without its words, and the process ends with code 1 once its callers have been handed over`, async () => {
      const { carrier, child, dialled, lines, call } = await scene();
      try {
        const exit = once(child, 'exit');
        child.kill(signal);
        const ended = call.whenEnded();
        // The process may end while the carrier still speaks its last answer. Only `until` keeps this one alive then.
        await until(() => call.isOver, 'the end of the call');
        assert.equal(await ended, 'gateway-hung-up');
        assert.deepEqual(dialled, ['+12065550100']);
        assert.deepEqual(await exit, [1, null]);
        const faults = lines().filter(({ level }) => level === 'fatal');
        assert.ok(faults.length >= 1 && faults.length <= 20, String(faults.length));
        assert.match(JSON.stringify(faults[0]), /no part of the gateway caught an error/);
        assert.doesNotMatch(JSON.stringify(lines()), /private words/);
      } finally {
        child.kill('SIGKILL');
        carrier.close();
      }
    });
  }

  test('an error that nothing caught shortens a drain of an hour that has begun before it', async () => {
    const { call, carrier, child, dialled } = await scene({ DRAIN_SECONDS: '3600' });
    try {
      const exit = once(child, 'exit');
      const isDraining = said(child.stderr, /1 call\(s\) in progress may finish \(up to 3600 s\)/);
      child.kill('SIGTERM');
      await isDraining;
      assert.ok(!call.isOver && dialled.length === 0);
      child.kill('SIGUSR2');
      await until(() => call.isOver, 'the end of the call');
      assert.deepEqual(dialled, ['+12065550100']);
      assert.deepEqual(await exit, [1, null]);
    } finally {
      child.kill('SIGKILL');
      carrier.close();
    }
  });
});

/** A gateway with a call whose stream is open. */
async function scene(env: Record<string, string> = {}): Promise<{
  carrier: Carrier;
  child: ChildProcess;
  call: CarrierCall;
  /** The numbers that the gateway had dialled. They are busy. */
  dialled: string[];
  /** The lines of the log so far. */
  lines: () => Record<string, unknown>[];
}> {
  const child = spawn(process.execPath, [`${root}dist/src/main.js`], {
    env: {
      PATH: process.env['PATH'],
      ENV_FILE: 'none',
      PORT: '0',
      LOG_LEVEL: 'info',
      PUBLIC_HOST: 'gateway.example.com',
      VOICE_PROVIDER: 'odd',
      ...NO_LINES,
      EXTENSIONS: `${folder}/odd.mjs`,
      USE_LOCAL_DYNAMODB: 'true',
      AFTER_FAILED_DIAL: 'goodbye',
      MAX_LOOP_DELAY_MS: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const port = portOf(child);
  const lines = log(child);
  const base = `http://127.0.0.1:${await port}`;
  const dialled: string[] = [];
  const carrier = new Carrier({
    accountSid: `AC${'1'.repeat(32)}`,
    resolve: () => base,
    phoneBook: (number) => ({
      ring: (leg) => {
        dialled.push(number);
        leg.reject('busy');
      },
    }),
  });
  const call = carrier.placeCall({
    from: '+12025550123',
    to: '+12065550199',
    voiceUrl: `https://gateway.example.com/twilio/voice${CONNECTION_OVERRIDES}`,
  });
  try {
    await until(() => lines().some(({ msg }) => msg === 'stream started'), 'the stream');
  } catch (error) {
    child.kill('SIGKILL');
    carrier.close();
    throw error;
  }
  return { carrier, child, call, dialled, lines };
}

async function portOf(child: ChildProcess): Promise<number> {
  const [, port] = await said(child.stderr, /listens on http:\/\/[^:]+:(\d+)/);
  return Number(port);
}

/** Resolves when the process has written something that matches. */
function said(output: Readable | null, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let text = '';
    output?.on('data', (data: Buffer) => {
      text += data.toString();
      const found = pattern.exec(text);
      if (found !== null) resolve(found);
    });
    output?.once('end', () => reject(new Error(`The gateway ended: ${text}`)));
  });
}

/** Collects the lines of the log. Returns a function for those so far. */
function log(child: ChildProcess): () => Record<string, unknown>[] {
  let said = '';
  child.stdout?.on('data', (data: Buffer) => (said += data.toString()));
  return () =>
    said
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
}
