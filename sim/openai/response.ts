import { MULAW_BYTES_PER_MS } from '../../src/audio/chunk.js';
import type { Clock, Timer } from '../../src/base/clock.js';
import type { LaterFault } from '../model/faults.js';
import type { Act } from '../model/script.js';
import type { Item } from './items.js';
import { CalledFunction, type OutputItem, SpokenMessage, WrittenMessage } from './output-item.js';
import type { Pacing } from './pacing.js';
import { type Outcome, type ResponseRequest, wireResponse } from './response-shape.js';
import { wordEndsMs, wordsOf } from './spoken-text.js';
import { type Tokens, contextTokens, spokenTokens, usageOf } from './usage.js';
import { type ServerEvent, errorOfClass, newId } from './wire.js';

export interface ResponseHost {
  readonly clock: Clock;
  readonly pacing: Pacing;
  /** Faults by their position in the answer, in order. */
  readonly faults: readonly { ms: number; fault: LaterFault }[];
  /** Tokens that an earlier response has already read. */
  readonly cached: Tokens;
  send(event: ServerEvent): void;
  strike(fault: LaterFault): void;
  onDone(response: Response): void;
}

/** An act with its sound as mu-law, which is empty for acts other than speech. */
export interface Performance {
  act: Act;
  sound: Uint8Array;
}

/** The pieces of a call's arguments are small, so that an interruption can fall between them. */
const ARGUMENT_PIECE_CHARACTERS = 8;
const ARGUMENT_PIECE_MS = 5;

/** One answer of the model, from `response.created` to `response.done`. */
export class Response {
  readonly id = newId('resp');
  readonly request: ResponseRequest;
  readonly output: Item[] = [];
  readonly createdAtMs: number;
  spokenMs = 0;
  input: Tokens = { text: 0, audio: 0 };
  private readonly host: ResponseHost;
  private readonly faults: { ms: number; fault: LaterFault }[];
  private state:
    { name: 'waiting' } | { name: 'playing'; steps: Generator<number, void>; timer?: Timer } | { name: 'done' } = {
    name: 'waiting',
  };
  private current: OutputItem | undefined;
  private characters = 0;
  private pieces = 0;

  constructor(request: ResponseRequest, host: ResponseHost) {
    this.request = request;
    this.host = host;
    this.faults = [...host.faults];
    this.createdAtMs = host.clock.now();
    host.send({ type: 'response.created', response: wireResponse(request, { id: this.id, output: [] }) });
  }

  get isOver(): boolean {
    return this.state.name === 'done';
  }

  play(performances: readonly Performance[]): void {
    if (this.state.name !== 'waiting') return;
    this.state = { name: 'playing', steps: this.steps(performances) };
    this.advance();
  }

  /** Ends the response in its current state. A second call has no effect. */
  end(outcome: Outcome): void {
    if (this.isOver) return;
    this.dispose();
    this.current?.close(outcome.status === 'completed' ? 'completed' : 'incomplete');
    const { instructions, conversation } = this.request;
    this.input = contextTokens(
      instructions,
      conversation.items.filter((item) => !this.output.includes(item)),
    );
    const usage = usageOf(this.input, this.host.cached, spokenTokens(this.spokenMs, this.characters));
    const progress = { id: this.id, output: this.output, end: { outcome, usage } };
    this.host.send({ type: 'response.done', response: wireResponse(this.request, progress) });
    this.host.onDone(this);
  }

  /** Stops without an event, because the session is over. */
  dispose(): void {
    if (this.state.name === 'playing') this.state.timer?.cancel();
    this.state = { name: 'done' };
  }

  private advance(): void {
    while (this.state.name === 'playing') {
      const { value: delayMs, done } = this.state.steps.next();
      if (this.isOver) return;
      if (done === true) return this.end({ status: 'completed' });
      if (delayMs !== undefined && delayMs > 0) {
        this.state.timer = this.host.clock.setTimer(delayMs, () => this.advance());
        return;
      }
    }
  }

  /** The response as a sequence of pauses in milliseconds. Its events are sent between the pauses. */
  private *steps(performances: readonly Performance[]): Generator<number, void> {
    yield this.host.pacing.firstOutputMs;
    const spoken = performances.filter(({ act }) => act.type === 'speak').length;
    let nth = 0;
    for (const { act, sound } of performances) {
      switch (act.type) {
        case 'speak':
          nth++;
          yield* this.message(act.text, sound, nth < spoken ? 'commentary' : 'final_answer', spoken > 1);
          break;
        case 'call-tool':
          yield* this.call(act.name, typeof act.arguments === 'string' ? act.arguments : JSON.stringify(act.arguments));
          break;
        case 'wait':
          yield act.ms;
          break;
        case 'fault':
          this.strike(act.fault);
          break;
      }
    }
  }

