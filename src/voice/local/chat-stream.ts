import { z } from 'zod';
import type { Clock, Timer } from '../../base/clock.js';
import { TandemError } from '../../base/errors.js';
import { readEvents } from './sse.js';

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
  /** Maximum time until the first piece of an answer. */
  firstPieceMs: number;
  /** Maximum time between two pieces. */
  nextPieceMs: number;
}

export type ChatPiece = { type: 'text'; text: string } | { type: 'tool-call'; call: ChatToolCall };

/** Maximum number of tool calls in one answer. A list with a larger index would take long to walk through. */
const MAX_TOOL_CALLS = 64;

const toolCallDelta = z.object({
  index: z
    .int()
    .min(0)
    .max(MAX_TOOL_CALLS - 1)
    .optional(),
  id: z.string().nullish(),
  function: z.object({ name: z.string().nullish(), arguments: z.string().nullish() }).nullish(),
});
const chunkSchema = z.object({
  choices: z.array(
    z.object({
      delta: z.object({ content: z.string().nullish(), tool_calls: z.array(toolCallDelta).nullish() }).nullish(),
      finish_reason: z.string().nullish(),
    }),
  ),
});

type ToolCallDelta = z.infer<typeof toolCallDelta>;

/**
 * Yields one streamed completion, first its text as it arrives and then its tool calls.
 * @throws TandemError LOCAL_LLM_UNREACHABLE if the server does not answer, refuses, falls silent or breaks off
 */
export async function* streamChat(
  url: string,
  request: ChatRequest,
  options: { signal: AbortSignal; clock: Clock; limits: ChatLimits },
): AsyncIterable<ChatPiece> {
  const { clock, limits } = options;
  const timeout = new AbortController();
  let timer: Timer | undefined = clock.setTimer(limits.firstPieceMs, () => timeout.abort());
  const signal = AbortSignal.any([options.signal, timeout.signal]);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ ...request, stream: true }),
      signal,
    });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw new TandemError(
        'LOCAL_LLM_UNREACHABLE',
        `The language model's server answered with HTTP status ${response.status}.`,
      );
    }
    const calls: ChatToolCall[] = [];
    let finished = false;
    for await (const data of readEvents(response.body)) {
      timer?.cancel();
      timer = undefined;
      if (data === '[DONE]') {
        finished = true;
        break;
      }
      const choice = chunkSchema.parse(JSON.parse(data)).choices[0];
      if (choice !== undefined) {
        for (const delta of choice.delta?.tool_calls ?? []) addToolCall(calls, delta);
        const text = choice.delta?.content ?? '';
        // The limits are for the server, so the time that the consumer takes does not count.
        if (text !== '') yield { type: 'text', text };
        if (typeof choice.finish_reason === 'string') finished = true;
      }
      timer = clock.setTimer(limits.nextPieceMs, () => timeout.abort());
    }
    if (!finished) throw new TandemError('LOCAL_LLM_UNREACHABLE', "The language model's answer broke off.");
    for (const call of calls) yield { type: 'tool-call', call };
  } catch (error) {
    if (error instanceof TandemError) throw error;
    const what = timeout.signal.aborted
      ? 'The language model did not answer in time.'
      : "The language model's server could not be reached, or its response could not be read.";
    throw new TandemError('LOCAL_LLM_UNREACHABLE', what, { cause: error });
  } finally {
    timer?.cancel();
  }
}

/** Adds a piece of a tool call to the call with its index. Some servers send each call whole and without an index. */
function addToolCall(calls: ChatToolCall[], delta: ToolCallDelta): void {
  const index = delta.index ?? calls.length;
  const call = (calls[index] ??= { id: '', type: 'function', function: { name: '', arguments: '' } });
  if (typeof delta.id === 'string' && delta.id !== '') call.id = delta.id;
  if (call.function.name === '') call.function.name = delta.function?.name ?? '';
  call.function.arguments += delta.function?.arguments ?? '';
}
