import type { Clock, Timer } from '../../src/base/clock.js';
import type { AudioBlock, NovaOutput } from './output.js';
import { Pauses } from './pauses.js';

/** When the text of what was really spoken comes: seconds after it was (2.6 to 9 were seen), or with the next input. */
export type FinalTexts = { afterMs: number } | 'next-input';

/** How the model says that the caller interrupted it. All three are seen; a client must know each. */
export type BargeInSignal = 'text-and-stop-reason' | 'text' | 'stop-reason';

export interface SpeakerOptions {
  clock: Clock;
  output: NovaOutput;
  /** Of the audio sent. */
  sampleRateHz: number;
  /** Audio is sent this many times faster than it plays. */
  speed: number;
  finals: FinalTexts;
  bargeInSignal: BargeInSignal;
  /** After each piece of audio: how much of the answer was sent. Gives false when the answer is over by that. */
  onSent(answerMs: number, pieceMs: number): boolean;
  onInterrupted(): void;
}

/** What was said, for the model's memory; cut when the caller interrupts. */
export interface Said {
  text: string;
}

interface Sentence {
  said: Said;
  block: AudioBlock | undefined;
  /** When it plays, if the client plays everything as soon as it can. */
  startsMs: number;
  durationMs: number;
  final: Timer | undefined;
}

const PIECE_MS = 80;
export const INTERRUPTED = '{ "interrupted" : true }';

/**
 * The model's mouth. It sends audio faster than real time and assumes that it plays from when it was sent; so an
 * interruption can come long after the last audio went out.
 */
export class Speaker {
  private readonly options: SpeakerOptions;
  private readonly pauses: Pauses;
  /** Of this answer and those before it; each until its final text is out. */
  private sentences: Sentence[] = [];
  private playsUntilMs = 0;
  private answerMs = 0;
  private answer = 0;

  constructor(options: SpeakerOptions) {
    this.options = options;
    this.pauses = new Pauses(options.clock);
    this.playsUntilMs = options.clock.now();
  }

  /** Whether the client has something to play, as far as one can know here. */
  get speaking(): boolean {
    return this.playsUntilMs > this.options.clock.now() || this.sentences.some(({ block }) => block !== undefined);
  }

  startAnswer(): void {
    this.answer++;
    this.answerMs = 0;
  }

  /** One sentence. Gives false when it was interrupted. */
  async say(said: Said, pcm: Buffer, isLast: boolean): Promise<boolean> {
    const { clock, output, sampleRateHz } = this.options;
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
    block.end(isLast ? 'END_TURN' : 'PARTIAL_TURN');
    this.planFinal(sentence, this.playsUntilMs);
    return true;
  }

  /** The caller speaks, or types: what is not played yet will not be. Gives whether there was anything to interrupt. */
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
      sentence.block?.end(bargeInSignal === 'text-and-stop-reason' ? 'INTERRUPTED' : 'END_TURN');
      sentence.block = undefined;
      sentence.final?.cancel();
      sentence.final = undefined;
    }
    this.playsUntilMs = nowMs;
    if (bargeInSignal === 'stop-reason') this.endFinals(cut);
    else {
      const stopReason = bargeInSignal === 'text' ? 'END_TURN' : 'INTERRUPTED';
      output.text('ASSISTANT', 'FINAL', INTERRUPTED, stopReason);
      this.sentences = this.sentences.filter(({ said }) => said.text !== '');
      for (const sentence of cut) if (sentence.said.text !== '') this.planFinal(sentence, nowMs);
    }
    this.pauses.endAll();
    return true;
  }

  /** The caller said or typed something. */
  nextInput(): void {
    if (this.options.finals === 'next-input') this.flushFinals();
  }

  /** Nothing more is said: ends what is open, and puts down what was spoken. */
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

  /** Sends the final texts that still wait, of what has begun to play. */
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

/** The words of `text` that fit in this part of its sound. */
function beginning(text: string, part: number): string {
  const words = text.split(' ');
  return words.slice(0, Math.floor(words.length * part)).join(' ');
}

/** A text → its sentences. */
export function sentencesOf(text: string): string[] {
  return (
    text
      .match(/[^.!?]+(?:[.!?]+["”']?|$)/g)
      ?.map((sentence) => sentence.trim())
      .filter((one) => one !== '') ?? []
  );
}
