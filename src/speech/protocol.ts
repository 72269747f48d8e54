import type { SpeechVoice } from './flite.js';

/** What the engine asks its worker thread. `id` pairs an answer with its request. `stream` names a caller's audio stream. */
export type WorkerRequest =
  | { type: 'transcribe'; id: number; mulaw: Uint8Array }
  | { type: 'synthesize'; id: number; text: string; voice: SpeechVoice; rate: number; language: string }
  | { type: 'open-stream'; stream: number }
  | { type: 'stream-audio'; stream: number; mulaw: Uint8Array }
  | { type: 'close-stream'; stream: number }
  /** Ends the thread. It answers nothing after this. */
  | { type: 'close' };

export type WorkerReply =
  | { type: 'ready' }
  | { type: 'failed-to-load'; code: 'LOCAL_SPEECH_MISSING' | 'LOCAL_SPEECH_DAMAGED'; what: string }
  | { type: 'text'; id: number; text: string }
  /** `isFallback`: the embedded voice spoke in place of the operator's own. */
  | { type: 'audio'; id: number; mulaw: Uint8Array; isFallback: boolean }
  | { type: 'failed'; id: number; what: string }
  | { type: 'speech-started'; stream: number }
  | { type: 'speech-stopped'; stream: number }
  | { type: 'stream-text'; stream: number; text: string }
  /** The recogniser threw on one utterance. The stream continues. */
  | { type: 'utterance-failed'; stream: number }
  /** The stream is over, because the voice detector threw on its audio. */
  | { type: 'stream-failed'; stream: number };

export interface WorkerOptions {
  /** The recogniser's model. `undefined` if the thread only synthesises. */
  sttModel: string | undefined;
  /** Folder with a voice of the operator's own, or base URL of a server with one. At most one is set. */
  ttsModel?: string | undefined;
  ttsBaseUrl?: string | undefined;
}
