import { MULAW_BYTES_PER_MS, MULAW_SILENCE, TELEPHONE_RATE_HZ } from '../../src/audio/chunk.js';
import { pcmToMulaw } from '../../src/audio/g711.js';
import type { SpeechEngine } from '../../src/speech/engine.js';

export interface VoiceRequest {
  /** The voice's own kind by default. */
  voice?: 'speech' | 'tone';
  /** Cuts or extends the sound to this length. */
  durationMs?: number;
}

/** Converts a simulated model's text into mu-law at 8 kHz. */
export interface Voice {
  speak(text: string, request?: VoiceRequest): Promise<Uint8Array>;
}

/** Duration of a tone per character, about that of speech. */
const TONE_MS_PER_CHARACTER = 65;
const TONE_HZ = 440;
const TONE_AMPLITUDE = 6000;

/** Speaks a tone as long as the text, which is cheap and reproducible. */
export function toneVoice({ msPerCharacter = TONE_MS_PER_CHARACTER } = {}): Voice {
  return {
    speak: (text, { durationMs } = {}) => Promise.resolve(tone(durationMs ?? text.trim().length * msPerCharacter)),
  };
}

/** Speaks with the engine, or in tones if the request asks for them. Synthesized texts are cached. */
export function speechVoice(engine: SpeechEngine): Voice {
  const spoken = new Map<string, Promise<Uint8Array>>();
  const tones = toneVoice();
  return {
    speak: async (text, request = {}) => {
      if (request.voice === 'tone') return tones.speak(text, request);
      let sound = spoken.get(text);
      if (sound === undefined) {
        sound = engine.synthesize(text);
        spoken.set(text, sound);
        sound.catch(() => spoken.delete(text));
      }
      return request.durationMs === undefined ? sound : fit(await sound, request.durationMs);
    },
  };
}

function tone(durationMs: number): Uint8Array {
  const pcm = new Int16Array(Math.round(durationMs * MULAW_BYTES_PER_MS));
  for (let n = 0; n < pcm.length; n++) {
    pcm[n] = Math.round(TONE_AMPLITUDE * Math.sin((2 * Math.PI * TONE_HZ * n) / TELEPHONE_RATE_HZ));
  }
  return pcmToMulaw(pcm);
}

function fit(mulaw: Uint8Array, durationMs: number): Uint8Array {
  const fitted = new Uint8Array(Math.round(durationMs * MULAW_BYTES_PER_MS)).fill(MULAW_SILENCE);
  fitted.set(mulaw.subarray(0, fitted.length));
  return fitted;
}
