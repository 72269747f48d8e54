import type { SpeechVoice } from './flite.js';

/** What the engine asks of its worker thread. `id` pairs an answer with its question; `line` names a caller's line. */
export type WorkerRequest =
  | { type: 'transcribe'; id: number; mulaw: Uint8Array }
  | { type: 'synthesize'; id: number; text: string; voice: SpeechVoice; rate: number }
  | { type: 'open-line'; line: number }
  | { type: 'line-audio'; line: number; mulaw: Uint8Array }
  | { type: 'close-line'; line: number }
  /** The thread ends itself once it has read this; nothing else is answered any more. */
  | { type: 'close' };

export type WorkerReply =
  | { type: 'ready' }
  | { type: 'failed-to-load'; code: 'LOCAL_SPEECH_MISSING' | 'LOCAL_SPEECH_DAMAGED'; what: string }
  | { type: 'text'; id: number; text: string }
  | { type: 'audio'; id: number; mulaw: Uint8Array }
  | { type: 'failed'; id: number; what: string }
  | { type: 'speech-started'; line: number }
  | { type: 'speech-stopped'; line: number }
  | { type: 'line-text'; line: number; text: string };

export interface WorkerOptions {
  /** Undefined: the thread only speaks. */
  sttModel: string | undefined;
}
