import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pino } from 'pino';
import { History } from '../../src/voice/history.js';
import { LlmReplier } from '../../src/voice/local/llm.js';
import type { ReplyPart } from '../../src/voice/local/replier.js';
import { FakeClock } from './fake-clock.js';
import { LocalServer, jsonOf } from './local-server.js';

// For tests of the language model behind the embedded voice: a chat endpoint, and what asks it.

export type Answer = (response: ServerResponse) => void;

interface ChatBody {
  messages: unknown[];
  stream: boolean;
  model: string;
  tools?: unknown[];
}

/** An OpenAI-compatible endpoint that answers each request with the next of `answers`. */
class ChatServer {
  readonly requests: { url: string | undefined; body: ChatBody }[] = [];
  answers: Answer[] = [];
  onRequest: () => void = () => undefined;
  private readonly server = new LocalServer((request, response) => void this.handle(request, response));

  async listen(): Promise<string> {
    await this.server.listen();
    return this.url();
  }

  url(): string {
    return `${this.server.origin}/v1/`;
  }

  close(): Promise<void> {
    return this.server.close();
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = (await jsonOf(request)) as ChatBody;
    this.requests.push({ url: request.url, body });
    this.answers.shift()?.(response);
    this.onRequest();
  }
}

export function event(delta: unknown, finishReason: string | null = null): string {
  return `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finishReason }] })}\n\n`;
}

export const DONE = `${event({}, 'stop')}data: [DONE]\n\n`;

export function streams(...pieces: string[]): Answer {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const piece of pieces) response.write(piece);
    response.end();
  };
}

export function status(code: number): Answer {
  return (response) => {
    response.writeHead(code).end('{}');
  };
}

export const hangs: Answer = () => undefined;

interface LlmRig {
  server: ChatServer;
  clock: FakeClock;
  history: History;
  options: ConstructorParameters<typeof LlmReplier>[0];
  replier: LlmReplier;
  anomalies: string[];
  /** Never aborted. */
  signal: AbortSignal;
}

export async function withLlm(body: (rig: LlmRig) => Promise<void>): Promise<void> {
  const server = new ChatServer();
  const clock = new FakeClock();
  const history = new History();
  const anomalies: string[] = [];
  const options: LlmRig['options'] = {
    baseUrl: await server.listen(),
    model: 'small',
    instructions: 'Be kind.',
    language: 'de-CH',
    tools: [{ name: 'end_call', description: 'End the call.', parameters: { type: 'object' } }],
    history,
    clock,
    log: pino({ level: 'silent' }),
    onAnomaly: (kind) => anomalies.push(kind),
  };
  const { signal } = new AbortController();
  try {
    await body({ server, clock, history, options, replier: new LlmReplier(options), anomalies, signal });
  } finally {
    await server.close();
  }
  assert.equal(clock.timers, 0, 'no timer is left');
}

export async function all(parts: AsyncIterable<ReplyPart>): Promise<ReplyPart[]> {
  const list: ReplyPart[] = [];
  for await (const part of parts) list.push(part);
  return list;
}

export function texts(parts: readonly ReplyPart[]): string[] {
  return parts.flatMap((part) => (part.type === 'sentence' ? [part.text] : []));
}

export function toolNames(parts: readonly ReplyPart[]): string[] {
  return parts.flatMap((part) => (part.type === 'tool-call' ? [part.name] : []));
}

export function callIds(parts: readonly ReplyPart[]): string[] {
  return parts.flatMap((part) => (part.type === 'tool-call' ? [part.toolCallId] : []));
}
