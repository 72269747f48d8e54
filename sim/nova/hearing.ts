import type { Ear, EarLine } from '../model/ear.js';
import { ToTelephone, pcmSamples } from './rate.js';

export interface HearingOptions {
  ear: Ear;
  sampleRateHz: number;
  /** Silence, in milliseconds of audio, that ends the caller's turn. */
  pauseMs: number;
  /** Positions are in milliseconds of audio. */
  onSpeechStarted(atMs: number): void;
  /** `detectedMs` is where the pause after the speech was long enough. */
  onSpeechEnded(atMs: number, detectedMs: number): void;
  /** Called with the utterances of one turn, in order. The list is empty if it was only noise. */
  onTurn(texts: readonly string[]): void;
}

/**
 * Splits the caller's audio into turns. A turn ends after a silence of `pauseMs`, even if the ear itself uses a shorter
 * one. What the caller says within that silence belongs to the same turn.
 */
export class Hearing {
  private readonly options: HearingOptions;
  private readonly toTelephone: ToTelephone;
  private readonly detector: EarLine;
  private receivedMs = 0;
  private heard: 'nothing' | 'speech' | 'pause' = 'nothing';
  /** Position in the audio, in milliseconds, where the last sound ended. */
  private quietSinceMs = 0;
  private awaitedTexts = 0;
  private texts: string[] = [];

  constructor(options: HearingOptions) {
    this.options = options;
    this.toTelephone = new ToTelephone(options.sampleRateHz);
    this.detector = options.ear.listen(
      {
        onSpeechStarted: (atMs) => {
          this.heard = 'speech';
          options.onSpeechStarted(atMs);
        },
        onSpeechStopped: (atMs) => {
          this.heard = 'pause';
          this.quietSinceMs = atMs;
          this.awaitedTexts++;
        },
        onText: (text) => {
          this.awaitedTexts--;
          if (text !== '') this.texts.push(text);
          this.endTurnWhenOver();
        },
      },
      { hangoverMs: options.pauseMs },
    );
  }

  push(bytes: Buffer): void {
    const pcm = pcmSamples(bytes);
    this.receivedMs += (pcm.length * 1000) / this.options.sampleRateHz;
    const mulaw = this.toTelephone.push(pcm);
    if (mulaw.length > 0) this.detector.push(mulaw);
    this.endTurnWhenOver();
  }

  /** Milliseconds of audio received so far. */
  get durationMs(): number {
    return this.receivedMs;
  }

  close(): void {
    this.detector.close();
  }

  private endTurnWhenOver(): void {
    if (this.heard !== 'pause' || this.awaitedTexts > 0) return;
    if (this.receivedMs - this.quietSinceMs < this.options.pauseMs) return;
    this.heard = 'nothing';
    const texts = this.texts;
    this.texts = [];
    this.options.onSpeechEnded(this.quietSinceMs, this.receivedMs);
    this.options.onTurn(texts);
  }
}
