import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import type { Answers } from './link.js';
import type { ToPrimary } from './protocol.js';
import { WorkerProcess } from './worker-process.js';

/** A process as its parent sees it. */
class Child extends EventEmitter {
  readonly pid: number;
  connected = true;
  readonly sent: unknown[] = [];

  constructor(pid: number) {
    super();
    this.pid = pid;
  }

  send(message: { name: string }): void {
    this.sent.push(message.name);
  }

  kill(signal: string): void {
    this.sent.push(signal);
  }
}

interface Scene {
  clock: FakeClock;
  worker: WorkerProcess;
  children: Child[];
  ends: string[];
  /** Ends the worker's current process. */
  die: () => void;
}

function scene(): Scene {
  const clock = new FakeClock();
  const children: Child[] = [];
  const ends: string[] = [];
  const worker = new WorkerProcess({
    name: '1',
    clock,
    fork: () => {
      const child = new Child(children.length + 1);
      children.push(child);
      return child as unknown as ChildProcess;
    },
    answers: () => ({}) as Answers<ToPrimary>,
    onUp: () => undefined,
    onEnd: (_worker, end, pauseMs) => ends.push(`${end} ${pauseMs}`),
  });
  worker.start();
  return { clock, worker, children, ends, die: () => children.at(-1)?.emit('exit') };
}

test('a worker that dies is restarted under its name, after a pause that grows while it keeps dying', () => {
  const { children, clock, die, ends, worker } = scene();
  worker.listens();
  die();
  assert.ok(worker.isAlive && !worker.isAccepting && worker.link === undefined);
  clock.advance(99);
  assert.equal(children.length, 1);
  clock.advance(1);
  assert.equal(children.length, 2);
  die();
  clock.advance(200);
  worker.listens();
  assert.equal(worker.pid, 3);
  die();
  assert.deepEqual(ends, ['died 100', 'failed 200', 'died 400']);
});

test('a worker that ran for a minute is restarted after the shortest pause again', () => {
  const { clock, die, ends, worker } = scene();
  for (let i = 0; i < 3; i++) {
    die();
    clock.advance(10_000);
  }
  worker.listens();
  clock.advance(60_000);
  die();
  assert.equal(ends.at(-1), 'died 100');
});

test('a worker that never comes up is given up after 13 attempts', () => {
  const { children, clock, die, ends, worker } = scene();
  while (worker.isAlive && children.length < 100) {
    die();
    clock.advance(10_000);
  }
  assert.equal(children.length, 13);
  assert.equal(ends.at(-1), 'failed undefined');
  assert.equal(clock.timers, 0);
});

test('a draining worker is told so, takes no calls, still answers, and is not restarted by itself', () => {
  const { children, clock, die, ends, worker } = scene();
  worker.listens();
  worker.drain({ seconds: 5, canMove: true });
  assert.deepEqual(children[0]?.sent, ['drain']);
  assert.ok(!worker.isAccepting && worker.link !== undefined);
  die();
  assert.deepEqual(ends, ['stopped undefined']);
  assert.ok(!worker.isAlive);
  assert.equal(clock.timers, 0);
});

test('a worker that hangs while draining is killed at the limit', () => {
  const { children, clock, worker } = scene();
  worker.listens();
  worker.drain({ seconds: 5, canMove: true });
  clock.advance(44_999);
  assert.deepEqual(children[0]?.sent, ['drain']);
  clock.advance(1);
  assert.deepEqual(children[0]?.sent, ['drain', 'SIGKILL']);
});

test('a draining worker that is told again is killed at the earlier of the two limits', () => {
  const { children, clock, die, worker } = scene();
  worker.listens();
  worker.drain({ seconds: 3600, canMove: true });
  clock.advance(1000);
  worker.drain({ seconds: 30, canMove: false });
  clock.advance(1000);
  worker.drain({ seconds: 600, canMove: false });
  clock.advance(68_999);
  assert.deepEqual(children[0]?.sent, ['drain', 'drain', 'drain']);
  clock.advance(1);
  assert.equal(children[0]?.sent.at(-1), 'SIGKILL');
  die();
  assert.equal(clock.timers, 0);
});

test('a worker drained while it starts is killed, and one drained before a restart is not started', () => {
  const starting = scene();
  starting.worker.drain({ seconds: 5, canMove: false });
  assert.deepEqual(starting.children[0]?.sent, ['SIGKILL']);
  const waiting = scene();
  waiting.die();
  waiting.worker.drain({ seconds: 5, canMove: false });
  waiting.clock.advance(100_000);
  assert.equal(waiting.children.length, 1);
  assert.ok(!waiting.worker.isAlive);
});
