import type { TranscriptionWatch } from '../transcription-watch.js';

/** Notices that the model answers what the caller says and sends no text of it. */
export class UnwrittenSpeech {
  private readonly watch: TranscriptionWatch;
  private readonly onBlind: () => void;
  /** Whether the caller was loud since the model last had something from them to answer. */
  private hasSpoken = false;

  /** `onBlind` is called once in a call. */
  constructor(watch: TranscriptionWatch, onBlind: () => void) {
    this.watch = watch;
    this.onBlind = onBlind;
  }

  spoke(): void {
    this.hasSpoken = true;
  }

  wrote(): void {
    this.hasSpoken = false;
    this.watch.wrote();
  }

  /** Called when the model gets something else to answer: a text, or the result of a tool. */
  asked(): void {
    this.hasSpoken = false;
  }

  /** Called when the model begins an answer. The text of what it answers has come by then. */
  answered(): void {
    if (!this.hasSpoken) return;
    this.hasSpoken = false;
    if (this.watch.taken()) this.onBlind();
  }
}
