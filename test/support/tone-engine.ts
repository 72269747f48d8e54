import { toneVoice } from '../../sim/model/voice.js';
import type { SpeechEngine } from '../../src/speech/engine.js';

/** For rigs: speaks the gateway's own lines as tones, because a speech thread for each gateway would be most of a test's cost. */
export const TONES: SpeechEngine = {
  synthesize: (text) => toneVoice().speak(text),
  transcribe: () => Promise.resolve(''),
  listen: () => ({ push: () => undefined, close: () => undefined }),
  close: () => Promise.resolve(),
};
