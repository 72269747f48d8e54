import type { WorkerReply, WorkerRequest } from './protocol.js';
import type { Spoken } from './voice-choice.js';
import type { SherpaVad } from './recognizer.js';
import { Segmenter } from './segmenter.js';

/** The models that hear. Both may throw. */
export interface Hearing {
  recognizer: { transcribe(mulaw: Uint8Array): string };
  vads: { take(): SherpaVad; giveBack(vad: SherpaVad): void };
}

export type SynthesisRequest = WorkerRequest & { type: 'synthesize' };

interface Stream {
  vad: SherpaVad;
  segmenter: Segmenter;
}

/** Maximum length of audio that is recognised in one step, 25 s. Other callers are heard between two steps. */
const MAX_STEP_BYTES = 200_000;

/**
 * Answers the engine's requests in its thread. A fault in one request, one caller's stream or one utterance costs nothing
 * else. Without `hearing`, audio is ignored, because the engine sends none to such a thread.
 */
export class SpeechService {
  private readonly hearing: Hearing | undefined;
  private readonly synthesize: (request: SynthesisRequest) => Promise<Spoken>;
  private readonly reply: (message: WorkerReply) => void;
  private readonly streams = new Map<number, Stream>();
  /** Work that waits for its turn, because detecting speech comes before transcribing it. */
  private readonly waiting: (() => void)[] = [];
  private isScheduled = false;

  constructor(options: {
    hearing: Hearing | undefined;
    synthesize: (request: SynthesisRequest) => Promise<Spoken>;
    reply: (message: WorkerReply) => void;
  }) {
    this.hearing = options.hearing;
    this.synthesize = options.synthesize;
    this.reply = options.reply;
  }

  handle(request: Exclude<WorkerRequest, { type: 'close' }>): void {
    switch (request.type) {
      case 'open-stream':
        this.fenced(request.stream, () => this.openStream(request.stream));
        return;
      case 'stream-audio':
        this.fenced(request.stream, () => this.streams.get(request.stream)?.segmenter.push(request.mulaw));
        return;
      case 'close-stream':
        this.closeStream(request.stream);
        return;
      case 'transcribe':
        this.later(() => this.transcribe(request.id, request.mulaw, []));
        return;
      case 'synthesize':
        this.synthesize(request).then(
          (spoken) => this.reply({ type: 'audio', id: request.id, ...spoken }),
          () => this.reply({ type: 'failed', id: request.id, what: 'The synthesiser failed.' }),
        );
        return;
    }
  }

  private openStream(stream: number): void {
    if (this.hearing === undefined) return;
    const vad = this.hearing.vads.take();
    const segmenter = new Segmenter(vad, {
      onSpeechStarted: () => this.reply({ type: 'speech-started', stream }),
      onUtterance: (mulaw) => {
        this.reply({ type: 'speech-stopped', stream });
        this.later(() => this.recognizeUtterance(stream, mulaw));
      },
    });
    this.streams.set(stream, { vad, segmenter });
  }

  /** A caller whose utterance cannot be recognised is asked again, like one who was not understood. */
  private recognizeUtterance(stream: number, mulaw: Uint8Array): void {
    if (!this.streams.has(stream)) return;
    try {
      this.reply({ type: 'stream-text', stream, text: this.hearing?.recognizer.transcribe(mulaw) ?? '' });
    } catch {
      this.reply({ type: 'utterance-failed', stream });
    }
  }

  private transcribe(id: number, mulaw: Uint8Array, texts: readonly string[]): void {
    try {
      const text = this.hearing?.recognizer.transcribe(mulaw.subarray(0, MAX_STEP_BYTES)) ?? '';
      const all = text === '' ? texts : [...texts, text];
      const rest = mulaw.subarray(MAX_STEP_BYTES);
      if (rest.length > 0) this.later(() => this.transcribe(id, rest, all));
      else this.reply({ type: 'text', id, text: all.join(' ') });
    } catch {
      this.reply({ type: 'failed', id, what: 'The recogniser failed.' });
    }
  }

  /** Ends the stream if the work on it throws. Its detector is in an unknown state, so it is not used again. */
  private fenced(stream: number, work: () => void): void {
    try {
      work();
    } catch {
      this.streams.delete(stream);
      this.reply({ type: 'stream-failed', stream });
    }
  }

  private closeStream(stream: number): void {
    const vad = this.streams.get(stream)?.vad;
    this.streams.delete(stream);
    if (vad === undefined) return;
    try {
      this.hearing?.vads.giveBack(vad);
    } catch {
      // A detector that cannot be reset is not used again. Its caller is gone.
    }
  }

  private later(work: () => void): void {
    this.waiting.push(work);
    if (this.isScheduled) return;
    this.isScheduled = true;
    const next = (): void => {
      this.waiting.shift()?.();
      this.isScheduled = this.waiting.length > 0;
      if (this.isScheduled) setImmediate(next);
    };
    setImmediate(next);
  }
}
