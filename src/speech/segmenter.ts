import { mulawToFloat } from '../audio/g711.js';
import { Upsampler } from '../audio/resample.js';
import type { Sherpa, SherpaVad } from './recognizer.js';

/** What Silero analyses in one step, 32 ms of telephone audio. */
const STEP_BYTES = 256;
const STEP_MS = 32;
/** Silence that ends an utterance. */
const END_SILENCE_MS = 550;
/** Minimum speech before the caller counts as speaking. A cough or a click is shorter. */
const START_SPEECH_MS = 96;
/** Audio kept before the first detection, because Silero detects late and the first sound counts. */
const LEAD_MS = 260;
/** Audio kept after the last detection. */
const TAIL_MS = 60;
/** Maximum length of an utterance. A longer one is cut and transcribed so far. */
const MAX_UTTERANCE_MS = 25_000;

export interface SegmentListener {
  onSpeechStarted(): void;
  /** Called with the utterance, cut closely around the speech. */
  onUtterance(mulaw: Uint8Array): void;
}

/**
 * Finds utterances in a caller's audio. All times are counted in audio, not by a clock, so that audio faster than real time
 * has the same result.
 */
export class Segmenter {
  private readonly vad: SherpaVad;
  private readonly listener: SegmentListener;
  private readonly upsampler = new Upsampler();
  private pending = new Uint8Array(0);
  private kept: Uint8Array[] = [];
  private speechMs = 0;
  private silenceMs = 0;
  private speaking = false;

  constructor(vad: SherpaVad, listener: SegmentListener) {
    this.vad = vad;
    this.listener = listener;
  }

  push(mulaw: Uint8Array): void {
    const joined = new Uint8Array(this.pending.length + mulaw.length);
    joined.set(this.pending);
    joined.set(mulaw, this.pending.length);
    let at = 0;
    for (; at + STEP_BYTES <= joined.length; at += STEP_BYTES) this.step(joined.subarray(at, at + STEP_BYTES));
    this.pending = joined.slice(at);
  }

  private step(mulaw: Uint8Array): void {
    this.vad.acceptWaveform(this.upsampler.push(mulawToFloat(mulaw)));
    const heard = this.vad.isDetected();
    // The detector also collects segments of its own, which are not used and would only grow.
    if (!heard) this.vad.clear();
    this.kept.push(mulaw);
    this.speechMs = heard ? this.speechMs + STEP_MS : 0;
    this.silenceMs = heard ? 0 : this.silenceMs + STEP_MS;
    if (!this.speaking) this.beforeSpeech();
    else if (this.silenceMs >= END_SILENCE_MS || this.kept.length * STEP_MS >= MAX_UTTERANCE_MS) this.endUtterance();
  }

  private beforeSpeech(): void {
    if (this.speechMs >= START_SPEECH_MS) {
      this.speaking = true;
      this.listener.onSpeechStarted();
      return;
    }
    const keep = Math.ceil((LEAD_MS + this.speechMs) / STEP_MS);
    if (this.kept.length > keep) this.kept.splice(0, this.kept.length - keep);
  }

  private endUtterance(): void {
    const drop = Math.max(0, Math.floor((this.silenceMs - TAIL_MS) / STEP_MS));
    const steps = this.kept.slice(0, this.kept.length - drop);
    const utterance = new Uint8Array(steps.length * STEP_BYTES);
    steps.forEach((step, index) => utterance.set(step, index * STEP_BYTES));
    this.kept = this.kept.slice(-Math.ceil(LEAD_MS / STEP_MS));
    this.speaking = false;
    this.speechMs = 0;
    this.listener.onUtterance(utterance);
  }
}

/** Reuses detectors, because each holds some ten megabytes. */
export class VadPool {
  private readonly sherpa: Sherpa;
  private readonly model: string;
  private readonly free: SherpaVad[] = [];

  constructor(sherpa: Sherpa, model: string) {
    this.sherpa = sherpa;
    this.model = model;
  }

  take(): SherpaVad {
    return this.free.pop() ?? this.create();
  }

  giveBack(vad: SherpaVad): void {
    vad.reset();
    vad.clear();
    this.free.push(vad);
  }

  private create(): SherpaVad {
    const sileroVad = {
      model: this.model,
      threshold: 0.5,
      minSpeechDuration: 0.05,
      minSilenceDuration: 0.1,
      windowSize: 512,
      maxSpeechDuration: 60,
    };
    return new this.sherpa.Vad({ sileroVad, sampleRate: 16_000, numThreads: 1, debug: 0 }, 30);
  }
}
