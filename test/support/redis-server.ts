import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { within } from './deadline.js';
import { freePort } from './free-port.js';

// For tests with a Redis: a redis-server of their own.

const BINARY = '/usr/bin/redis-server';
const TRIES = 3;

/** The `skip` option of tests with a Redis: the reason, or false if redis-server is installed. */
export const skipWithoutRedis = existsSync(BINARY) ? false : 'needs the Debian package redis-server';

/** A redis-server process on a free port that keeps nothing on disk. */
export class RedisServer {
  readonly port: number;
  private readonly flags: readonly string[];
  private readonly config: string[] = [];
  private readonly folder: string;
  private child: ChildProcess | undefined;

  private constructor(port: number, flags: readonly string[]) {
    this.port = port;
    this.flags = flags;
    this.folder = mkdtempSync(join(tmpdir(), 'tandem-redis-'));
  }

  static async start(...flags: string[]): Promise<RedisServer> {
    // Another process may have taken the free port meanwhile.
    for (let tries = 1; ; tries++) {
      const server = new RedisServer(await freePort(), ['--save', '', '--appendonly', 'no', ...flags]);
      try {
        await server.start();
        return server;
      } catch (error) {
        await server.stop();
        if (tries === TRIES) throw error;
      }
    }
  }

  /** Starts a sentinel that watches `master` under the name `mymaster`. */
  static async startSentinel(master: RedisServer): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), ['--sentinel']);
    const config = join(server.folder, 'sentinel.conf');
    writeFileSync(config, `sentinel monitor mymaster 127.0.0.1 ${master.port} 1\n`);
    server.config.push(config);
    await server.start();
    return server;
  }

  /** Starts a cluster of one node. */
  static async startCluster(): Promise<RedisServer> {
    // The default bus port is the port plus 10,000, which may be out of range. A lone node does not learn its own address.
    const address = ['--cluster-port', String(await freePort()), '--cluster-announce-ip', '127.0.0.1'];
    const server = await RedisServer.start('--cluster-enabled', 'yes', ...address);
    server.command('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts the server, after {@link kill} on the same port and without its data. */
  async start(): Promise<void> {
    const args = [
      ...this.config,
      '--port',
      String(this.port),
      '--bind',
      '127.0.0.1',
      '--dir',
      this.folder,
      ...this.flags,
    ];
    const child = spawn(BINARY, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.child = child;
    const ready = new Promise<void>((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (/Ready to accept connections|Sentinel ID is/.test(line)) resolve();
      });
    });
    const ended = once(child, 'exit').then(() => {
      throw new Error(`redis-server ended before it was ready, on port ${this.port}`);
    });
    // After it was ready the server may end.
    ended.catch(() => undefined);
    await within(Promise.race([ready, ended]), 'redis-server accepts connections');
  }

  /** Kills the server, as a machine that dies would. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child === undefined) return;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** Stops the process with its connections open, until {@link thaw}. */
  freeze(): void {
    this.child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.child?.kill('SIGCONT');
  }

  /** Runs one command and returns its output. */
  command(...words: string[]): string {
    return execFileSync('/usr/bin/redis-cli', ['-p', String(this.port), '--raw', ...words], {
      encoding: 'utf8',
    }).trim();
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
