import { randomBytes } from 'node:crypto';
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../telemetry/log.js';
import type { History } from '../history.js';
import type { SummaryRequest, ToolDefinition } from '../session.js';
import { type ChatLimits, type ChatMessage, type ChatToolCall, streamChat } from './chat-stream.js';
import type { Replier, ReplyPart } from './replier.js';
import { SentenceSplitter } from '../../speech/sentences.js';

/** Two tries within these limits are about as long as a caller waits on the telephone. */
const LIMITS: ChatLimits = { firstPieceMs: 8000, nextPieceMs: 4000 };
const TRIES = 2;
/** Maximum length of an answer, about four minutes of speech. The rest is not read. */
const MAX_ANSWER_CHARACTERS = 4000;
/** Maximum length of a summary. What an agent reads is a quarter of it. */
const MAX_SUMMARY_CHARACTERS = 4000;
const NOTHING_HEARD = 'Sorry, I could not hear you well. Could you say that again?';
const APOLOGY = 'I am sorry, I am having a problem on my side.';

export interface LlmOptions {
  /** Base URL of an OpenAI-compatible endpoint. `/chat/completions` is appended. */
  baseUrl: string;
  model: string;
  instructions: string;
  tools: readonly ToolDefinition[];
  history: History;
  clock: Clock;
  log: Logger;
  limits?: ChatLimits;
}

/** The tool calls of one answer of the model, with their results. */
interface Exchange {
  /** The last item said before the calls. `undefined` if there was none. */
  afterItemId: string | undefined;
  calls: readonly ChatToolCall[];
  outputs: Map<string, unknown>;
}

/** Answers with a language model behind an OpenAI-compatible endpoint, sentence by sentence as the text streams in. */
export class LlmReplier implements Replier {
  private readonly options: LlmOptions;
  private readonly exchanges: Exchange[] = [];

  constructor(options: LlmOptions) {
    this.options = options;
  }

  async *reply(text: string, signal: AbortSignal): AsyncIterable<ReplyPart> {
    if (text === '') yield { type: 'sentence', text: NOTHING_HEARD };
    else yield* this.converse(text, signal);
  }

  toolResult(toolCallId: string, output: unknown): boolean {
    const exchange = this.exchanges.find((candidate) => candidate.calls.some((call) => call.id === toolCallId));
    if (exchange === undefined || exchange.outputs.has(toolCallId)) return false;
    exchange.outputs.set(toolCallId, output);
    // "ok" alone needs no answer, because the owner does what was requested and the caller has heard enough.
    return isAnswered(exchange) && [...exchange.outputs.values()].some((value) => !isPlainOk(value));
  }

  resume(signal: AbortSignal): AsyncIterable<ReplyPart> {
    return this.converse(undefined, signal);
  }

  private async *converse(text: string | undefined, signal: AbortSignal): AsyncIterable<ReplyPart> {
    const messages = this.messages(text);
    for (let tries = 1; tries <= TRIES; tries++) {
      let spoken = false;
      try {
        for await (const part of this.ask(messages, signal)) {
          spoken = true;
          yield part;
        }
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.options.log.warn({ err: error, tries }, 'language model failed');
        // A retry would say the beginning a second time.
        if (spoken) break;
      }
    }
    yield { type: 'sentence', text: APOLOGY };
    yield {
      type: 'tool-call',
      toolCallId: newCallId(),
      name: 'transfer_to_human',
      arguments: { reason: 'assistant_failed' },
    };
  }

