import type { Ear, EarLine } from '../model/ear.js';
import { ToTelephone, pcmSamples } from './rate.js';

export interface HearingOptions {
  ear: Ear;
  sampleRateHz: number;
  /** Quiet, in milliseconds of audio, after which the caller's turn is over. */
  pauseMs: number;
  onSpeechStarted(): void;
  /** The utterances of one turn, in order; none when it was only noise. */
  onTurn(texts: readonly string[]): void;
}

/**
 * The model's ear: the caller's audio → turns. A turn ends after a pause of the length asked for, whatever pause the ear
 * itself waits for; what the caller says within it belongs to the same turn.
 */
export class Hearing {
  private readonly options: HearingOptions;
  private readonly toTelephone: ToTelephone;
  private readonly line: EarLine;
  private receivedMs = 0;
  private heard: 'nothing' | 'speech' | 'pause' = 'nothing';
  /** Where the last sound ended, in milliseconds of audio. */
  private quietSinceMs = 0;
  private awaitedTexts = 0;
  private texts: string[] = [];

  constructor(options: HearingOptions) {
    this.options = options;
    this.toTelephone = new ToTelephone(options.sampleRateHz);
    this.line = options.ear.listen(
      {
        onSpeechStarted: () => {
          this.heard = 'speech';
          options.onSpeechStarted();
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
    if (mulaw.length > 0) this.line.push(mulaw);
    this.endTurnWhenOver();
  }

  /** Milliseconds of audio so far. */
  get durationMs(): number {
    return this.receivedMs;
  }

  close(): void {
    this.line.close();
  }

  private endTurnWhenOver(): void {
    if (this.heard !== 'pause' || this.awaitedTexts > 0) return;
    if (this.receivedMs - this.quietSinceMs < this.options.pauseMs) return;
    this.heard = 'nothing';
    const texts = this.texts;
    this.texts = [];
    this.options.onTurn(texts);
  }
}
