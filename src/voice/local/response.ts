import { AudioChunk, MULAW_BYTES_PER_MS, TELEPHONE_RATE_HZ } from '../../audio/chunk.js';
import type { SpeechEngine } from '../../speech/engine.js';
import type { ResponseStatus, VoiceEvent } from '../session.js';
import type { ReplyPart, ToolCallPart } from './replier.js';
import type { SpeechPace } from './speech-pace.js';

const CHUNK_BYTES = 200 * MULAW_BYTES_PER_MS;

export interface ResponseOptions {
  responseId: string;
  sayId: string | undefined;
  /** Whether a line of the owner may pass it while it has not begun, because a model writes it. */
  isPassable: boolean;
  /** Yields what to say. Must end early when the signal is aborted. */
  parts: (signal: AbortSignal) => AsyncIterable<ReplyPart>;
  engine: SpeechEngine;
  pace: SpeechPace;
  /** BCP 47 tag of what is said. */
  language: string;
  /** Returns a promise while something else is being spoken. It resolves when this response may go on, or at the abort. */
  whileOthersSpeak(signal: AbortSignal): Promise<void> | undefined;
  emit(event: VoiceEvent): void;
  newItemId(): string;
  /** Called after a whole sentence was emitted. */
  onSpoken(itemId: string, text: string): void;
  /** Called once, right after `response-done`. `toolCalls` is empty unless the response was completed. */
  onEnd(response: SpokenResponse, toolCalls: readonly ToolCallPart[]): void;
  /** Called if the engine or the replier failed. No event of this response follows. */
  onFailure(error: unknown): void;
}

/** What an answer that was cut off had still to say. */
export interface SuspendedAnswer {
  rest: (signal: AbortSignal) => AsyncIterable<ReplyPart>;
  drop: () => void;
}

/** Speaks one answer. Each sentence is synthesised as a whole and becomes an item of its own. */
export class SpokenResponse {
  readonly sayId: string | undefined;
  private readonly options: ResponseOptions;
  private readonly abort = new AbortController();
  private readonly toolCalls: ToolCallPart[] = [];
  private state: 'new' | 'speaking' | 'over' = 'new';
  private wasAudible = false;
  private iterator: AsyncIterator<ReplyPart> | undefined;
  /** The part that was asked for and not used. */
  private next: Promise<IteratorResult<ReplyPart>> | undefined;
  /** The sentence that was taken and not sent. */
  private unsent: string | undefined;

  constructor(options: ResponseOptions) {
    this.options = options;
    this.sayId = options.sayId;
  }

  get isPassable(): boolean {
    return this.options.isPassable && !this.wasAudible;
  }

  start(): void {
    this.begin();
    void this.run().catch((error: unknown) => this.options.onFailure(error));
  }

  /** Ends the response as cancelled. A sentence that is still being synthesised is dropped. */
  cancel(): void {
    if (this.state === 'new') this.begin();
    this.end('cancelled', []);
  }

  /**
   * Ends the response as cancelled, and keeps what it has not sent. `rest` returns what was kept, for another response. `drop`
   * discards it. One of them must be called.
   */
  suspend(): SuspendedAnswer {
    if (this.state === 'new') this.begin();
    this.close('cancelled', []);
    return { rest: (signal) => this.rest(signal), drop: () => this.abandon() };
  }

  /** Ends the response like {@link SpokenResponse.cancel}, but without an event. */
  drop(): void {
    this.state = 'over';
    this.abandon();
  }

  private abandon(): void {
    this.abort.abort();
  }

  private async *rest(signal: AbortSignal): AsyncIterable<ReplyPart> {
    if (signal.aborted) this.abandon();
    else signal.addEventListener('abort', () => this.abandon(), { once: true });
    const { unsent } = this;
    this.unsent = undefined;
    if (unsent !== undefined) yield { type: 'sentence', text: unsent };
    yield* this.toolCalls;
    for (;;) {
      const { done, value } = await this.pull();
      if (done === true) return;
      this.next = undefined;
      yield value;
    }
  }

  /** Returns the next part. It stays the next one until `next` is cleared. */
  private pull(): Promise<IteratorResult<ReplyPart>> {
    this.iterator ??= this.options.parts(this.abort.signal)[Symbol.asyncIterator]();
    this.next ??= this.iterator.next();
    return this.next;
  }

  private begin(): void {
    const { responseId, sayId } = this.options;
    this.state = 'speaking';
    this.options.emit({ type: 'response-started', responseId, sayId });
  }

  private async run(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.pull();
        if (this.isOver()) return;
        if (done === true) break;
        this.next = undefined;
        if (value.type === 'tool-call') this.toolCalls.push(value);
        else await this.speak(value.text);
        if (this.isOver()) return;
      }
    } catch (error) {
      if (this.isOver()) return;
      this.drop();
      this.options.onFailure(error);
      return;
    }
    this.end('completed', this.toolCalls);
  }

  private async speak(text: string): Promise<void> {
    const { engine, language, pace, responseId } = this.options;
    this.unsent = text;
    // A line of the owner is short, and the owner may wait for its end.
    if (this.sayId === undefined) await pace.untilDue(this.abort.signal);
    if (this.isOver()) return;
    const mulaw = await engine.synthesize(text, { language });
    for (;;) {
      if (this.isOver()) return;
      const others = this.options.whileOthersSpeak(this.abort.signal);
      if (others === undefined) break;
      await others;
    }
    this.wasAudible = true;
    this.unsent = undefined;
    const itemId = this.options.newItemId();
    this.options.emit({ type: 'assistant-text', responseId, itemId, text });
    for (let at = 0; at < mulaw.length; at += CHUNK_BYTES) {
      // The owner may cancel when it receives a piece.
      if (this.isOver()) return;
      const chunk = AudioChunk.fromBytes('mulaw', TELEPHONE_RATE_HZ, mulaw.subarray(at, at + CHUNK_BYTES));
      pace.sent(chunk.durationMs);
      this.options.emit({ type: 'audio', responseId, itemId, chunk });
    }
    if (this.isOver()) return;
    this.options.onSpoken(itemId, text);
    this.options.emit({ type: 'item-done', responseId, itemId });
  }

  private end(status: ResponseStatus, toolCalls: readonly ToolCallPart[]): void {
    if (this.isOver()) return;
    this.abandon();
    this.close(status, toolCalls);
  }

  private close(status: ResponseStatus, toolCalls: readonly ToolCallPart[]): void {
    if (this.isOver()) return;
    this.state = 'over';
    const { responseId, sayId } = this.options;
    this.options.emit({ type: 'response-done', responseId, sayId, status });
    this.options.onEnd(this, toolCalls);
  }

  private isOver(): boolean {
    return this.state === 'over';
  }
}
