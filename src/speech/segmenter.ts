import { mulawToFloat } from '../audio/g711.js';
import { Upsampler } from '../audio/resample.js';
import type { Sherpa, SherpaVad } from './recognizer.js';

/** 32 ms of telephone audio: what Silero looks at in one step. */
const STEP_BYTES = 256;
const STEP_MS = 32;
/** Quiet after which an utterance is over. */
const END_SILENCE_MS = 550;
/** Speech that must be there before the caller counts as speaking: a cough or a click is shorter. */
const START_SPEECH_MS = 96;
/** Kept from before the first detection: Silero needs a moment, and the first sound counts. */
const LEAD_MS = 260;
/** Kept from after the last detection. */
const TAIL_MS = 60;
/** An utterance that never ends is cut here, and what was said so far is understood. */
const MAX_UTTERANCE_MS = 25_000;

export interface SegmentListener {
  onSpeechStarted(): void;
  /** Mu-law of the utterance, cut closely. */
  onUtterance(mulaw: Uint8Array): void;
}

/**
 * Finds utterances in a caller's line. Everything is counted in audio, not in time that passes: audio that comes faster
 * than real time gives the same result.
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
    // The detector also collects segments of its own; they are not used and would only grow.
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

/** Detectors that can be used again: each holds some ten megabytes. */
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
