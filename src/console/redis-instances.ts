import { type KeyObject, randomUUID } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import type { Clock, Timer } from '../base/clock.js';
import { connectRedis } from '../journal/redis-connection.js';
import type { RedisTarget } from '../journal/redis-url.js';
import { Seal } from '../journal/seal.js';
import type { Logger } from '../telemetry/log.js';
import type {
  ConsoleMember,
  InstanceAnswers,
  InstanceQuestion,
  InstanceQuestions,
  InstanceUpdate,
  Opened,
  OtherInstances,
} from './other-instances.js';

/** Exists while some instance watches. An instance that starts looks here once. */
const WATCH_KEY = 'console:watch';
const WATCH_MS = 10_000;
/** How often a watching instance says so again. Twice may be lost. */
const RENEW_MS = 3500;

const WATCHING = 'console:watching';
const UPDATES = 'console:updates';
const QUESTIONS = 'console:questions';
const answersTo = (instance: string): string => `console:answers:${instance}`;

/** Changes when the messages do, so that instances of two releases ignore each other. */
const VERSION = 1;

interface Asking {
  answers: { instance: string; answer: unknown }[];
  /** How many were asked. `undefined` until Redis has said so. */
  expected: number | undefined;
  isEnough: (answer: unknown) => boolean;
  settle: (isComplete: boolean) => void;
}

/**
 * The other instances, over Redis. Everything is encrypted as the journal is, and so comes from an instance with the same key.
 * Without Redis each console shows its own calls.
 */
export class RedisInstances implements OtherInstances {
  private readonly id = randomUUID();
  private readonly clock: Clock;
  private readonly log: Logger;
  private readonly seal: Seal;
  private readonly sender: Redis | Cluster;
  private readonly receiver: Redis | Cluster;
  /** In a Redis Cluster a publisher learns only of the subscribers of its node. */
  private readonly countsReceivers: boolean;
  private member: ConsoleMember | undefined;
  /** The other instances that watch. */
  private readonly watching = new Map<string, { opened: readonly string[]; untilMs: number }>();
  private expiry: Timer | undefined;
  private renewal: Timer | undefined;
  private opened: Opened;
  /** What the others watch, as it was told last. */
  private wanted: Opened;
  private readonly asking = new Map<number, Asking>();
  private lastQuestion = 0;

  constructor(options: { target: RedisTarget; keys: readonly [KeyObject, ...KeyObject[]]; clock: Clock; log: Logger }) {
    const { clock, keys, log, target } = options;
    this.clock = clock;
    this.log = log;
    this.seal = new Seal(keys, VERSION);
    this.countsReceivers = target.kind !== 'cluster';
    this.sender = connectRedis(target);
    this.receiver = connectRedis(target);
    // The journal reports what is wrong with Redis. Node would throw without a listener.
    for (const client of [this.sender, this.receiver]) client.on('error', () => undefined);
  }

  join(member: ConsoleMember): void {
    this.member = member;
    this.receiver.on('messageBuffer', (channel: Buffer, message: Buffer) =>
      this.onMessage(channel.toString(), message),
    );
    const subscribe = (): void => {
      this.receiver.subscribe(WATCHING, UPDATES, QUESTIONS, answersTo(this.id)).catch((error: unknown) => {
        // A connection that breaks is replaced, and the journal reports it.
        if (!(error instanceof Error && error.message.startsWith('NOPERM'))) return;
        this.log.warn('Redis lets the console not subscribe, so it shows the calls of this instance only');
      });
    };
    // Each connection subscribes anew, also after Redis was away.
    this.receiver.on('ready', subscribe);
    if (this.receiver.status === 'ready') subscribe();
    this.sender.once('ready', () => void this.lookForWatchers());
  }

  watch(opened: Opened): void {
    const wasWatching = this.opened !== undefined;
    this.opened = opened;
    this.renewal?.cancel();
    if (opened !== undefined) this.announce();
    else if (wasWatching) void this.send(WATCHING, { opened: null });
  }

  publish(update: InstanceUpdate): void {
    void this.send(UPDATES, { update });
  }

  ask<Name extends keyof InstanceQuestions>(
    name: Name,
    asked: InstanceQuestions[Name]['asked'],
    limitMs: number,
    isEnough: (answer: InstanceQuestions[Name]['answer']) => boolean = () => false,
  ): Promise<InstanceAnswers<InstanceQuestions[Name]['answer']>> {
    const number = ++this.lastQuestion;
    return new Promise((resolve) => {
      const answers: Asking['answers'] = [];
      const limit = this.clock.setTimer(limitMs, () => asking.settle(false));
      const asking: Asking = {
        answers,
        expected: undefined,
        isEnough: (answer) => isEnough(answer as InstanceQuestions[Name]['answer']),
        settle: (isComplete) => {
          limit.cancel();
          this.asking.delete(number);
          resolve({ answers: answers as InstanceAnswers<InstanceQuestions[Name]['answer']>['answers'], isComplete });
        },
      };
      this.asking.set(number, asking);
      void this.send(QUESTIONS, { number, question: { name, asked } }).then((receivers) => {
        if (receivers === undefined) asking.settle(false);
        else if (this.countsReceivers) {
          // This instance is one of them.
          asking.expected = receivers - 1;
          checkComplete(asking);
        }
      });
    });
  }

