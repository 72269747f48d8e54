import type { SpeechDetector } from '../speech-detector.js';
import type { ModelSpeech } from './model-speech.js';

/** Quiet of the model after which it has given the floor to a caller who is speaking, in milliseconds of its audio. */
const YIELDED_AFTER_MS = 300;
/** Minimum speech of the caller for which a model gives the floor. A "yes" in between is shorter. */
const YIELDED_FOR_MS = 500;
/** Quiet of the line for which the caller still counts as speaking. */
const STILL_SPEAKING_MS = 200;
/** Time for which both must have been heard together, so that a caller who speaks after the model has not interrupted it. */
const OVERLAP_MS = 60;
/** Speech of the caller for which what is still playing has to stop, although the model says nothing more. */
const TAKEN_AFTER_MS = 300;

export interface FloorOptions {
  ear: Pick<SpeechDetector, 'isSpeaking' | 'quietMs'>;
  speech: Pick<ModelSpeech, 'isSounding' | 'quietMs'>;
  /** Returns whether audio is on its way to the caller. */
  isPlaying: () => boolean;
  onInterruption: () => void;
}

/**
 * Decides whether the caller has interrupted the model. A model that listens while it speaks decides that itself, and no
 * event says so: it falls silent while the caller speaks, or it goes on, because a "yes" in between is no interruption. If it has
 * sent all its audio already, it has nothing left to stop, and the caller's voice alone decides.
 */
export class Floor {
  private readonly options: FloorOptions;
  /** How long the caller has been speaking, and how long the model with them. */
  private spokenMs = 0;
  private overlapMs = 0;

  constructor(options: FloorOptions) {
    this.options = options;
  }

  /** Called with each piece of the caller's audio, after the ear has heard it. */
  heard(durationMs: number): void {
    const { ear, isPlaying, speech } = this.options;
    if (!ear.isSpeaking) {
      this.reset();
      return;
    }
    this.spokenMs += durationMs;
    if (speech.isSounding && speech.quietMs === 0) this.overlapMs += durationMs;
    if (speech.isSounding || this.spokenMs < TAKEN_AFTER_MS || !isPlaying()) return;
    this.reset();
    this.options.onInterruption();
  }

  /** Called after each piece of the model's audio. */
  modelSent(): void {
    const { ear, speech } = this.options;
    if (!speech.isSounding || speech.quietMs < YIELDED_AFTER_MS) return;
    if (ear.quietMs >= STILL_SPEAKING_MS || this.spokenMs < YIELDED_FOR_MS || this.overlapMs < OVERLAP_MS) return;
    this.reset();
    this.options.onInterruption();
  }

  private reset(): void {
    this.spokenMs = 0;
    this.overlapMs = 0;
  }
}
