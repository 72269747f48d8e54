import { randomBytes } from 'node:crypto';
import type { Clock } from '../../base/clock.js';
import { TandemError } from '../../base/errors.js';
import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { Logger } from '../../telemetry/log.js';
import type { History } from '../history.js';
import type { SummaryRequest, ToolDefinition } from '../session.js';
import type { LocalAnomaly } from './anomaly.js';
import { type ChatLimits, type ChatMessage, type ChatToolCall, streamChat } from './chat-stream.js';
import { notHeard } from './not-heard.js';
import type { Replier, ReplyPart } from './replier.js';
import type { WrittenCall } from './tool-call-pieces.js';
import { SentenceSplitter } from '../../speech/sentences.js';

const LIMITS: ChatLimits = {
  firstWordMs: SILENCE_BUDGET.chatFirstWordMs,
  nextPieceMs: SILENCE_BUDGET.chatNextPieceMs,
  wholeMs: 60_000,
};
/** Maximum number of requests for one answer that fail before its first word. */
const TRIES = 2;
/** Maximum number of times the model is asked to continue a broken answer. */
const MAX_CONTINUED = 2;
/** Number of times in a row a caller is told that nothing was heard of them, and is then handed to a human. */
const MAX_NOT_HEARD = 2;
/** Maximum length of an answer, about four minutes of speech. The rest is not read. */
const MAX_ANSWER_CHARACTERS = 4000;
/** Maximum length of a summary. What an agent reads is a quarter of it. */
const MAX_SUMMARY_CHARACTERS = 4000;
/** Sent as the caller's words, because some servers refuse a conversation that ends with the assistant's. */
const CONTINUE =
  '(Your answer broke off here. Continue it exactly where it stopped. Do not repeat what you have said, and do not mention the interruption.)';
const TRANSFER_TOOL = 'transfer_to_human';
const UNREADABLE = 'The arguments are not complete JSON. The tool was not called. Call it again with whole arguments.';

export interface LlmOptions {
  /** Base URL of an OpenAI-compatible endpoint. `/chat/completions` is appended. */
  baseUrl: string;
  model: string;
  instructions: string;
  /** BCP 47 tag of the language of the call. */
  language: string;
  tools: readonly ToolDefinition[];
  history: History;
  clock: Clock;
  log: Logger;
  onAnomaly?: (kind: LocalAnomaly) => void;
  limits?: ChatLimits;
}

/** What belongs to the conversation, but was not spoken. */
interface Unspoken {
  /** The last item said before it. `undefined` if there was none. */
  afterItemId: string | undefined;
  what: Exchange | Typed;
}

/** The tool calls of one answer of the model, with their results. */
interface Exchange {
  type: 'exchange';
  calls: readonly ChatToolCall[];
  outputs: Map<string, unknown>;
}

/** What the caller entered with keys, or the owner wrote for the caller. */
interface Typed {
  type: 'typed';
  text: string;
}

/**
 * What became of one answer. `unreadable`: the model called only tools whose arguments cannot be read. `cut`: the server has
 * stopped it in the middle.
 */
type Outcome = 'answered' | 'unreadable' | 'cut';

/** Answers with a language model behind an OpenAI-compatible endpoint, sentence by sentence as the text streams in. */
export class LlmReplier implements Replier {
  private readonly options: LlmOptions;
  private readonly unspoken: Unspoken[] = [];
  /** How many times in a row nothing was heard of the caller. */
  private notHeard = 0;

  constructor(options: LlmOptions) {
    this.options = options;
  }

  async *reply(text: string, signal: AbortSignal): AsyncIterable<ReplyPart> {
    if (text === '') {
      const canTransfer = this.options.tools.some(({ name }) => name === TRANSFER_TOOL);
      if (++this.notHeard <= MAX_NOT_HEARD || !canTransfer)
        yield { type: 'sentence', text: notHeard(this.options.language) };
      else yield* this.handOver('not_understood');
      return;
    }
    this.notHeard = 0;
    const last = this.messages().at(-1);
    if (last?.role !== 'user' || !last.content.endsWith(text)) this.insert({ type: 'typed', text });
    yield* this.converse(signal);
  }

  toolResult(toolCallId: string, output: unknown): boolean {
    const exchange = this.exchanges.find(({ calls }) => calls.some((call) => call.id === toolCallId));
    if (exchange === undefined || exchange.outputs.has(toolCallId)) return false;
    exchange.outputs.set(toolCallId, output);
    // "ok" alone needs no answer, because the owner does what was requested and the caller has heard enough.
    return isAnswered(exchange) && [...exchange.outputs.values()].some((value) => !isPlainOk(value));
  }

  resume(signal: AbortSignal): AsyncIterable<ReplyPart> {
    return this.converse(signal);
  }

