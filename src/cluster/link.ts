import type { Socket } from 'node:net';
import type { Clock, Timer } from '../base/clock.js';

/** The questions that one side answers, by name. */
export type Protocol = Record<string, { asked: unknown; answer: unknown }>;

/** How one side answers. A connection may come with a question, and then belongs to the side that answers. */
export type Answers<P extends Protocol> = {
  [K in keyof P]: (asked: P[K]['asked'], socket: Socket | undefined) => P[K]['answer'] | Promise<P[K]['answer']>;
};

/** One end of the channel between primary and worker: a child process in the primary, `process` in the worker. */
export interface Channel {
  readonly connected: boolean;
  send?(message: unknown, socket?: Socket, options?: undefined, callback?: (error: Error | null) => void): boolean;
  on(event: 'message', listener: (message: unknown, socket: unknown) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
}

type Message =
  | { kind: 'question'; id: number | undefined; name: string; asked: unknown }
  | { kind: 'answer'; id: number; answer: unknown }
  | { kind: 'failure'; id: number };

interface Pending {
  resolve: (answer: unknown) => void;
  reject: (error: LinkFailure) => void;
  limit: Timer;
}

/** Why a question has no answer. Holds nothing of the question's content. */
export class LinkFailure extends Error {
  constructor(why: 'closed' | 'late' | 'failed') {
    super(why);
    this.name = 'LinkFailure';
  }
}

/** Sends questions and answers between two processes, in both directions. `Theirs` are the questions the other side answers. */
export class Link<Theirs extends Protocol, Ours extends Protocol> {
  private readonly channel: Channel;
  private readonly answers: Answers<Ours>;
  private readonly clock: Clock;
  private readonly pending = new Map<number, Pending>();
  private lastId = 0;

  constructor(channel: Channel, answers: Answers<Ours>, clock: Clock) {
    this.channel = channel;
    this.answers = answers;
    this.clock = clock;
    channel.on('message', (message, socket) => {
      void this.onMessage(message as Message, socket as Socket | undefined);
    });
    channel.on('disconnect', () => this.close());
  }

  /** Asks the other side. Rejects with {@link LinkFailure} if there is no answer within `limitMs`. */
  ask<K extends keyof Theirs & string>(
    name: K,
    asked: Theirs[K]['asked'],
    limitMs: number,
  ): Promise<Theirs[K]['answer']> {
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      const limit = this.clock.setTimer(limitMs, () => this.settle(id, 'late'));
      this.pending.set(id, { resolve, reject, limit });
      this.post({ kind: 'question', id, name, asked }, undefined, () => this.settle(id, 'closed'));
    });
  }

  /** Sends a question without waiting for its answer. `socket` must not be read any more (pass-socket.ts). */
  tell<K extends keyof Theirs & string>(
    name: K,
    asked: Theirs[K]['asked'],
    socket?: Socket,
    onSent: () => void = () => undefined,
  ): void {
    this.post({ kind: 'question', id: undefined, name, asked }, socket, onSent, onSent);
  }

  /** Rejects every pending question. */
  close(): void {
    for (const id of this.pending.keys()) this.settle(id, 'closed');
  }

  private async onMessage(message: Message, socket: Socket | undefined): Promise<void> {
    if (message.kind === 'answer') return this.settle(message.id, 'answered', message.answer);
    if (message.kind === 'failure') return this.settle(message.id, 'failed');
    const { asked, id, name } = message;
    let reply: Message | undefined;
    try {
      const answer: unknown = await this.answers[name]?.(asked, socket);
      reply = id === undefined ? undefined : { kind: 'answer', id, answer };
    } catch {
      reply = id === undefined ? undefined : { kind: 'failure', id };
    }
    if (reply !== undefined) this.post(reply);
  }

  private settle(id: number, how: 'answered' | 'closed' | 'late' | 'failed', answer?: unknown): void {
    const pending = this.pending.get(id);
    if (pending === undefined) return;
    this.pending.delete(id);
    pending.limit.cancel();
    if (how === 'answered') pending.resolve(answer);
    else pending.reject(new LinkFailure(how));
  }

  private post(message: Message, socket?: Socket, onFailed?: () => void, onSent?: () => void): void {
    if (!this.channel.connected) {
      onFailed?.();
      return;
    }
    this.channel.send?.(message, socket, undefined, (error) => (error === null ? onSent : onFailed)?.());
  }
}
