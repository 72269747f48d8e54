import type { Clock } from '../base/clock.js';
import type { SpeechVoice } from './flite.js';
import type { OwnVoice } from './own-voice.js';

/** How long the voice of one's own rests after a failure, so that not every sentence waits for it. */
const REST_MS = 30_000;

export interface SpeakRequest {
  rate: number;
  /** The embedded voice to fall back on. */
  voice: SpeechVoice;
  /** BCP 47 tag. The embedded voices speak English only. */
  language: string;
}

export interface Spoken {
  mulaw: Uint8Array;
  /** Whether the embedded voice spoke in place of the operator's own, which failed or rests after a failure. */
  isFallback: boolean;
}

/** Speaks with the operator's own voice, and with the embedded one while that fails. */
export class VoiceChoice {
  private readonly own: OwnVoice | undefined;
  private readonly embedded: (text: string, request: SpeakRequest) => Promise<Uint8Array>;
  private readonly clock: Clock;
  private restsUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: {
    own: OwnVoice | undefined;
    embedded: (text: string, request: SpeakRequest) => Promise<Uint8Array>;
    clock: Clock;
  }) {
    this.own = options.own;
    this.embedded = options.embedded;
    this.clock = options.clock;
  }

  /** Rejects if no voice can speak the text. */
  async speak(text: string, request: SpeakRequest): Promise<Spoken> {
    if (this.own === undefined) return { mulaw: await this.embedded(text, request), isFallback: false };
    const mayFallBack = /^en\b/i.test(request.language);
    if (!mayFallBack || this.clock.now() >= this.restsUntilMs) {
      try {
        const mulaw = await this.own(text, request.rate);
        if (mulaw.length === 0) throw new RangeError('The voice said nothing.');
        this.restsUntilMs = Number.NEGATIVE_INFINITY;
        return { mulaw, isFallback: false };
      } catch (error) {
        this.restsUntilMs = this.clock.now() + REST_MS;
        if (!mayFallBack) throw error;
      }
    }
    return { mulaw: await this.embedded(text, request), isFallback: true };
  }
}
