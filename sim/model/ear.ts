import { MULAW_BYTES_PER_MS } from '../../src/audio/chunk.js';
import { mulawRms } from '../../src/audio/level.js';
import type { SpeechEngine } from '../../src/speech/engine.js';

/** What a simulated model hears of one caller. Positions are milliseconds of audio received on this stream. */
export interface EarListener {
  /** `atMs` is the start of the utterance's first sound. */
  onSpeechStarted(atMs: number): void;
  /** `atMs` is the end of the utterance's last sound, before the silence that ended it. */
  onSpeechStopped(atMs: number): void;
  /** Called once after each stop. `''` if nothing was understood. */
  onText(text: string): void;
}

export interface EarLine {
  /** Mu-law at 8 kHz, any length. */
  push(mulaw: Uint8Array): void;
  close(): void;
}

export interface ListenOptions {
  /** Silence that ends an utterance, in milliseconds of audio. The speech engine uses a silence of its own. */
  hangoverMs?: number;
}

export interface Ear {
  listen(listener: EarListener, options?: ListenOptions): EarLine;
  /** Resolves with the text of one whole utterance, for a client that ends turns itself. */
  understand(mulaw: Uint8Array): Promise<string>;
}

/** Delay of the engine's reports. A start takes three steps to be certain, and an end the silence that it waits for. */
const ENGINE_START_LAG_MS = 96;
const ENGINE_STOP_LAG_MS = 550;

/**
 * Real voice activity detection and speech recognition. Positions are precise to about one step (32 ms), plus the lag
 * of the thread.
 */
export function speechEar(engine: SpeechEngine): Ear {
  return {
    listen: (listener) => {
      let receivedMs = 0;
      let lastMs = 0;
      const at = (lagMs: number): number => (lastMs = Math.max(lastMs, Math.round(receivedMs - lagMs)));
      const input = engine.listen({
        onSpeechStarted: () => listener.onSpeechStarted(at(ENGINE_START_LAG_MS)),
        onSpeechStopped: () => listener.onSpeechStopped(at(ENGINE_STOP_LAG_MS)),
        onText: (text) => listener.onText(text),
        // A failed engine hears nothing more, as a model without input would.
        onFailure: () => undefined,
      });
      return {
        push: (mulaw) => {
          receivedMs += mulaw.length / MULAW_BYTES_PER_MS;
          input.push(mulaw);
        },
        close: () => input.close(),
      };
    },
    understand: (mulaw) => engine.transcribe(mulaw),
  };
}

export interface LoudnessEarOptions {
  /** Texts of the utterances, in order and from the first again on every stream. `''` when they run out. */
  texts?: readonly string[] | ((line: number, utterance: number) => string);
  hangoverMs?: number;
  /** Minimum loudness (RMS of 16-bit samples) of a frame that counts as speech. */
  level?: number;
}

const FRAME_MS = 20;
const FRAME_BYTES = FRAME_MS * MULAW_BYTES_PER_MS;
const DEFAULT_LEVEL = 250;
const DEFAULT_HANGOVER_MS = 500;
/** Number of loud frames in a row that count as speech. A click is shorter. */
const START_FRAMES = 3;

/** Detects speech by loudness alone and returns the given texts, so that it is fast and reproducible. */
export function loudnessEar(options: LoudnessEarOptions = {}): Ear {
  const { texts = [], level = DEFAULT_LEVEL } = options;
  const textOf = typeof texts === 'function' ? texts : (_line: number, utterance: number) => texts[utterance] ?? '';
  let lines = 0;
  let understood = 0;
  return {
    listen: (listener, { hangoverMs = options.hangoverMs ?? DEFAULT_HANGOVER_MS } = {}) => {
      const line = lines++;
      let utterance = 0;
      return new LoudnessLine({
        level,
        hangoverMs,
        listener: {
          onSpeechStarted: (atMs) => listener.onSpeechStarted(atMs),
          onSpeechStopped: (atMs) => {
            listener.onSpeechStopped(atMs);
            listener.onText(textOf(line, utterance++));
          },
        },
      });
    },
    understand: () => Promise.resolve(textOf(0, understood++)),
  };
}

interface LoudnessLineOptions {
  level: number;
  hangoverMs: number;
  listener: Pick<EarListener, 'onSpeechStarted' | 'onSpeechStopped'>;
}

class LoudnessLine implements EarLine {
  private readonly options: LoudnessLineOptions;
  private pending = new Uint8Array(0);
  private frames = 0;
  private loudFrames = 0;
  private lastLoudEndMs = 0;
  private state: 'quiet' | 'speaking' | 'closed' = 'quiet';

  constructor(options: LoudnessLineOptions) {
    this.options = options;
  }

  push(mulaw: Uint8Array): void {
    const joined = new Uint8Array(this.pending.length + mulaw.length);
    joined.set(this.pending);
    joined.set(mulaw, this.pending.length);
    let at = 0;
    for (; at + FRAME_BYTES <= joined.length; at += FRAME_BYTES) this.step(joined.subarray(at, at + FRAME_BYTES));
    this.pending = joined.slice(at);
  }

  close(): void {
    this.state = 'closed';
  }

  private step(frame: Uint8Array): void {
    if (this.state === 'closed') return;
    this.frames++;
    const endMs = this.frames * FRAME_MS;
    const loud = mulawRms(frame) >= this.options.level;
    this.loudFrames = loud ? this.loudFrames + 1 : 0;
    if (loud) this.lastLoudEndMs = endMs;
    if (this.state === 'quiet') {
      if (this.loudFrames < START_FRAMES) return;
      this.state = 'speaking';
      this.options.listener.onSpeechStarted(endMs - START_FRAMES * FRAME_MS);
    } else if (endMs - this.lastLoudEndMs >= this.options.hangoverMs) {
      this.state = 'quiet';
      this.options.listener.onSpeechStopped(this.lastLoudEndMs);
    }
  }
}
