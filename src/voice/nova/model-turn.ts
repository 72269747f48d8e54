import { AudioChunk, MULAW_BYTES_PER_MS, TELEPHONE_RATE_HZ } from '../../audio/chunk.js';
import { cutAtShare } from '../history.js';
import type { ResponseStatus, VoiceEvent } from '../session.js';
import type { Pace } from './pace.js';

export interface ModelTurnOptions {
  emit: (event: VoiceEvent) => void;
  newId: (kind: 'response' | 'item') => string;
  pace: Pace;
}

/** What the model says in one go: a response, its sentences its items. */
export class ModelTurn {
  readonly responseId: string;
  readonly items: Sentence[] = [];
  /** The caller talked over it, or the owner cancelled it: what still comes of it is late. */
  isCut: boolean;
  private readonly options: ModelTurnOptions;

  constructor(options: ModelTurnOptions, isCut = false) {
    this.options = options;
    this.responseId = options.newId('response');
    this.isCut = isCut;
  }

  /** All audio so far belongs to sentences that are complete, and there is some. */
  get isWhole(): boolean {
    return this.items.length > 0 && this.items.every(({ stage }) => stage === 'done');
  }

  start(): void {
    this.options.emit({ type: 'response-started', responseId: this.responseId, sayId: undefined });
  }

  add(): Sentence {
    const sentence = new Sentence(this, this.options.newId('item'), this.options);
    this.items.push(sentence);
    return sentence;
  }

  /** The first sentence whose audio has not begun. */
  get next(): Sentence | undefined {
    return this.items.find(({ stage }) => stage === 'waiting');
  }

  /** Ends every sentence that has audio. A text without audio of its own belongs to the audio before it. */
  endItems(): void {
    const last = this.items.findLast(({ stage }) => stage === 'speaking');
    for (const item of this.items) if (item.stage === 'waiting') last?.join(item.text);
    for (const item of this.items) item.end();
  }

  /** No more audio comes: of the sentence that was being said only what the audio so far can have held was said. */
  breakOff(): void {
    for (const item of this.items) item.breakOff();
  }

  done(status: ResponseStatus): void {
    this.options.emit({ type: 'response-done', responseId: this.responseId, sayId: undefined, status });
  }
}

/** One sentence: its text comes first, then its audio. Nobody is told of it before its audio begins. */
export class Sentence {
  readonly turn: ModelTurn;
  readonly itemId: string;
  /** As the model means to say it. */
  text = '';
  stage: 'waiting' | 'speaking' | 'done' = 'waiting';
  /** Holds the text of others too, so that no final text is its own. */
  isJoined = false;
  private readonly emit: (event: VoiceEvent) => void;
  private readonly pace: Pace;
  private sizeBytes = 0;

  constructor(turn: ModelTurn, itemId: string, options: Pick<ModelTurnOptions, 'emit' | 'pace'>) {
    this.turn = turn;
    this.itemId = itemId;
    this.emit = options.emit;
    this.pace = options.pace;
  }

  get isCut(): boolean {
    return this.turn.isCut;
  }

  addText(text: string): void {
    const piece = this.text === '' || /^\s/.test(text) ? text : ` ${text}`;
    this.text += piece;
    if (this.stage === 'speaking' && !this.isCut) this.tell(piece);
  }

  begin(): void {
    this.stage = 'speaking';
    if (this.text !== '') this.tell(this.text);
  }

  speak(mulaw: Uint8Array): void {
    const chunk = AudioChunk.fromBytes('mulaw', TELEPHONE_RATE_HZ, mulaw);
    this.sizeBytes += mulaw.length;
    this.emit({ type: 'audio', responseId: this.turn.responseId, itemId: this.itemId, chunk });
  }

  join(text: string): void {
    if (text === '') return;
    this.isJoined = true;
    this.addText(text);
  }

  end(): void {
    if (this.stage !== 'speaking') return;
    this.pace.spoken(this.text, this.durationMs);
    this.close();
  }

  /** See {@link ModelTurn.breakOff}. */
  breakOff(): void {
    if (this.stage !== 'speaking') return;
    const said = cutAtShare(this.text, this.pace.shareOf(this.text, this.durationMs));
    if (said !== this.text) this.final(said);
    this.close();
  }

  private get durationMs(): number {
    return this.sizeBytes / MULAW_BYTES_PER_MS;
  }

  private close(): void {
    this.stage = 'done';
    this.emit({ type: 'item-done', responseId: this.turn.responseId, itemId: this.itemId });
  }

  /** What was really spoken. */
  final(text: string): void {
    this.emit({ type: 'assistant-text-final', responseId: this.turn.responseId, itemId: this.itemId, text });
  }

  private tell(text: string): void {
    this.emit({ type: 'assistant-text', responseId: this.turn.responseId, itemId: this.itemId, text });
  }
}
