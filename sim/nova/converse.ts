import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { z } from 'zod';
import type { Clock, Timer } from '../../src/base/clock.js';
import type { Act, BrainFactory } from '../model/script.js';
import { type NovaFault, exceptionOf, refusalOf } from './faults.js';
import { type Refusal, type RequestRules, checkConverse } from './request.js';

/** A request to a text model. */
export interface ConverseRecord {
  modelId: string;
  instructions: string;
  text: string;
}

export interface ConverseOptions {
  clock: Clock;
  brain: BrainFactory;
  rules: RequestRules;
  refuse: (stream: ServerHttp2Stream, refusal: Refusal) => void;
}

const PATH = /^\/model\/[^/?]+\/converse$/;
const MAX_BODY_BYTES = 1024 * 1024;

const block = z.strictObject({ text: z.string().regex(/\S/, 'The text field in the ContentBlock object is blank.') });
const message = z.strictObject({ role: z.enum(['user', 'assistant']), content: z.array(block).min(1) });
/** The part of Converse that text needs (Bedrock API reference, Converse). */
const body = z.strictObject({
  messages: z
    .array(message)
    .min(1)
    .refine(([first]) => first?.role === 'user', 'A conversation must start with a user message.')
    .refine(
      (list) => list.every(({ role }, i) => role !== list[i - 1]?.role),
      'Roles must alternate between "user" and "assistant".',
    ),
  system: z.array(block).min(1).optional(),
  inferenceConfig: z
    .strictObject({
      maxTokens: z.int().min(1).optional(),
      temperature: z.number().min(0).max(1).optional(),
      topP: z.number().min(0).max(1).optional(),
      stopSequences: z.array(z.string().min(1)).max(4).optional(),
    })
    .optional(),
});

const STATUS: Readonly<Record<string, number>> = {
  validationException: 400,
  modelTimeoutException: 408,
  modelStreamErrorException: 424,
  throttlingException: 429,
  internalServerException: 500,
  serviceUnavailableException: 503,
};

/** The Converse operation. The brain answers it as an `aside`, a text outside of the conversation. */
export class ConverseApi {
  readonly records: ConverseRecord[] = [];
  private readonly options: ConverseOptions;
  private readonly waiting = new Set<Timer>();

  constructor(options: ConverseOptions) {
    this.options = options;
  }

  static isMeant(headers: IncomingHttpHeaders): boolean {
    return PATH.test(headers[':path'] ?? '');
  }

  async onStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const pieces: Buffer[] = [];
    let sizeBytes = 0;
    try {
      for await (const piece of stream as AsyncIterable<Buffer>) {
        sizeBytes += piece.length;
        if (sizeBytes > MAX_BODY_BYTES) return this.options.refuse(stream, refusalOf(400));
        pieces.push(piece);
      }
    } catch {
      // The client has aborted the request.
      return;
    }
    this.answer(stream, headers, Buffer.concat(pieces));
  }

  close(): void {
    for (const timer of this.waiting) timer.cancel();
    this.waiting.clear();
  }

  private answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, bytes: Buffer): void {
    const { brain, clock, refuse, rules } = this.options;
    const checked = checkConverse(headers, bytes, rules, clock.epochMs());
    if (!checked.ok) return refuse(stream, checked.refusal);
    const asked = body.safeParse(parsed(bytes));
    if (!asked.success) {
      const { message: what = '', path = [] } = asked.error.issues[0] ?? {};
      return refuse(stream, { ...refusalOf(400), message: `${what} (${path.join('.')})` });
    }
    const { messages, system = [] } = asked.data;
    const instructions = textOf(system);
    const text = textOf(messages.at(-1)?.content ?? []);
    this.records.push({ modelId: checked.modelId, instructions, text });
    const acts = brain().decide({ type: 'aside', instructions, text }, { instructions, tools: [], history: [] });
    this.perform(stream, acts, asked.data.inferenceConfig?.maxTokens ?? Infinity, text);
  }

  private perform(stream: ServerHttp2Stream, acts: readonly Act[], maxTokens: number, question: string): void {
    const delayMs = acts.reduce((sum, act) => sum + (act.type === 'wait' ? act.ms : 0), 0);
    const fault = acts.find((act) => act.type === 'fault')?.fault;
    const said = acts.flatMap((act) => (act.type === 'speak' ? [act.text] : [])).join(' ');
    const timer = this.options.clock.setTimer(delayMs, () => {
      this.waiting.delete(timer);
      if (stream.destroyed) return;
      if (fault === undefined) respond(stream, reply(said, maxTokens, question));
      else this.strike(stream, fault);
    });
    this.waiting.add(timer);
    stream.once('close', () => {
      timer.cancel();
      this.waiting.delete(timer);
    });
  }

  private strike(stream: ServerHttp2Stream, fault: NovaFault): void {
    const exception = exceptionOf(fault);
    if (exception !== undefined)
      this.options.refuse(stream, { ...refusalOf(STATUS[exception.exception] ?? 500), message: exception.message });
    else if (fault.type === 'reset') stream.session?.socket.resetAndDestroy();
    else if (fault.type === 'malformed') respond(stream, '{"output":{"message":');
    else if (fault.type === 'unknown-event') respond(stream, '{"outcome":"done"}');
    // Any other fault leaves the request without an answer.
  }
}

const CHARACTERS_PER_TOKEN = 4;

function reply(said: string, maxTokens: number, question: string): string {
  const text = said.slice(0, maxTokens * CHARACTERS_PER_TOKEN);
  const inputTokens = Math.ceil(question.length / CHARACTERS_PER_TOKEN);
  const outputTokens = Math.ceil(text.length / CHARACTERS_PER_TOKEN);
  return JSON.stringify({
    output: { message: { role: 'assistant', content: [{ text }] } },
    stopReason: text === said ? 'end_turn' : 'max_tokens',
    usage: { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens },
    metrics: { latencyMs: 1 },
  });
}

function respond(stream: ServerHttp2Stream, json: string): void {
  stream.respond({ ':status': 200, 'content-type': 'application/json' });
  stream.end(json);
}

function textOf(blocks: readonly { text: string }[]): string {
  return blocks.map(({ text }) => text).join('\n');
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