  async count(): Promise<number> {
    const reply: unknown = await this.sender.call('PUBSUB', 'NUMSUB', QUESTIONS).catch(() => undefined);
    const receivers = Array.isArray(reply) ? Number(reply[1]) : 0;
    return Math.max(1, Number.isFinite(receivers) ? receivers : 0);
  }

  close(): void {
    this.renewal?.cancel();
    this.expiry?.cancel();
    for (const asking of this.asking.values()) asking.settle(false);
    this.sender.disconnect();
    this.receiver.disconnect();
  }

  /** Says that this instance watches, now and again. */
  private announce(): void {
    this.renewal = this.clock.setTimer(RENEW_MS, () => this.announce());
    void this.sender.set(WATCH_KEY, '1', 'PX', WATCH_MS).catch(() => undefined);
    void this.send(WATCHING, { opened: this.opened ?? [] });
  }

  /** An instance that watched before this one started says what it has opened when it says so again. */
  private async lookForWatchers(): Promise<void> {
    const isWatched = await this.sender.exists(WATCH_KEY).catch(() => 0);
    if (isWatched === 1) this.noteWatching('', []);
  }

  /** Returns how many were reached. `undefined` without Redis. */
  private async send(channel: string, message: object): Promise<number | undefined> {
    const plain = Buffer.from(JSON.stringify({ from: this.id, ...message }));
    try {
      return await this.sender.publish(channel, this.seal.close(plain, channel));
    } catch {
      return undefined;
    }
  }

  private async answer(to: string, number: unknown, question: InstanceQuestion): Promise<void> {
    try {
      const answer: unknown = await this.member?.answer(question);
      await this.send(answersTo(to), { number, answer });
    } catch (error) {
      this.unusable(error);
    }
  }

  private onMessage(channel: string, sealed: Buffer): void {
    const plain = this.seal.open(sealed, channel);
    // Another release, or another deployment in the same Redis.
    if (typeof plain === 'string') return;
    try {
      const message = JSON.parse(plain.toString('utf8')) as Record<string, unknown> & { from: string };
      if (message.from !== this.id) this.onOther(channel, message);
    } catch (error) {
      this.unusable(error);
    }
  }

  private unusable(error: unknown): void {
    this.log.error({ err: error }, 'a message of another console could not be used');
  }

  private onOther(channel: string, { from, ...message }: Record<string, unknown> & { from: string }): void {
    switch (channel) {
      case WATCHING:
        this.noteWatching(from, message['opened'] as readonly string[] | null);
        return;
      case UPDATES:
        if (this.opened !== undefined) this.member?.onUpdate(from, message['update'] as InstanceUpdate);
        return;
      case QUESTIONS:
        void this.answer(from, message['number'], message['question'] as InstanceQuestion);
        return;
      default: {
        const asking = this.asking.get(message['number'] as number);
        if (asking === undefined) return;
        asking.answers.push({ instance: from, answer: message['answer'] });
        checkComplete(asking);
      }
    }
  }

  private noteWatching(instance: string, opened: readonly string[] | null): void {
    if (opened === null) this.watching.delete(instance);
    else this.watching.set(instance, { opened, untilMs: this.clock.now() + WATCH_MS });
    // What an unknown watcher has opened is known as soon as one has said it.
    if (instance !== '') this.watching.delete('');
    this.tellWatched();
  }

  private tellWatched(): void {
    this.expiry?.cancel();
    const nowMs = this.clock.now();
    for (const [instance, { untilMs }] of this.watching) if (untilMs <= nowMs) this.watching.delete(instance);
    const all = [...this.watching.values()];
    const opened = all.length === 0 ? undefined : [...new Set(all.flatMap(({ opened }) => opened))].sort();
    if (opened?.join() !== this.wanted?.join()) this.member?.onWatched(opened);
    this.wanted = opened;
    if (all.length === 0) return;
    const nextMs = Math.min(...all.map(({ untilMs }) => untilMs));
    this.expiry = this.clock.setTimer(Math.max(1, nextMs - nowMs), () => this.tellWatched());
  }
}

function checkComplete({ answers, expected, isEnough, settle }: Asking): void {
  const isDone = expected !== undefined && answers.length >= expected;
  if (isDone || answers.some(({ answer }) => isEnough(answer))) settle(isDone);
}
