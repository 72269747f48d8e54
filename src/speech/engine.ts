import { Worker } from 'node:worker_threads';
import { TandemError } from '../base/errors.js';
import type { SpeechVoice } from './flite.js';
import type { WorkerOptions, WorkerReply, WorkerRequest } from './protocol.js';

/** Recognises and synthesises speech on this machine, without an account or a network. All audio is mu-law at 8 kHz. */
export interface SpeechEngine {
  /** Returns the text of one utterance, or `''` if nothing was understood. */
  transcribe(mulaw: Uint8Array): Promise<string>;
  /** Returns `text` as audio. `rate` 1 is the voice's own speed. */
  synthesize(text: string, options?: { voice?: SpeechVoice; rate?: number }): Promise<Uint8Array>;
  /** Listens to a caller's audio stream. Reports voice activity and the text of each utterance. */
  listen(listener: SpeechListener): SpeechInput;
  close(): Promise<void>;
}

export interface SpeechListener {
  onSpeechStarted(): void;
  /** Called about half a second after the last sound of an utterance. */
  onSpeechStopped(): void;
  /** Called after each stop. `text` is `''` if nothing was understood. */
  onText(text: string): void;
  /** Called when the engine has failed. No other call follows. */
  onFailure(error: TandemError): void;
}

export interface SpeechInput {
  push(mulaw: Uint8Array): void;
  close(): void;
}

/**
 * Starts the engine's thread and loads its models.
 * @throws TandemError LOCAL_SPEECH_MISSING, LOCAL_SPEECH_DAMAGED
 */
export async function openSpeechEngine(options: { sttModel?: string } = {}): Promise<SpeechEngine> {
  const engine = new WorkerEngine({ sttModel: options.sttModel ?? 'tiny' });
  await engine.ready();
  return engine;
}

/** Speaks fixed lines for a gateway whose model cannot. It loads no recogniser. */
export interface LineSpeaker {
  /** Returns mu-law at 8 kHz. A line that was spoken before is cached. */
  speak(text: string): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Maximum number of cached lines. It is more than any assistant has. */
const MAX_LINES = 100;

/**
 * Starts a thread that only synthesises.
 * @throws TandemError LOCAL_SPEECH_MISSING
 */
export async function openLineSpeaker(): Promise<LineSpeaker> {
  const engine = new WorkerEngine({ sttModel: undefined });
  await engine.ready();
  const spoken = new Map<string, Promise<Uint8Array>>();
  return {
    speak: (text) => {
      let audio = spoken.get(text);
      if (audio === undefined) {
        audio = engine.synthesize(text);
        if (spoken.size < MAX_LINES) spoken.set(text, audio);
        audio.catch(() => spoken.delete(text));
      }
      return audio;
    },
    close: () => engine.close(),
  };
}

interface Pending {
  resolve(reply: WorkerReply): void;
  reject(error: TandemError): void;
}

/** Maximum number of restarts of a thread that dies. */
const MAX_RESTARTS = 5;

class WorkerEngine implements SpeechEngine {
  private readonly options: WorkerOptions;
  private worker: Worker;
  private loading: Promise<void>;
  private exited: Promise<void> = Promise.resolve();
  private readonly pending = new Map<number, Pending>();
  private readonly listeners = new Map<number, SpeechListener>();
  private lastId = 0;
  private restarts = 0;
  private closed = false;

  constructor(options: WorkerOptions) {
    this.options = options;
    [this.worker, this.loading] = this.startWorker();
  }

  ready(): Promise<void> {
    return this.loading;
  }

  async transcribe(mulaw: Uint8Array): Promise<string> {
    const reply = await this.ask((id) => ({ type: 'transcribe', id, mulaw }));
    return reply.type === 'text' ? reply.text : '';
  }

