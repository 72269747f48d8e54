import type { Clock, Timer } from '../../src/base/clock.js';
import type { AudioBlock, NovaOutput } from './output.js';
import { Pauses } from './pauses.js';

/** When the text of what was really spoken is sent: seconds later (2.6 to 9 were seen), or with the next input. */
export type FinalTexts = { afterMs: number } | 'next-input';

/**
 * How the model reports an interruption. All four ways were seen, and a client must handle each. `speech-start` is
 * userSpeechStart alone.
 */
export type BargeInSignal = 'text-and-stop-reason' | 'text' | 'stop-reason' | 'speech-start';

/**
 * How an answer ends: with a last audio block that ends with END_TURN, with one that ends with PARTIAL_TURN like all
 * others, or with completionEnd after an audio block that never ends.
 */
export type TurnEnd = 'stop-reason' | 'none' | 'completion';

export interface SpeakerOptions {
  clock: Clock;
  output: NovaOutput;
  /** Sample rate of the audio sent. */
  sampleRateHz: number;
  /** How many times faster than it plays audio is sent. */
  speed: number;
  finals: FinalTexts;
  bargeInSignal: BargeInSignal;
  turnEnd: TurnEnd;
  /** Called after each chunk of audio with the length sent so far. Returns false if the answer is over. */
  onSent(answerMs: number, pieceMs: number): boolean;
  onInterrupted(): void;
}

/** What was said, for the model's memory. An interruption cuts it. */
export interface Said {
  text: string;
}

interface Sentence {
  said: Said;
  block: AudioBlock | undefined;
  /** When the sentence starts to play, if the client plays everything as soon as possible. */
  startsMs: number;
  durationMs: number;
  final: Timer | undefined;
}

const PIECE_MS = 80;
/** The stop reason of an audio block in which the model is interrupted. */
const STOP_REASONS = {
  'text-and-stop-reason': 'INTERRUPTED',
  text: 'END_TURN',
  'stop-reason': 'END_TURN',
  'speech-start': 'PARTIAL_TURN',
} as const;
export const INTERRUPTED = '{ "interrupted" : true }';

/**
 * Speaks the model's answers. Audio is sent faster than real time, and is assumed to play from when it was sent. So an
 * interruption can come long after the last audio was sent.
 */
export class Speaker {
  private readonly options: SpeakerOptions;
  private readonly pauses: Pauses;
  /** Sentences of this answer and earlier ones. Each stays until its final text is sent. */
  private sentences: Sentence[] = [];
  private playsUntilMs = 0;
  private answerMs = 0;
  private answer = 0;

  constructor(options: SpeakerOptions) {
    this.options = options;
    this.pauses = new Pauses(options.clock);
    this.playsUntilMs = options.clock.now();
  }

  /** Whether the client still has audio to play, as far as this side can know. */
  get speaking(): boolean {
    return this.playsUntilMs > this.options.clock.now() || this.sentences.some(({ block }) => block !== undefined);
  }

  startAnswer(): void {
    this.answer++;
    this.answerMs = 0;
  }

  /** Speaks one sentence. Resolves with false if it was interrupted. */
  async say(said: Said, pcm: Buffer, isLast: boolean): Promise<boolean> {
    const { clock, output, sampleRateHz, turnEnd } = this.options;
    const answer = this.answer;
    const bytesPerMs = (sampleRateHz * 2) / 1000;
    output.text('ASSISTANT', 'SPECULATIVE', said.text, 'PARTIAL_TURN');
    const block = output.audio();
    const durationMs = pcm.length / bytesPerMs;
    const startsMs = Math.max(clock.now(), this.playsUntilMs);
    const sentence: Sentence = { said, block, startsMs, durationMs, final: undefined };
    this.sentences.push(sentence);
    for (let atMs = 0; atMs < durationMs; atMs += PIECE_MS) {
      const piece = pcm.subarray(atMs * bytesPerMs, (atMs + PIECE_MS) * bytesPerMs);
      const pieceMs = piece.length / bytesPerMs;
      block.add(piece);
      this.playsUntilMs = startsMs + atMs + pieceMs;
      this.answerMs += pieceMs;
      if (!this.options.onSent(this.answerMs, pieceMs)) return false;
      await this.pauses.wait(pieceMs / this.options.speed);
      if (answer !== this.answer) return false;
    }
    sentence.block = undefined;
    if (!isLast || turnEnd === 'none') block.end('PARTIAL_TURN');
    else if (turnEnd === 'stop-reason') block.end('END_TURN');
    else output.endCompletion();
    this.planFinal(sentence, this.playsUntilMs);
    return true;
  }

