import { mulawToPcm, pcmToMulaw } from '../src/audio/g711.js';
import { mulawRms } from '../src/audio/level.js';
import type { SpeechEngine } from '../src/speech/engine.js';
import type { Voice } from '../sim/model/voice.js';

// The speech of chaos calls: tones in which the judge recognises the end of a sentence.

const RATE_PER_MS = 8;
const MS_PER_CHARACTER = 40;
const AMPLITUDE = 6000;
/** The end of each sentence is louder, so that the judge can tell that the caller heard all of it. */
const CLOSING = { ms: 200, amplitude: 16_000 };
const HEARD_RMS = 250;
/** Peak between the two amplitudes. The peak, because a frame with the last moment only has few loud samples. */
const CLOSING_PEAK = 10_000;

/** Speaks sentences as tones whose end can be heard. */
export const sentenceVoice: Voice = {
  speak: (text, { durationMs } = {}) => Promise.resolve(sentence(durationMs ?? text.trim().length * MS_PER_CHARACTER)),
};

/** Speaks the gateway's own lines in the same way. */
export const SENTENCES: SpeechEngine = {
  synthesize: (text) => sentenceVoice.speak(text),
  transcribe: () => Promise.resolve(''),
  listen: () => ({ push: () => undefined, close: () => undefined }),
  close: () => Promise.resolve(),
};

export type Sound = 'silence' | 'speech' | 'closing';

/** Returns what a frame of 20 ms sounds like to the caller. */
export function soundOf(frame: Uint8Array): Sound {
  if (mulawRms(frame) < HEARD_RMS) return 'silence';
  return mulawToPcm(frame).some((sample) => Math.abs(sample) > CLOSING_PEAK) ? 'closing' : 'speech';
}

function sentence(durationMs: number): Uint8Array {
  const pcm = new Int16Array(Math.max(CLOSING.ms + 100, durationMs) * RATE_PER_MS);
  const closingFrom = pcm.length - CLOSING.ms * RATE_PER_MS;
  for (let n = 0; n < pcm.length; n++) {
    pcm[n] = (n < closingFrom ? AMPLITUDE : CLOSING.amplitude) * Math.sin(n * 0.35);
  }
  return pcmToMulaw(pcm);
}
