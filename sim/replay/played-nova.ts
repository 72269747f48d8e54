import type { BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import type { Message } from '../../src/tape/format.js';
import { errorOf } from './played-socket.js';
import type { Score } from './score.js';

type Handler = (args: unknown) => Promise<{ response: unknown; output: unknown }>;

interface Command {
  input: { body?: AsyncIterable<unknown> };
  middlewareStack: { resolve: (handler: Handler, context: unknown) => Handler };
}

const encoder = new TextEncoder();

/** A client of Amazon Bedrock whose service is a tape. */
export function playedNovaClient(score: Score): BedrockRuntimeClient {
  const client = {
    config: { credentials: () => Promise.resolve({}) },
    destroy: () => undefined,
    send: (command: Command, options: { abortSignal?: AbortSignal } = {}) =>
      command.input.body === undefined
        ? score.answer('write', (answer) => answer, errorOf)
        : exchange(command, command.input.body, score, options.abortSignal),
  };
  return client as unknown as BedrockRuntimeClient;
}

/** One session. What the gateway sends is taken when the client took it, and noted by the recorder on its way. */
async function exchange(
  command: Command,
  body: AsyncIterable<unknown>,
  score: Score,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const output = new Output();
  const events = body[Symbol.asyncIterator]();
  signal?.addEventListener('abort', () => output.fail(Object.assign(new Error('aborted'), { name: 'AbortError' })));
  let accept: () => void = () => undefined;
  let send: () => void = () => undefined;
  const sending = new Promise<void>((resolve) => (send = resolve));
  const accepted = new Promise<void>((resolve) => (accept = resolve));
  score.join('nova', (m) => {
    if ('pull' in m) void events.next();
    else if ('sending' in m) send();
    else if ('opened' in m) accept();
    else if ('message' in m)
      output.push({
        chunk: {
          bytes: encoder.encode(typeof m['message'] === 'string' ? m['message'] : JSON.stringify(m['message'])),
        },
      });
    else if ('closed' in m) output.end();
    else if ('failed' in m) {
      output.fail(errorOf(m['failed'] as Message));
    }
  });
  await Promise.race([sending, output.failure]);
  const handler = command.middlewareStack.resolve(async () => {
    await Promise.race([accepted, output.failure]);
    return { response: { statusCode: 200 }, output: {} };
  }, {});
  await handler({ input: command.input, request: {} });
  return { body: output };
}

/** Events that are read one after the other. */
class Output implements AsyncIterable<unknown> {
  /** Rejects when the exchange has failed. */
  readonly failure: Promise<never>;
  private readonly waiting: unknown[] = [];
  private wake: () => void = () => undefined;
  private reject: (error: Error) => void = () => undefined;
  private over: { error: Error | undefined } | undefined;

  constructor() {
    this.failure = new Promise((_resolve, reject) => (this.reject = reject));
    this.failure.catch(() => undefined);
  }

  push(event: unknown): void {
    this.waiting.push(event);
    this.wake();
  }

  end(): void {
    this.over ??= { error: undefined };
    this.wake();
  }

  fail(error: Error): void {
    this.over ??= { error };
    this.reject(error);
    this.wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown> {
    for (;;) {
      while (this.waiting.length > 0) yield this.waiting.shift();
      if (this.over !== undefined) {
        if (this.over.error !== undefined) throw this.over.error;
        return;
      }
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}
