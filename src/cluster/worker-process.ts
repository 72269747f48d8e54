import type { ChildProcess } from 'node:child_process';
import type { Clock, Timer } from '../base/clock.js';
import { type Answers, Link } from './link.js';
import type { DrainOrder, ToPrimary, ToWorker } from './protocol.js';

export type WorkerLink = Link<ToWorker, ToPrimary>;

/** `stopped`: the worker ended because it was drained. `died`: it ended by itself. `failed`: it never listened. */
export type WorkerEnd = 'stopped' | 'died' | 'failed';

export interface WorkerProcessOptions {
  name: string;
  clock: Clock;
  fork: () => ChildProcess;
  /** The answers to the questions of the worker's process. */
  answers: (worker: WorkerProcess) => Answers<ToPrimary>;
  onUp: (worker: WorkerProcess) => void;
  /** Called when the process is gone. It is restarted after `pauseMs`; `undefined` means that it is not. */
  onEnd: (worker: WorkerProcess, end: WorkerEnd, pauseMs: number | undefined) => void;
}

type State =
  | { name: 'down' }
  | { name: 'starting'; child: ChildProcess; link: WorkerLink }
  | { name: 'up'; child: ChildProcess; link: WorkerLink; sinceMs: number }
  | { name: 'draining'; child: ChildProcess; link: WorkerLink; endMs: number; limit: Timer }
  | { name: 'pausing'; timer: Timer };

/** Time a gateway needs after its drain limit, for the last handovers, the journal and the store. Then it is killed. */
const BEYOND_DRAIN_MS = 40_000;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 10_000;
/** A worker that ran for this long is healthy, and its earlier deaths no longer count. */
const HEALTHY_MS = 60_000;
/** Maximum number of deaths in a row before the worker is given up, which takes about a minute. */
const MAX_DEATHS = 12;

/** A worker that keeps its name from one process to the next, and restarts its process when that dies. */
export class WorkerProcess {
  readonly name: string;
  private readonly options: WorkerProcessOptions;
  private state: State = { name: 'down' };
  private deaths = 0;

  constructor(options: WorkerProcessOptions) {
    this.options = options;
    this.name = options.name;
  }

  start(): void {
    const child = this.options.fork();
    const link: WorkerLink = new Link(child, this.options.answers(this), this.options.clock);
    this.state = { name: 'starting', child, link };
    child.once('exit', () => this.onExit(child, link));
  }

  /** Called when the worker's process reports that it listens. */
  listens(): void {
    if (this.state.name !== 'starting') return;
    this.state = { ...this.state, name: 'up', sinceMs: this.options.clock.now() };
    this.options.onUp(this);
  }

  get isAccepting(): boolean {
    return this.state.name === 'up';
  }

  /** The link to the worker's process. `undefined` if no process can answer. */
  get link(): WorkerLink | undefined {
    return this.state.name === 'up' || this.state.name === 'draining' ? this.state.link : undefined;
  }

  /** Whether the worker has a process or will restart one. */
  get isAlive(): boolean {
    return this.state.name !== 'down';
  }

  get pid(): number | undefined {
    return 'child' in this.state ? this.state.child.pid : undefined;
  }

  /** Lets the worker finish its calls and end. A worker that drains already may be told again. */
  drain(order: DrainOrder): void {
    const { state } = this;
    if (state.name === 'pausing') {
      state.timer.cancel();
      this.state = { name: 'down' };
    } else if (state.name === 'up' || state.name === 'draining') {
      this.enterDraining(state, order);
      state.link.tell('drain', order);
    } else if (state.name === 'starting') {
      this.enterDraining(state, order);
      state.child.kill('SIGKILL');
    }
  }

  private enterDraining(state: State & { child: ChildProcess; link: WorkerLink }, { seconds }: DrainOrder): void {
    const { child, link } = state;
    const { clock } = this.options;
    let endMs = clock.now() + seconds * 1000 + BEYOND_DRAIN_MS;
    if (state.name === 'draining') {
      state.limit.cancel();
      endMs = Math.min(endMs, state.endMs);
    }
    const limit = clock.setTimer(endMs - clock.now(), () => child.kill('SIGKILL'));
    this.state = { name: 'draining', child, link, endMs, limit };
  }

  private onExit(child: ChildProcess, link: WorkerLink): void {
    link.close();
    const { state } = this;
    if (!('child' in state) || state.child !== child) return;
    this.state = { name: 'down' };
    if (state.name === 'draining') {
      state.limit.cancel();
      this.options.onEnd(this, 'stopped', undefined);
      return;
    }
    const { clock, onEnd } = this.options;
    if (state.name === 'up' && clock.now() - state.sinceMs >= HEALTHY_MS) this.deaths = 0;
    const pauseMs = this.deaths < MAX_DEATHS ? Math.min(FIRST_PAUSE_MS * 2 ** this.deaths, MAX_PAUSE_MS) : undefined;
    this.deaths++;
    if (pauseMs !== undefined) {
      this.state = { name: 'pausing', timer: clock.setTimer(pauseMs, () => this.start()) };
    }
    onEnd(this, state.name === 'up' ? 'died' : 'failed', pauseMs);
  }
}
