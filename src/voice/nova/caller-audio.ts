import { type AudioChunk, TELEPHONE_RATE_HZ } from '../../audio/chunk.js';
import { mulawToPcm } from '../../audio/g711.js';
import type { Clock, Timer } from '../../base/clock.js';
import { pcmToBase64 } from './pcm.js';

const SAMPLES_PER_MS = TELEPHONE_RATE_HZ / 1000;
/** Length of a gap that counts as silence of the carrier. Proxies deliver frames in bursts up to this length. */
const GAP_MS = 200;
/** Length of one piece of silence. */
const SILENCE_MS = 100;
/** Maximum silence sent at once after the process was held up. */
const MAX_SILENCE_MS = 1000;
const SILENCE = new Int16Array(SILENCE_MS * SAMPLES_PER_MS);

export interface CallerAudioOptions {
  clock: Clock;
  /** Length to which frames are collected, because the cost of an event hardly depends on its size. */
  mergeMs: number;
  /**
   * Called with base64 of 16-bit little-endian linear PCM at 8 kHz. `lead` is the silence of {@link CallerAudio.begin},
   * without which the model answers no text.
   */
  send: (base64: string, audioMs: number, kind: 'lead' | 'line') => void;
  /** Called with all samples, silence included. */
  listen: (pcm: Int16Array) => void;
}

/**
 * Sends the caller's audio to the model. Converts mu-law to linear PCM, collects frames into larger events, and sends
 * silence while the carrier sends nothing. The model needs a steady flow of audio: it finds the end of a turn in it,
 * speaks only while it flows, and ends a session without it after some tens of seconds.
 */
export class CallerAudio {
  private readonly options: CallerAudioOptions;
  /** The samples collected so far, up to `filled`. */
  private readonly collected: Int16Array;
  private filled = 0;
  /** The time up to which audio was sent. */
  private fedUntilMs: number;
  /** Maximum time after that before silence is sent. */
  private patienceMs = SILENCE_MS;
  private timer: Timer | undefined;
  private state: 'new' | 'flowing' | 'closed' = 'new';

  constructor(options: CallerAudioOptions) {
    this.options = options;
    this.collected = new Int16Array(Math.max(1, Math.round(options.mergeMs * SAMPLES_PER_MS)));
    this.fedUntilMs = options.clock.now();
  }

  /** Sends `leadMs` of silence at once. From here on the model is never without audio. */
  begin(leadMs: number): void {
    if (this.state !== 'new') return;
    this.state = 'flowing';
    this.silence(leadMs, 'lead');
    this.fedUntilMs = this.options.clock.now();
    this.wait(this.patienceMs);
  }

  push(chunk: AudioChunk): void {
    this.fedUntilMs = this.options.clock.now();
    this.patienceMs = GAP_MS;
    this.take(mulawToPcm(chunk.bytes));
  }

  /** Sends the collected audio, so that the next event comes after it. */
  flush(): void {
    if (this.filled === 0) return;
    const audioMs = this.filled / SAMPLES_PER_MS;
    const base64 = pcmToBase64(this.collected.subarray(0, this.filled));
    this.filled = 0;
    this.options.send(base64, audioMs, 'line');
  }

  close(): void {
    this.state = 'closed';
    this.timer?.cancel();
    this.timer = undefined;
  }

  private take(pcm: Int16Array): void {
    this.options.listen(pcm);
    let at = 0;
    while (at < pcm.length) {
      const count = Math.min(pcm.length - at, this.collected.length - this.filled);
      this.collected.set(pcm.subarray(at, at + count), this.filled);
      this.filled += count;
      at += count;
      if (this.filled === this.collected.length) this.flush();
    }
  }

  private silence(audioMs: number, kind: 'lead' | 'line' = 'line'): void {
    this.flush();
    for (let leftMs = audioMs; leftMs > 0; leftMs -= SILENCE_MS) {
      const pcm = SILENCE.subarray(0, Math.round(Math.min(leftMs, SILENCE_MS) * SAMPLES_PER_MS));
      if (pcm.length === 0) return;
      this.options.listen(pcm);
      this.options.send(pcmToBase64(pcm), pcm.length / SAMPLES_PER_MS, kind);
    }
  }

  /** Does nothing once this is closed, because the receiver of audio may close it. */
  private wait(delayMs: number): void {
    if (this.state === 'closed') return;
    this.timer = this.options.clock.setTimer(delayMs, () => this.onTimer());
  }

  /**
   * There is one timer at a time. After audio it is due a gap later; while nothing arrives it keeps the pace of real
   * time.
   */
  private onTimer(): void {
    const missingMs = this.options.clock.now() - this.fedUntilMs;
    if (missingMs >= this.patienceMs) {
      this.silence(Math.min(missingMs, MAX_SILENCE_MS));
      this.fedUntilMs += missingMs;
      this.patienceMs = SILENCE_MS;
    }
    this.wait(Math.max(1, this.patienceMs - (this.options.clock.now() - this.fedUntilMs)));
  }
}