  private *message(
    text: string,
    sound: Uint8Array,
    phase: 'commentary' | 'final_answer',
    several: boolean,
  ): Generator<number, void> {
    if (this.request.modality === 'text') {
      const message = this.begin(new WrittenMessage(this.place));
      for (const word of wordsOf(text)) {
        this.characters += word.length;
        message.text(word);
        if (this.isTooLong()) return this.end({ status: 'incomplete', reason: 'max_output_tokens' });
      }
      message.close('completed');
      return;
    }
    const named = several && this.request.multipleItemsHavePhases ? phase : undefined;
    const durationMs = sound.length / MULAW_BYTES_PER_MS;
    const message = this.begin(
      new SpokenMessage(this.place, { format: this.request.format, whole: { text, durationMs }, phase: named }),
    );
    const words = wordsOf(text);
    const ends = wordEndsMs(words, durationMs);
    const { speed, textAheadMs } = this.host.pacing;
    yield this.host.pacing.firstSoundMs;
    let word = 0;
    const say = (untilMs: number): void => {
      for (; word < words.length && (ends[word - 1] ?? 0) < untilMs; word++) {
        this.characters += (words[word] as string).length;
        message.text(words[word] as string);
      }
    };
    for (let at = 0; at < sound.length;) {
      const piece = sound.subarray(at, at + this.nextPieceBytes());
      at += piece.length;
      say(at / MULAW_BYTES_PER_MS + textAheadMs);
      message.audio(piece);
      this.spokenMs += piece.length / MULAW_BYTES_PER_MS;
      if (this.isTooLong()) return this.end({ status: 'incomplete', reason: 'max_output_tokens' });
      this.strikePlanned();
      if (this.isOver) return;
      yield piece.length / MULAW_BYTES_PER_MS / speed;
    }
    say(Infinity);
    message.close('completed');
  }

  private *call(name: string, args: string): Generator<number, void> {
    const call = this.begin(new CalledFunction(this.place, name));
    for (let at = 0; at < args.length; at += ARGUMENT_PIECE_CHARACTERS) {
      const piece = args.slice(at, at + ARGUMENT_PIECE_CHARACTERS);
      this.characters += piece.length;
      call.delta(piece);
      yield this.host.pacing.speed === Infinity ? 0 : ARGUMENT_PIECE_MS;
    }
    call.close('completed');
  }

  private begin<T extends OutputItem>(item: T): T {
    this.output.push(item.item);
    this.current = item;
    return item;
  }

  /**
   * Returns the size of the next piece. A piece ends where a fault is planned, so that the fault strikes to the
   * millisecond.
   */
  private nextPieceBytes(): number {
    const { deltaMs } = this.host.pacing;
    const sizes = typeof deltaMs === 'number' ? [deltaMs] : deltaMs;
    const pieceMs = sizes[this.pieces++ % sizes.length] ?? 200;
    const untilFaultMs = (this.faults[0]?.ms ?? Infinity) - this.spokenMs;
    return Math.max(1, Math.round(Math.min(pieceMs, untilFaultMs) * MULAW_BYTES_PER_MS));
  }

  private strikePlanned(): void {
    for (;;) {
      const next = this.faults[0];
      if (next === undefined || this.isOver || next.ms > this.spokenMs) return;
      this.faults.shift();
      this.strike(next.fault);
    }
  }

  private strike(fault: LaterFault): void {
    if (fault.type === 'blocked') this.end({ status: 'incomplete', reason: 'content_filter' });
    else if (fault.type === 'failed-response') this.end({ status: 'failed', error: errorOfClass(fault.class) });
    else this.host.strike(fault);
  }

  private isTooLong(): boolean {
    const { maxOutputTokens } = this.request;
    const { text, audio } = spokenTokens(this.spokenMs, this.characters);
    return maxOutputTokens !== 'inf' && text + audio > maxOutputTokens;
  }

  private get place() {
    return {
      responseId: this.id,
      outputIndex: this.output.length,
      conversation: this.request.isInConversation ? this.request.conversation : undefined,
      send: (event: ServerEvent) => this.host.send(event),
    };
  }
}
