import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Carrier } from '../sim/twilio/carrier.js';
import { within } from './support/deadline.js';
import { NO_LINES } from './support/no-lines.js';
import { AUTH_TOKEN, PUBLIC_HOST, until } from './support/rig.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A gateway that npm has started, and a caller on the line. */
interface Scene {
  /** npm, which is the only process that the test signals. */
  npm: ChildProcess;
  /** Everything that npm and the gateway have written. */
  written: () => string;
  call: ReturnType<Carrier['placeCall']>;
  /** Whether the caller was put through to the agent's number. */
  isDialled: () => boolean;
  /** Resolves when npm and everything that it has started has ended. */
  allEnded: Promise<unknown>;
}

/** Runs `body` with `npm run SCRIPT` and a caller who has been greeted. */
async function withCaller(script: string[], body: (scene: Scene) => Promise<void>): Promise<void> {
  const npm = spawn('npm', script, {
    cwd: ROOT,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: tmpdir(),
      ENV_FILE: 'none',
      PORT: '0',
      HOST: '127.0.0.1',
      PUBLIC_HOST,
      TWILIO_AUTH_TOKEN: AUTH_TOKEN,
      USE_LOCAL_DYNAMODB: 'true',
      EXTENSIONS: fileURLToPath(new URL('./support/cluster-voice.js', import.meta.url)),
      VOICE_PROVIDER: 'scripted',
      ...NO_LINES,
      MAX_LOOP_DELAY_MS: '0',
      DRAIN_SECONDS: '60',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that the test can end what is left of it.
    detached: true,
  });
  let written = '';
  for (const stream of [npm.stdout, npm.stderr]) stream.on('data', (data: Buffer) => (written += data.toString()));
  // The gateway holds npm's output, so this waits for the gateway, too.
  const allEnded = once(npm, 'close');
  const base = (): string | undefined => /"url":"(http:[^"]+)"/.exec(written)?.[1];
  const carrier = new Carrier({
    accountSid: `AC${'1'.repeat(32)}`,
    authToken: AUTH_TOKEN,
    resolve: base,
    phoneBook: () => ({ ring: (leg) => leg.answer() }),
  });
  try {
    await until(() => base() !== undefined || npm.exitCode !== null, `npm starts a gateway: ${written}`);
    const call = carrier.placeCall({
      from: '+12025550123',
      to: '+12065550199',
      voiceUrl: `https://${PUBLIC_HOST}/twilio/voice`,
      statusCallback: `https://${PUBLIC_HOST}/twilio/call-status`,
    });
    let heardMs = 0;
    let dials = 0;
    call.on('heard', (frame) => (heardMs += frame.filter((byte) => byte === 0x10).length / 8));
    call.on('dial-started', () => dials++);
    await until(() => heardMs >= 200, 'the caller is greeted');
    await body({ npm, written: () => written, call, isDialled: () => dials === 1, allEnded });
    await carrier.whenIdle();
  } finally {
    carrier.close();
    try {
      process.kill(-(npm.pid ?? 0), 'SIGKILL');
    } catch {
      // The group has ended, as it should.
    }
  }
}

for (const script of [['start'], ['run', 'cluster', '--', '1']]) {
  describe(`npm ${script.join(' ')} that is told to stop by a signal to npm alone`, () => {
    for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) {
      test(`the gateway of npm ${script.join(' ')} drains its call after ${signal} to npm, and then all of it ends`, async () => {
        await withCaller(script, async ({ allEnded, call, isDialled, npm, written }) => {
          npm.kill(signal);
          await until(() => /Stopping: 1 call\(s\) in progress may finish/.test(written()), 'the gateway is told');
          // The conversation goes on: the caller still reaches an agent.
          call.pressDigit('0');
          await until(isDialled, 'the caller is put through');
          assert.equal(call.isOver, false);
          call.hangup();
          await within(allEnded, 'the end of npm and of the gateway');
          // npm itself dies of SIGHUP.
          if (signal !== 'SIGHUP') assert.equal(npm.exitCode, 0);
        });
      });
    }
  });
}

describe('npm start without npm ci', () => {
  test('npm start in a clone without packages says in one sentence to run npm ci, and exits with 1', async () => {
    const clone = mkdtempSync(join(tmpdir(), 'tandem-clone-'));
    try {
      mkdirSync(join(clone, 'scripts'));
      copyFileSync(join(ROOT, 'package.json'), join(clone, 'package.json'));
      copyFileSync(join(ROOT, 'scripts/build.mjs'), join(clone, 'scripts/build.mjs'));
      cpSync(join(ROOT, 'src/base'), join(clone, 'src/base'), { recursive: true });
      const npm = spawn('npm', ['--silent', 'start'], {
        cwd: clone,
        env: { PATH: process.env['PATH'] ?? '', HOME: tmpdir() },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let written = '';
      for (const stream of [npm.stdout, npm.stderr]) stream.on('data', (data: Buffer) => (written += data.toString()));
      const [code] = (await within(once(npm, 'close'), 'npm ends')) as [number];
      assert.match(
        written,
        /^The packages of this project are not installed \(\S+ is missing\)\. Run "npm ci" first\.\n$/,
      );
      assert.equal(code, 1);
    } finally {
      rmSync(clone, { recursive: true });
    }
  });
});
