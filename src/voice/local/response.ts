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

/** Speaks one answer. Each sentence is synthesised as a whole and becomes an item of its own. */
export class SpokenResponse {
  readonly sayId: string | undefined;
  private readonly options: ResponseOptions;
  private readonly abort = new AbortController();
  private state: 'new' | 'speaking' | 'over' = 'new';
  private wasAudible = false;

  constructor(options: ResponseOptions) {
    this.options = options;
    this.sayId = options.sayId;
  }

  /** Whether a part of it has been sent to the caller. */
  get hasBegun(): boolean {
    return this.wasAudible;
  }

  get isPassable(): boolean {
    return this.options.isPassable && !this.wasAudible;
  }

  /** Yields what this response was to say, from its beginning, for another one in its place. */
  get parts(): (signal: AbortSignal) => AsyncIterable<ReplyPart> {
    return this.options.parts;
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

  /** Ends the response like {@link SpokenResponse.cancel}, but without an event. */
  drop(): void {
    this.state = 'over';
    this.abort.abort();
  }

  private begin(): void {
    const { responseId, sayId } = this.options;
    this.state = 'speaking';
    this.options.emit({ type: 'response-started', responseId, sayId });
  }

  private async run(): Promise<void> {
    const toolCalls: ToolCallPart[] = [];
    try {
      for await (const part of this.options.parts(this.abort.signal)) {
        if (this.isOver()) return;
        if (part.type === 'tool-call') toolCalls.push(part);
        else await this.speak(part.text);
        if (this.isOver()) return;
      }
    } catch (error) {
      if (this.isOver()) return;
      this.drop();
      this.options.onFailure(error);
      return;
    }
    this.end('completed', toolCalls);
  }

  private async speak(text: string): Promise<void> {
    const { engine, language, pace, responseId } = this.options;
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
    this.drop();
    const { responseId, sayId } = this.options;
    this.options.emit({ type: 'response-done', responseId, sayId, status });
    this.options.onEnd(this, toolCalls);
  }

  private isOver(): boolean {
    return this.state === 'over';
  }
}