  async synthesize(text: string, options: { voice?: SpeechVoice; rate?: number } = {}): Promise<Uint8Array> {
    if (text.trim() === '') return new Uint8Array(0);
    const { voice = 'slt', rate = 1 } = options;
    const reply = await this.ask((id) => ({ type: 'synthesize', id, text, voice, rate }));
    return reply.type === 'audio' ? reply.mulaw : new Uint8Array(0);
  }

  listen(listener: SpeechListener): SpeechInput {
    const stream = ++this.lastId;
    this.listeners.set(stream, listener);
    this.post({ type: 'open-stream', stream });
    return {
      push: (mulaw) => {
        if (this.listeners.has(stream)) this.post({ type: 'stream-audio', stream, mulaw });
      },
      close: () => {
        if (this.listeners.delete(stream)) this.post({ type: 'close-stream', stream });
      },
    };
  }

  async close(): Promise<void> {
    this.closed = true;
    this.failAll(new TandemError('LOCAL_SPEECH_FAILED', 'The embedded speech engine was closed.'));
    // The thread ends by itself, because terminating it while native code runs in it would end the whole process.
    this.worker.ref();
    this.worker.postMessage({ type: 'close' } satisfies WorkerRequest);
    await this.exited;
  }

  private startWorker(): [Worker, Promise<void>] {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: this.options });
    worker.unref();
    this.exited = new Promise((resolve) => worker.once('exit', () => resolve()));
    const loading = new Promise<void>((resolve, reject) => {
      worker.on('message', (reply: WorkerReply) => {
        if (reply.type === 'ready') resolve();
        else if (reply.type === 'failed-to-load') reject(new TandemError(reply.code, reply.what));
        else this.onReply(reply);
      });
      worker.on('error', () => undefined);
      worker.on('exit', () => {
        const error = new TandemError('LOCAL_SPEECH_FAILED', 'The embedded speech engine stopped.');
        reject(error);
        if (worker === this.worker && !this.closed) this.onDeath(error);
      });
    });
    // `ready` may be called later, so the rejection must not count as unhandled until then.
    loading.catch(() => undefined);
    return [worker, loading];
  }

  private onDeath(error: TandemError): void {
    this.failAll(error);
    if (this.restarts++ < MAX_RESTARTS) [this.worker, this.loading] = this.startWorker();
  }

  private failAll(error: TandemError): void {
    for (const pending of this.pending.values()) pending.reject(error);
    this.pending.clear();
    const listeners = [...this.listeners.values()];
    this.listeners.clear();
    if (!this.closed) for (const listener of listeners) listener.onFailure(error);
  }

  private async ask(request: (id: number) => WorkerRequest): Promise<WorkerReply> {
    if (this.closed) throw new TandemError('LOCAL_SPEECH_FAILED', 'The embedded speech engine was closed.');
    const id = ++this.lastId;
    // The thread keeps the process alive while an answer is pending.
    this.worker.ref();
    try {
      return await new Promise<WorkerReply>((resolve, reject) => {
        this.pending.set(id, { resolve, reject });
        this.post(request(id));
      });
    } finally {
      if (this.pending.size === 0) this.worker.unref();
    }
  }

  private post(request: WorkerRequest): void {
    if (!this.closed) this.worker.postMessage(request);
  }

  private onReply(reply: WorkerReply): void {
    switch (reply.type) {
      case 'text':
      case 'audio':
        this.take(reply.id)?.resolve(reply);
        return;
      case 'failed':
        this.take(reply.id)?.reject(new TandemError('LOCAL_SPEECH_FAILED', reply.what));
        return;
      case 'speech-started':
        this.listeners.get(reply.stream)?.onSpeechStarted();
        return;
      case 'speech-stopped':
        this.listeners.get(reply.stream)?.onSpeechStopped();
        return;
      case 'stream-text':
        this.listeners.get(reply.stream)?.onText(reply.text);
        return;
      case 'ready':
      case 'failed-to-load':
        return;
    }
  }

  private take(id: number): Pending | undefined {
    const pending = this.pending.get(id);
    this.pending.delete(id);
    return pending;
  }
}
