import { AudioChunk, MULAW_BYTES_PER_MS, TELEPHONE_RATE_HZ } from '../../audio/chunk.js';
import { cutAtShare } from '../history.js';
import type { ResponseStatus, VoiceEvent } from '../session.js';
import type { Pace } from './pace.js';

export interface ModelTurnOptions {
  emit: (event: VoiceEvent) => void;
  newId: (kind: 'response' | 'item') => string;
  pace: Pace;
}

/** One turn of the model as a response. Its sentences are the items. */
export class ModelTurn {
  readonly responseId: string;
  readonly items: Sentence[] = [];
  /** Whether the caller interrupted it or the owner cancelled it. Everything that still arrives is late. */
  isCut: boolean;
  private readonly options: ModelTurnOptions;

  constructor(options: ModelTurnOptions, isCut = false) {
    this.options = options;
    this.responseId = options.newId('response');
    this.isCut = isCut;
  }

  /** Whether the turn has sentences and the audio of all of them is complete. */
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

  /** Called when no more audio will arrive. Cuts the text of the sentence in progress to what its audio can hold. */
  breakOff(): void {
    for (const item of this.items) item.breakOff();
  }

  done(status: ResponseStatus): void {
    this.options.emit({ type: 'response-done', responseId: this.responseId, sayId: undefined, status });
  }
}

/** One sentence. Its text arrives before its audio, and is reported only when the audio begins. */
export class Sentence {
  readonly turn: ModelTurn;
  readonly itemId: string;
  /** The text that the model intends to say. */
  text = '';
  stage: 'waiting' | 'speaking' | 'done' = 'waiting';
  /** Whether it holds the text of other sentences, too, so that no final text matches it alone. */
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
    if (this.stage === 'speaking' && !this.isCut) this.report(piece);
  }

  begin(): void {
    this.stage = 'speaking';
    if (this.text !== '') this.report(this.text);
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

  /** Reports the text that was really spoken. */
  final(text: string): void {
    this.emit({ type: 'assistant-text-final', responseId: this.turn.responseId, itemId: this.itemId, text });
  }

  private report(text: string): void {
    this.emit({ type: 'assistant-text', responseId: this.turn.responseId, itemId: this.itemId, text });
  }
}
