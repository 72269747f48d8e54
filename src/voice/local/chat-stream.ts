import { z } from 'zod';
import type { Clock, Timer } from '../../base/clock.js';
import { TandemError } from '../../base/errors.js';
import { type EventLimits, readEvents } from '../../base/server-sent-events.js';
import { ThoughtFilter } from './thoughts.js';
import { ToolCallPieces, type WrittenCall } from './tool-call-pieces.js';

/** Messages and pieces of OpenAI's Chat Completions API ("Create chat completion", with `stream: true`). */
export type ChatMessage =
  | { role: 'system' | 'user'; content: string }
  | { role: 'assistant'; content: string; tool_calls?: readonly ChatToolCall[] }
  | { role: 'tool'; tool_call_id: string; content: string };

export interface ChatToolCall {
  id: string;
  type: 'function';
  function: { name: string; arguments: string };
}

export interface ChatRequest {
  model: string;
  messages: readonly ChatMessage[];
  tools?: readonly unknown[];
}

export interface ChatLimits {
  /** Maximum time until the first word or tool call. What a model writes of its reasoning is neither. */
  firstWordMs: number;
  /** Maximum time between two pieces after that. */
  nextPieceMs: number;
  /** Maximum time for the whole answer. */
  wholeMs: number;
}

export type ChatPiece =
  | { type: 'text'; text: string }
  | { type: 'tool-call'; call: WrittenCall }
  /** Comes last: the server has stopped the model at a limit of its length. */
  | { type: 'cut' };

/** A piece of an answer has a few hundred characters. Servers that repeat much around every word send about a kilobyte a word. */
export const EVENT_LIMITS: EventLimits = {
  eventCharacters: 262_144,
  streamBytes: 8 * 1024 * 1024,
  tooLong: () =>
    new TandemError('LOCAL_LLM_UNREACHABLE', "The language model's answer has an event or a length without end."),
};

/** Maximum number of tool calls in one answer. */
const MAX_CALLS = 16;

const toolCallDelta = z.object({
  index: z.number().nullish(),
  id: z.string().nullish(),
  function: z.object({ name: z.string().nullish(), arguments: z.unknown() }).nullish(),
});
const chunkSchema = z.object({
  choices: z.array(
    z.object({
      delta: z.object({ content: z.string().nullish(), tool_calls: z.array(toolCallDelta).nullish() }).nullish(),
      finish_reason: z.string().nullish(),
    }),
  ),
});

/**
 * Yields one streamed completion, first its text as it arrives, without what the model thinks, and then its tool calls.
 * @throws TandemError LOCAL_LLM_UNREACHABLE if the server does not answer, refuses, falls silent or breaks off
 */
export async function* streamChat(
  url: string,
  request: ChatRequest,
  options: { signal: AbortSignal; clock: Clock; limits: ChatLimits },
): AsyncIterable<ChatPiece> {
  const patience = new Patience(options.clock, options.limits);
  const signal = AbortSignal.any([options.signal, patience.signal]);
  try {
    patience.wait();
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ ...request, stream: true }),
      // A redirect is not followed, because the body is a caller's conversation and its new address may be anybody's.
      redirect: 'manual',
      signal,
    });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw new TandemError(
        'LOCAL_LLM_UNREACHABLE',
        `The language model's server answered with HTTP status ${response.status}.`,
      );
    }
    const calls = new ToolCallPieces();
    const thoughts = new ThoughtFilter();
    let finished = false;
    let isCut = false;
    for await (const data of readEvents(response.body, EVENT_LIMITS)) {
      patience.pause();
      if (data === '[DONE]') {
        finished = true;
        break;
      }
      const choice = chunkSchema.parse(JSON.parse(data)).choices[0];
      if (choice !== undefined) {
        for (const { function: called, id, index } of choice.delta?.tool_calls ?? [])
          calls.add({ index, id, name: called?.name, arguments: called?.arguments });
        const text = thoughts.push(choice.delta?.content ?? '');
        if (/\S/.test(text) || calls.count > 0) patience.begun();
        if (calls.count > MAX_CALLS)
          throw new TandemError('LOCAL_LLM_UNREACHABLE', 'The language model called too many tools at once.');
        if (text !== '') yield { type: 'text', text };
        if (typeof choice.finish_reason === 'string') finished = true;
        isCut ||= choice.finish_reason === 'length';
      }
      patience.wait();
    }
    if (!finished) throw new TandemError('LOCAL_LLM_UNREACHABLE', "The language model's answer broke off.");
    const rest = thoughts.flush();
    if (rest !== '') yield { type: 'text', text: rest };
    for (const call of calls.whole) yield { type: 'tool-call', call };
    if (isCut) yield { type: 'cut' };
  } catch (error) {
    if (error instanceof TandemError) throw error;
    const what = patience.signal.aborted
      ? patience.lost
      : "The language model's server could not be reached, or its response could not be read.";
    throw new TandemError('LOCAL_LLM_UNREACHABLE', what, { cause: error });
  } finally {
    patience.pause();
  }
}

/** Counts the time that the server takes. The time that the consumer takes for a piece does not count. */
class Patience {
  private readonly clock: Clock;
  private readonly limits: ChatLimits;
  private readonly abort = new AbortController();
  private running: { timer: Timer; sinceMs: number } | undefined;
  private takenMs = 0;
  private pieces = 0;
  private hasBegun = false;

  constructor(clock: Clock, limits: ChatLimits) {
    this.clock = clock;
    this.limits = limits;
  }

  /** Aborted when a limit is over. */
  get signal(): AbortSignal {
    return this.abort.signal;
  }

  /** Says which limit is over. */
  get lost(): string {
    if (this.hasBegun) return "The language model's answer did not go on, or did not end, in time.";
    return this.pieces === 0
      ? 'The language model did not answer in time.'
      : 'The language model wrote, but neither a word to say nor a tool call in time. A model that reasons first is too slow.';
  }

  wait(): void {
    const { firstWordMs, nextPieceMs, wholeMs } = this.limits;
    const leftMs = this.hasBegun ? Math.min(nextPieceMs, wholeMs - this.takenMs) : firstWordMs - this.takenMs;
    const timer = this.clock.setTimer(leftMs, () => this.abort.abort());
    this.running = { timer, sinceMs: this.clock.now() };
  }

  /** A piece has arrived, or the answer is over. */
  pause(): void {
    if (this.running === undefined) return;
    this.running.timer.cancel();
    this.takenMs += this.clock.now() - this.running.sinceMs;
    this.pieces++;
    this.running = undefined;
  }

  /** A word or a tool call has arrived. */
  begun(): void {
    this.hasBegun = true;
  }
}
