import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './engine.mjs';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const POLL_MS = 200;
/** Maximum time until something has started, on a machine with much else to do. */
const START_MS = 180_000;
/** Maximum time of a call. */
const CALL_MS = 400_000;

export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Resolves when `isSo` is true. @throws after `limitMs`, with what was waited for */
export async function until(what, isSo, limitMs = START_MS) {
  const endMs = performance.now() + limitMs;
  while (!(await isSo())) {
    if (performance.now() >= endMs) throw new Error(`waited ${limitMs / 1000} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Returns the status of an answer, 0 if there is none. */
export async function statusOf(url) {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5000) });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return 0;
  }
}

/** Waits until the gateway of a container answers. @throws with its log if it does not */
export async function waitForGateway(container, url) {
  try {
    await until(`${url}/ready`, async () => (await statusOf(`${url}/ready`)) === 200 || !(await container.isRunning()));
    if (await container.isRunning()) return;
    throw new Error('it has ended');
  } catch (error) {
    throw new Error(`the gateway does not start: ${error.message}\n${await container.logs()}`, { cause: error });
  }
}

/** A program beside the gateway, which is ended with the check. */
export function startBeside(program, args, env = {}) {
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { ...process.env, ENV_FILE: 'none', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  return {
    output: () => output,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** The simulated OpenAI service on a free port. */
export async function startModel() {
  const port = await freePort();
  const model = startBeside('node', ['--enable-source-maps', 'dist/sim/openai/main.js', '--port', String(port)]);
  await until('the simulated model', () => model.output().includes('listens at'));
  return { ...model, url: `http://127.0.0.1:${port}/v1` };
}

/** Debian's Redis on a free port. `undefined` if it is not on this machine. */
export async function startRedis() {
  if ((await run('redis-server', ['--version'])).code !== 0) return undefined;
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'tandem-redis-'));
  const redis = startBeside('redis-server', [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--dir',
    folder,
  ]);
  await until('Redis', () => redis.output().includes('Ready to accept connections'));
  const stop = async () => {
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { ...redis, port, stop };
}

/** A simulated call by `npm run call`. `onLine` is called with each line it prints. */
export class SimulatedCall {
  constructor(gateway, args, { env = {} } = {}) {
    this.lines = [];
    this.child = spawn('npm', ['run', '--silent', 'call', '--', '--gateway', gateway, ...args], {
      cwd: ROOT,
      env: { ...process.env, ENV_FILE: 'none', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: CALL_MS,
    });
    let rest = '';
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.on('data', (text) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop();
        this.lines.push(...lines);
      });
    }
    this.isOver = false;
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code) => {
        this.isOver = true;
        this.code = code ?? 1;
        resolve(this.code);
      });
    });
  }

  /** How often a line has matched. */
  count(pattern) {
    return this.lines.filter((line) => pattern.test(line)).length;
  }

  /** Resolves when a line has matched `times` times. @throws if the call ends before */
  async saw(pattern, times = 1) {
    await until(`${pattern} in the call`, () => this.count(pattern) >= times || this.isOver, CALL_MS);
    if (this.count(pattern) < times) throw new Error(`the call ended before ${pattern}:\n${this.text}`);
  }

  get text() {
    return this.lines.join('\n');
  }
}
