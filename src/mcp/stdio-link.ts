import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import type { Clock } from '../base/clock.js';
import { McpFault, type McpFaultKind } from './fault.js';
import { type McpLink, failedAnswer, isMessage } from './link.js';
import { MessageBudget } from './message-budget.js';
import { MessageLines } from './message-lines.js';
import type { McpAddress } from './servers-file.js';

/** What every program needs. The gateway's own settings and keys are not among it. */
const PASSED_ON = ['HOME', 'LANG', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'TMPDIR', 'TZ', 'USER'];
/** Time for the program to end after its input has, and after SIGTERM. */
const ENDS_WITHIN_MS = 500;
const TERMINATES_WITHIN_MS = 1000;
/** Maximum size of what waits because the program does not read. */
const MAX_BACKLOG_BYTES = 1024 * 1024;

const running = new Set<StdioLink>();
let isWatching = false;

/** Ends the programs with the process, however that ends itself. A signal that kills it leaves only the end of their input. */
function watchExit(): void {
  if (isWatching) return;
  isWatching = true;
  process.once('exit', () => {
    for (const link of running) link.kill('SIGKILL');
  });
}

/**
 * A server that the gateway runs, which speaks JSON-RPC in lines over its standard input and output (MCP specification, "stdio").
 * The program gets a process group of its own: a signal to the gateway's does not end it while calls go on, and what it has started
 * itself ends with it. What it writes to its standard error is read and dropped, because it may hold anything.
 */
export class StdioLink implements McpLink {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  lostBy: McpFaultKind | undefined;
  private readonly address: McpAddress & { by: 'stdio' };
  private readonly environment: Record<string, string>;
  private readonly clock: Clock;
  private readonly budget: MessageBudget;
  private child: ChildProcessWithoutNullStreams | undefined;
  private ended: Promise<void> = Promise.resolve();
  private isOver = false;
  private closed: Promise<void> | undefined;

  constructor(options: {
    address: McpAddress & { by: 'stdio' };
    /** The gateway's environment. */
    env: Readonly<Record<string, string | undefined>>;
    clock: Clock;
  }) {
    const { address, clock, env } = options;
    this.address = address;
    this.clock = clock;
    this.budget = new MessageBudget(clock);
    const passed = PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const]));
    this.environment = { ...Object.fromEntries(passed), ...address.env };
  }

  /** Rejects with McpFault if the program cannot be started. */
  start(): Promise<void> {
    const { args, command, folder } = this.address;
    const child = spawn(command, [...args], {
      cwd: folder,
      env: this.environment,
      detached: true,
      shell: false,
      stdio: 'pipe',
      windowsHide: true,
    });
    this.child = child;
    watchExit();
    running.add(this);
    const lines = new MessageLines({
      onLine: (line) => this.receive(line),
      onSkipped: ({ id }) =>
        id === undefined ? this.lose('too_large') : this.onmessage?.(failedAnswer(id, 'too_large')),
    });
    child.stdout.on('data', (bytes: Buffer) => {
      if (this.isOver) return;
      try {
        lines.push(bytes);
      } catch {
        this.lose('too_large');
      }
    });
    child.stderr.resume();
    // A pipe that breaks says no more than the end of the program does.
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', () => undefined);
    // Not 'close', for which everything that the program has started would have to let go of its output, too.
    this.ended = new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    return new Promise((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', () => {
        this.lose('unreachable');
        reject(new McpFault('unreachable'));
      });
      child.once('exit', () => this.lose('ended'));
    });
  }

  /** Rejects with McpFault if the program is over or does not read. */
  send(message: JSONRPCMessage): Promise<void> {
    const stdin = this.child?.stdin;
    if (this.isOver || stdin === undefined) return Promise.reject(new McpFault('ended'));
    if (stdin.writableLength > MAX_BACKLOG_BYTES) return Promise.reject(new McpFault('late'));
    stdin.write(`${JSON.stringify(message)}\n`);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.over(undefined);
    this.closed ??= this.end();
    return this.closed;
  }

  private async end(): Promise<void> {
    const { child } = this;
    if (child?.pid === undefined) return;
    child.stdin.end();
    if (!(await this.endsWithin(ENDS_WITHIN_MS))) {
      this.kill('SIGTERM');
      await this.endsWithin(TERMINATES_WITHIN_MS);
    }
    // Also for what is left of its group.
    this.kill('SIGKILL');
    await this.endsWithin(TERMINATES_WITHIN_MS);
    child.stdout.destroy();
    child.stderr.destroy();
    running.delete(this);
  }

  private receive(line: string): void {
    if (this.isOver) return;
    if (!this.budget.take()) {
      this.lose('flood');
      return;
    }
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      // Many programs print a greeting to the wrong stream. It counts as a message and is passed over.
      return;
    }
    if (isMessage(message)) this.onmessage?.(message);
  }

  private lose(kind: McpFaultKind): void {
    if (this.isOver) return;
    this.over(kind);
    void this.close();
  }

  private over(kind: McpFaultKind | undefined): void {
    if (this.isOver) return;
    this.isOver = true;
    this.lostBy = kind;
    this.onclose?.();
  }

  /** Whether the program has ended in time. */
  private endsWithin(limitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.clock.setTimer(limitMs, () => resolve(false));
      void this.ended.then(() => {
        timer.cancel();
        resolve(true);
      });
    });
  }

  /** Sends a signal to the program and to everything in its group. */
  kill(signal: NodeJS.Signals): void {
    const pid = this.child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // Nobody is left, or this system has no groups.
      this.child?.kill(signal);
    }
  }
}
