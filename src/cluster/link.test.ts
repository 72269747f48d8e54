import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { type Answers, type Channel, Link, LinkFailure } from './link.js';

type Asked = { double: { asked: number; answer: number }; nothing: { asked: undefined; answer: undefined } };

/** One end of a channel like Node's, on which a message arrives at the other end later. */
class End extends EventEmitter implements Channel {
  connected = true;
  other: End | undefined;

  send(message: unknown, _socket: unknown, _options: unknown, callback?: (error: Error | null) => void): boolean {
    setImmediate(() => {
      this.other?.emit('message', structuredClone(message), undefined);
      callback?.(null);
    });
    return true;
  }

  break(): void {
    for (const end of [this, this.other]) {
      if (end === undefined) continue;
      end.connected = false;
      end.emit('disconnect');
    }
  }
}

function linked(answers: Partial<Answers<Asked>>): { link: Link<Asked, Asked>; end: End; clock: FakeClock } {
  const [near, far] = [new End(), new End()];
  near.other = far;
  far.other = near;
  const clock = new FakeClock();
  const unasked: Answers<Asked> = { double: (value) => value * 2, nothing: () => undefined };
  void new Link<Asked, Asked>(far, { ...unasked, ...answers }, clock);
  return { link: new Link<Asked, Asked>(near, unasked, clock), end: near, clock };
}

const failed = (why: string) => (error: unknown) => error instanceof LinkFailure && error.message === why;

test('each question to another process receives its own answer, in any order of the answers', async () => {
  const waiting: (() => void)[] = [];
  const { clock, link } = linked({
    double: (value) => new Promise((resolve) => waiting.push(() => resolve(value * 2))),
  });
  const answers = Promise.all([1, 2, 3].map((value) => link.ask('double', value, 1000)));
  while (waiting.length < 3) await new Promise(setImmediate);
  for (const answer of waiting.reverse()) answer();
  assert.deepEqual(await answers, [2, 4, 6]);
  assert.equal(clock.timers, 0);
});

test('a question fails if the other process throws, without the text of its error', async () => {
  const { link } = linked({
    double: () => {
      throw new Error('a secret');
    },
  });
  await assert.rejects(link.ask('double', 1, 1000), failed('failed'));
});

test('a question to another process times out, and its late answer is ignored', async () => {
  let answer = (_value: number): void => undefined;
  const { clock, link } = linked({ double: () => new Promise((resolve) => (answer = resolve)) });
  const question = link.ask('double', 1, 1000);
  await new Promise(setImmediate);
  clock.advance(1000);
  await assert.rejects(question, failed('late'));
  answer(2);
  assert.equal(await link.ask('nothing', undefined, 1000), undefined);
});

test('pending and later questions fail at once when the other process is gone', async () => {
  const { clock, end, link } = linked({ double: () => new Promise(() => undefined) });
  const question = link.ask('double', 1, 1000);
  await new Promise(setImmediate);
  end.break();
  await assert.rejects(question, failed('closed'));
  await assert.rejects(link.ask('double', 1, 1000), failed('closed'));
  assert.equal(clock.timers, 0);
});

test('a one-way message to another process has no answer, and its sender learns when it was sent or cannot be', async () => {
  const told: number[] = [];
  const { end, link } = linked({ double: (value) => told.push(value) });
  const sent = new Promise<void>((resolve) => link.tell('double', 7, undefined, resolve));
  await sent;
  assert.deepEqual(told, [7]);
  end.break();
  await new Promise<void>((resolve) => link.tell('double', 8, undefined, resolve));
  assert.deepEqual(told, [7]);
});