  private async *converse(signal: AbortSignal): AsyncIterable<ReplyPart> {
    const { clock, limits = LIMITS, log } = this.options;
    let untilMs = clock.now() + SILENCE_BUDGET.chatAllTriesMs;
    let continued = 0;
    for (let tries = 1; tries <= TRIES;) {
      let hasSpoken = false;
      let outcome: Outcome;
      try {
        const firstWordMs = Math.max(1, Math.min(limits.firstWordMs, untilMs - clock.now()));
        const answer = this.ask({ ...limits, firstWordMs }, signal, continued > 0);
        let next = await answer.next();
        for (; next.done !== true; next = await answer.next()) {
          hasSpoken = true;
          yield next.value;
          untilMs = clock.now() + SILENCE_BUDGET.chatAllTriesMs;
        }
        outcome = next.value;
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ err: error, tries }, 'language model failed');
        if (!hasSpoken) this.count('failed-answer');
        outcome = hasSpoken ? 'cut' : 'unreadable';
      }
      if (outcome === 'answered') return;
      if (outcome === 'unreadable') {
        tries++;
        continue;
      }
      this.count('cut-answer');
      if (++continued > MAX_CONTINUED) break;
      log.warn({ continued }, 'an answer of the language model broke off; the model is asked to continue it');
    }
    yield* this.handOver('assistant_failed');
  }

  /** The gateway apologises itself, in the language of the call. */
  private *handOver(reason: 'assistant_failed' | 'not_understood'): Generator<ReplyPart, void, void> {
    yield { type: 'tool-call', toolCallId: newCallId(), name: TRANSFER_TOOL, arguments: { reason } };
  }

  private count(kind: LocalAnomaly): void {
    this.options.onAnomaly?.(kind);
  }

  private async *ask(
    limits: ChatLimits,
    signal: AbortSignal,
    isContinued: boolean,
  ): AsyncGenerator<ReplyPart, Outcome, void> {
    const { baseUrl, model, clock, log } = this.options;
    const tools = this.options.tools.map((tool) => ({ type: 'function', function: tool }));
    const messages = this.messages();
    if (isContinued) add(messages, 'user', CONTINUE);
    const request = { model, messages, ...(tools.length === 0 ? {} : { tools }) };
    const splitter = new SentenceSplitter();
    const calls: WrittenCall[] = [];
    let left = MAX_ANSWER_CHARACTERS;
    let hasSpoken = false;
    let isCut = false;
    const said = (sentences: readonly string[]): ReplyPart[] => {
      hasSpoken ||= sentences.length > 0;
      return sentences.map((text) => ({ type: 'sentence', text }));
    };
    for await (const piece of streamChat(chatUrl(baseUrl), request, { signal, clock, limits })) {
      if (piece.type === 'cut') isCut = true;
      else if (piece.type === 'tool-call') calls.push(piece.call);
      else {
        yield* said(splitter.push(piece.text.slice(0, left)));
        left -= piece.text.length;
        if (left > 0) continue;
        log.warn({ max_characters: MAX_ANSWER_CHARACTERS }, 'an answer of the language model was too long and was cut');
        break;
      }
    }
    // The model writes half a sentence again when it continues, unless it has nothing else to continue from.
    if (!isCut || !hasSpoken) yield* said(splitter.flush());
    if (calls.length > 0) return yield* this.call(calls);
    if (!hasSpoken) {
      this.count('empty-answer');
      throw new TandemError(
        'LOCAL_LLM_UNREACHABLE',
        'The language model answered without a word and without a tool call.',
      );
    }
    return isCut ? 'cut' : 'answered';
  }

  /** Yields the calls that can be made. The others are answered with an error, which the model reads. */
  private *call(written: readonly WrittenCall[]): Generator<ReplyPart, Outcome, void> {
    const outputs = new Map<string, unknown>();
    const made: ReplyPart[] = [];
    const calls = written.map(({ arguments: json, name }): ChatToolCall => {
      // An id of the gateway's own, because some servers use the same one in every answer.
      const id = newCallId();
      const parsed = parseArguments(json);
      if (parsed.is === 'read') made.push({ type: 'tool-call', toolCallId: id, name, arguments: parsed.value });
      else {
        this.count('bad-tool-arguments');
        outputs.set(id, { error: UNREADABLE });
      }
      // Some servers refuse a conversation with arguments that are not JSON.
      return { id, type: 'function', function: { name, arguments: parsed.is === 'read' && json !== '' ? json : '{}' } };
    });
    this.insert({ type: 'exchange', calls, outputs });
    yield* made;
    return made.length > 0 ? 'answered' : 'unreadable';
  }

  /** Returns the conversation as the caller heard it. */
  private messages(): ChatMessage[] {
    const messages: ChatMessage[] = [{ role: 'system', content: this.options.instructions }];
    this.addUnspoken(messages, undefined);
    for (const turn of this.options.history.turns) {
      add(messages, turn.speaker === 'caller' ? 'user' : 'assistant', turn.text);
      this.addUnspoken(messages, turn.itemId);
    }
    return messages;
  }

  private insert(what: Unspoken['what']): void {
    this.unspoken.push({ afterItemId: this.options.history.turns.at(-1)?.itemId, what });
  }

  private get exchanges(): Exchange[] {
    return this.unspoken.flatMap(({ what }) => (what.type === 'exchange' ? [what] : []));
  }

  private addUnspoken(messages: ChatMessage[], afterItemId: string | undefined): void {
    for (const { what, ...place } of this.unspoken) {
      if (place.afterItemId !== afterItemId) continue;
      if (what.type === 'typed') {
        add(messages, 'user', what.text);
        continue;
      }
      if (!isAnswered(what)) continue;
      messages.push({ role: 'assistant', content: '', tool_calls: what.calls });
      for (const [id, output] of what.outputs) {
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

/** A tool without parameters may be called without arguments. */
function parseArguments(json: string): { is: 'read'; value: unknown } | { is: 'unreadable' } {
  if (json.trim() === '') return { is: 'read', value: {} };
  try {
    return { is: 'read', value: JSON.parse(json) };
  } catch {
    return { is: 'unreadable' };
  }
}

/** Nine letters and digits, which is the only form that Mistral's servers take. */
function newCallId(): string {
  return randomBytes(5).toString('hex').slice(0, 9);
}
