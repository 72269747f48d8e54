import { AudioChunk, MULAW_BYTES_PER_MS, MULAW_SILENCE, TELEPHONE_RATE_HZ } from '../../audio/chunk.js';
import type { Clock, Timer } from '../../base/clock.js';
import { CallerAudio, type CallerAudioOptions } from '../openai/caller-audio.js';
import type { SpeechDetector } from '../speech-detector.js';

export interface CallerLineOptions extends CallerAudioOptions {
  clock: Clock;
  /** Hears everything that the caller's line carries. */
  ear: SpeechDetector;
}

/** How often the line is looked at. */
const CHECK_MS = 100;
/** Amount by which the audio may lag behind the time before silence takes its place. Proxies deliver frames in bursts. */
const MAX_BEHIND_MS = 200;
/** Amount by which it may be ahead before quiet audio is left out. */
const MAX_AHEAD_MS = 300;
/** Audio before a speech that is sent with it. */
const LEAD_MS = 300;
const SILENCE_BYTES = new Uint8Array(CHECK_MS * MULAW_BYTES_PER_MS).fill(MULAW_SILENCE);
const SILENCE = AudioChunk.fromBytes('mulaw', TELEPHONE_RATE_HZ, SILENCE_BYTES);

type State =
  /** The session takes no audio yet. Only speech is kept, with what came right before it. */
  | { name: 'held'; lead: AudioChunk[]; heldMs: number }
  /** `sentMs` of audio were sent since `sinceMs`. */
  | { name: 'flowing'; sinceMs: number; sentMs: number; timer: Timer }
  | { name: 'closed' };

/**
 * The caller's line to a GPT-Live session. The model lives in the audio that it gets: without it neither speaks nor
 * answers (OpenAI: Managing GPT-Live sessions – keep input audio running, including silence). So silence is sent while the
 * carrier sends nothing. And audio that was held would put the model behind for good, so quiet audio is left out until
 * the line is back in time.
 */
export class CallerLine {
  private readonly options: CallerLineOptions;
  private readonly queue: CallerAudio;
  private state: State = { name: 'held', lead: [], heldMs: 0 };

  constructor(options: CallerLineOptions) {
    this.options = options;
    this.queue = new CallerAudio(options);
  }

  /** Called when the session takes audio. */
  open(): void {
    if (this.state.name !== 'held') return;
    const { heldMs } = this.state;
    this.state = { name: 'flowing', sinceMs: this.options.clock.now(), sentMs: heldMs, timer: this.wait() };
    this.queue.open();
  }

  /** Takes mu-law at 8 kHz. */
  push(chunk: AudioChunk): void {
    const { state } = this;
    if (state.name === 'closed') return;
    const { ear } = this.options;
    ear.pushMulaw(chunk.bytes);
    if (state.name === 'held') {
      this.hold(state, chunk);
      return;
    }
    if (!ear.isSpeaking && this.aheadMs(state) > MAX_AHEAD_MS) return;
    state.sentMs += chunk.durationMs;
    this.queue.push(chunk, chunk.sizeBytes);
  }

  close(): void {
    if (this.state.name === 'flowing') this.state.timer.cancel();
    this.state = { name: 'closed' };
  }

  private hold(state: State & { name: 'held' }, chunk: AudioChunk): void {
    state.lead.push(chunk);
    if (this.options.ear.isSpeaking) {
      for (const held of state.lead) {
        state.heldMs += held.durationMs;
        this.queue.push(held, held.sizeBytes);
      }
      state.lead = [];
      state.heldMs = Math.min(state.heldMs, this.options.capacityBytes / MULAW_BYTES_PER_MS);
    } else if (state.lead.length * chunk.durationMs > LEAD_MS) state.lead.shift();
  }

  private aheadMs(state: State & { name: 'flowing' }): number {
    return state.sentMs - (this.options.clock.now() - state.sinceMs);
  }

  private wait(): Timer {
    return this.options.clock.setTimer(CHECK_MS, () => {
      const { state } = this;
      if (state.name !== 'flowing') return;
      state.timer = this.wait();
      let behindMs = -this.aheadMs(state);
      // A process that was held up does not repeat the whole time in silence.
      if (behindMs > 10 * MAX_BEHIND_MS) {
        state.sentMs += behindMs - 10 * MAX_BEHIND_MS;
        behindMs = 10 * MAX_BEHIND_MS;
      }
      for (; behindMs > MAX_BEHIND_MS; behindMs -= CHECK_MS) {
        this.options.ear.pushMulaw(SILENCE_BYTES);
        state.sentMs += CHECK_MS;
        this.queue.push(SILENCE, SILENCE_BYTES.length);
      }
    });
  }
}