  private async *ask(messages: readonly ChatMessage[], signal: AbortSignal): AsyncIterable<ReplyPart> {
    const { baseUrl, model, clock, limits = LIMITS, history, log } = this.options;
    const tools = this.options.tools.map((tool) => ({ type: 'function', function: tool }));
    const request = { model, messages, ...(tools.length === 0 ? {} : { tools }) };
    const splitter = new SentenceSplitter();
    const calls: ChatToolCall[] = [];
    let left = MAX_ANSWER_CHARACTERS;
    for await (const piece of streamChat(chatUrl(baseUrl), request, { signal, clock, limits })) {
      if (piece.type === 'text') {
        yield* splitter.push(piece.text.slice(0, left)).map(toSentence);
        left -= piece.text.length;
        if (left > 0) continue;
        log.warn({ max_characters: MAX_ANSWER_CHARACTERS }, 'an answer of the language model was too long and was cut');
        break;
      } else calls.push({ ...piece.call, id: piece.call.id === '' ? newCallId() : piece.call.id });
    }
    yield* splitter.flush().map(toSentence);
    if (calls.length === 0) return;
    this.exchanges.push({ afterItemId: history.turns.at(-1)?.itemId, calls, outputs: new Map() });
    for (const call of calls) {
      yield {
        type: 'tool-call',
        toolCallId: call.id,
        name: call.function.name,
        arguments: parseArguments(call.function.arguments),
      };
    }
  }

  /** Returns the conversation as the caller heard it. `text` is appended unless the caller's last turn ends with it. */
  private messages(text: string | undefined): ChatMessage[] {
    const messages: ChatMessage[] = [{ role: 'system', content: this.options.instructions }];
    this.addExchanges(messages, undefined);
    for (const turn of this.options.history.turns) {
      add(messages, turn.speaker === 'caller' ? 'user' : 'assistant', turn.text);
      this.addExchanges(messages, turn.itemId);
    }
    const last = messages.at(-1);
    if (text !== undefined && !(last?.role === 'user' && last.content.endsWith(text))) add(messages, 'user', text);
    return messages;
  }

  private addExchanges(messages: ChatMessage[], afterItemId: string | undefined): void {
    for (const exchange of this.exchanges) {
      if (exchange.afterItemId !== afterItemId || !isAnswered(exchange)) continue;
      messages.push({ role: 'assistant', content: '', tool_calls: exchange.calls });
      for (const [id, output] of exchange.outputs) {
        messages.push({ role: 'tool', tool_call_id: id, content: JSON.stringify(output ?? null) });
      }
    }
  }
}

/**
 * Resolves with a summary that the same model writes beside the conversation.
 * @throws TandemError LOCAL_LLM_UNREACHABLE
 */
export async function writeSummary(
  { baseUrl, model, clock }: Pick<LlmOptions, 'baseUrl' | 'model' | 'clock'>,
  { instructions, transcript, signal }: SummaryRequest,
): Promise<string> {
  const messages: ChatMessage[] = [
    { role: 'system', content: instructions },
    { role: 'user', content: transcript },
  ];
  let text = '';
  for await (const piece of streamChat(chatUrl(baseUrl), { model, messages }, { signal, clock, limits: LIMITS })) {
    if (piece.type === 'text') text += piece.text;
    if (text.length >= MAX_SUMMARY_CHARACTERS) break;
  }
  return text.slice(0, MAX_SUMMARY_CHARACTERS);
}

function chatUrl(baseUrl: string): string {
  return `${baseUrl.replace(/\/+$/, '')}/chat/completions`;
}

/** Appends a turn. Neighbouring sentences are joined, because for the model one answer is one message. */
function add(messages: ChatMessage[], role: 'user' | 'assistant', content: string): void {
  const last = messages.at(-1);
  if (last?.role === role && !('tool_calls' in last)) last.content = `${last.content} ${content}`.trim();
  else messages.push({ role, content });
}

function toSentence(text: string): ReplyPart {
  return { type: 'sentence', text };
}

function isAnswered(exchange: Exchange): boolean {
  return exchange.outputs.size === exchange.calls.length;
}

function isPlainOk(output: unknown): boolean {
  return (
    typeof output === 'object' &&
    output !== null &&
    'status' in output &&
    output.status === 'ok' &&
    Object.keys(output).length === 1
  );
}

/** Returns an empty object if the model's arguments are not JSON. */
function parseArguments(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return {};
  }
}

function newCallId(): string {
  return `call-${randomBytes(6).toString('hex')}`;
}
