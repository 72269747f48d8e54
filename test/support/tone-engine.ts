import { toneVoice } from '../../sim/model/voice.js';
import type { SpeechEngine } from '../../src/speech/engine.js';

/** The gateway's own lines as tones: a thread with a real voice for each gateway would be most of what a test costs. */
export const TONES: SpeechEngine = {
  synthesize: (text) => toneVoice().speak(text),
  transcribe: () => Promise.resolve(''),
  listen: () => ({ push: () => undefined, close: () => undefined }),
  close: () => Promise.resolve(),
};
