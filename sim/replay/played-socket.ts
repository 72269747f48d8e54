import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import { type ErrorCode, TandemError } from '../../src/base/errors.js';
import type { Message } from '../../src/tape/format.js';

/** A WebSocket whose other side is a tape. What its owner sends goes nowhere, because the recorder has noted it. */
export class PlayedSocket extends EventEmitter {
  readonly bufferedAmount = 0;
  private readonly isAlive: boolean;

  /** `isAlive`: whether the other side answered to the end. Then it answers each ping at once. */
  constructor(isAlive: boolean) {
    super();
    this.isAlive = isAlive;
  }

  send(): void {}
  close(): void {}
  terminate(): void {}

  ping(): void {
    if (this.isAlive) queueMicrotask(() => this.emit('pong', Buffer.alloc(0)));
  }

  /** Lets the owner see what the tape holds. `text`: the message as it was, if there is one. */
  play(m: Message, textOf: (message: unknown) => string): void {
    if ('message' in m) this.emit('message', Buffer.from(textOf(m['message'])), false);
    else if ('binary' in m) this.emit('message', Buffer.alloc(0), true);
    else if ('opened' in m) this.emit('open');
    else if ('pong' in m) {
      if (!this.isAlive) this.emit('pong', Buffer.alloc(0));
    } else if ('refused' in m) this.emit('unexpected-response', undefined, refusal(Number(m['refused'])));
    else if ('error' in m) this.emit('error', errorOf(m['error'] as Message));
    else if ('closed' in m) this.emit('close', Number(m['closed']), Buffer.from(textOf(m['reason'] ?? '')));
  }

  get asSocket(): WebSocket {
    return this as unknown as WebSocket;
  }
}

function refusal(statusCode: number): Partial<IncomingMessage> {
  return { statusCode, resume: () => undefined as never };
}

/** Returns an error as it was thrown, as far as anybody reads it. */
export function errorOf(failed: Message): Error {
  const { code, errno, fault, message, name, tandem, what } = failed as Record<string, string | undefined>;
  if (tandem !== undefined) return new TandemError(tandem as ErrorCode, what ?? '');
  const error = new Error(message ?? '');
  error.name = name ?? 'Error';
  const system = errno ?? code;
  if (system !== undefined) Object.assign(error, { code: system });
  if (fault !== undefined) Object.assign(error, { $fault: fault });
  return error;
}