  /**
   * Interrupts the model because the caller speaks or types. Audio that has not played yet is discarded. Returns
   * whether there was anything to interrupt.
   */
  interrupt(): boolean {
    if (!this.speaking) return false;
    const { bargeInSignal, clock, output } = this.options;
    const nowMs = clock.now();
    this.options.onInterrupted();
    this.answer++;
    const cut = this.sentences.filter(({ durationMs, startsMs }) => startsMs + durationMs > nowMs);
    for (const sentence of cut) {
      const heard = Math.max(0, nowMs - sentence.startsMs) / sentence.durationMs;
      sentence.said.text = beginning(sentence.said.text, heard);
      sentence.block?.end(STOP_REASONS[bargeInSignal]);
      sentence.block = undefined;
      sentence.final?.cancel();
      sentence.final = undefined;
    }
    this.playsUntilMs = nowMs;
    if (bargeInSignal === 'stop-reason') this.endFinals(cut);
    else {
      const stopReason = bargeInSignal === 'text' ? 'END_TURN' : 'INTERRUPTED';
      if (bargeInSignal !== 'speech-start') output.text('ASSISTANT', 'FINAL', INTERRUPTED, stopReason);
      this.sentences = this.sentences.filter(({ said }) => said.text !== '');
      for (const sentence of cut) if (sentence.said.text !== '') this.planFinal(sentence, nowMs);
    }
    this.pauses.endAll();
    return true;
  }

  /** Called when the caller has said or typed something. */
  nextInput(): void {
    if (this.options.finals === 'next-input') this.flushFinals();
  }

  /** Ends the open blocks and sends the final texts of what was spoken. */
  finish(): void {
    this.answer++;
    for (const sentence of this.sentences) {
      sentence.block?.end('END_TURN');
      sentence.block = undefined;
    }
    this.flushFinals();
    this.close();
  }

  close(): void {
    this.answer++;
    this.pauses.endAll();
    for (const { final } of this.sentences) final?.cancel();
    this.sentences = [];
  }

  /** Sends the pending final texts of sentences that have started to play. */
  private flushFinals(): void {
    const nowMs = this.options.clock.now();
    for (const sentence of this.sentences) if (sentence.startsMs < nowMs) this.sendFinal(sentence);
  }

  private planFinal(sentence: Sentence, spokenMs: number): void {
    const { clock, finals } = this.options;
    if (finals === 'next-input') return;
    const dueMs = Math.max(spokenMs, clock.now()) + finals.afterMs;
    sentence.final = clock.setTimer(dueMs - clock.now(), () => this.sendFinal(sentence));
  }

  private endFinals(cut: readonly Sentence[]): void {
    const heard = cut.filter(({ said }) => said.text !== '').map(({ said }) => said.text);
    this.sentences = this.sentences.filter((sentence) => !cut.includes(sentence));
    this.options.output.text('ASSISTANT', 'FINAL', heard.length > 0 ? heard.join(' ') : undefined, 'INTERRUPTED');
  }

  private sendFinal(sentence: Sentence): void {
    sentence.final?.cancel();
    this.sentences = this.sentences.filter((other) => other !== sentence);
    this.options.output.text('ASSISTANT', 'FINAL', sentence.said.text, 'END_TURN');
  }
}

/** Returns the words of `text` that fit in this share of its sound. */
function beginning(text: string, part: number): string {
  const words = text.split(' ');
  return words.slice(0, Math.floor(words.length * part)).join(' ');
}

/** Splits a text into sentences. */
export function sentencesOf(text: string): string[] {
  return (
    text
      .match(/[^.!?]+(?:[.!?]+["”']?|$)/g)
      ?.map((sentence) => sentence.trim())
      .filter((one) => one !== '') ?? []
  );
}
