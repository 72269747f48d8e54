import { Worker } from 'node:worker_threads';
import { type Clock, systemClock, type Timer } from '../base/clock.js';
import { TandemError } from '../base/errors.js';
import type { SpeechVoice } from './flite.js';
import type { WorkerOptions, WorkerReply, WorkerRequest } from './protocol.js';
import { keepAudio, keptAudio } from './kept-audio.js';
import { RestartDelays } from './restart-delays.js';

/** Recognises and synthesises speech on this machine, without an account or a network. All audio is mu-law at 8 kHz. */
export interface SpeechEngine {
  /** Returns the text of one utterance, or `''` if nothing was understood. */
  transcribe(mulaw: Uint8Array): Promise<string>;
  /**
   * Returns `text` as audio. `rate` 1 is the voice's own speed. `language` is a BCP 47 tag, by default English; the embedded
   * `voice` stands in for a voice of the operator's own only in English.
   */
  synthesize(text: string, options?: SynthesisOptions): Promise<Uint8Array>;
  /** Listens to a caller's audio stream. Reports voice activity and the text of each utterance. */
  listen(listener: SpeechListener): SpeechInput;
  /**
   * Synthesises lines that every call may need, so that no caller waits for them. Resolves when the first sentence is ready, and
   * continues with the others. Never rejects. Absent for an engine that keeps nothing.
   */
  keep?(lines: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export interface SynthesisOptions {
  voice?: SpeechVoice;
  rate?: number;
  language?: string;
}

/** The operator's own voice: a folder with a model, or the base URL of a server. At most one is set. */
export interface OwnVoiceOptions {
  ttsModel?: string | undefined;
  ttsBaseUrl?: string | undefined;
  /** Called with `false` when the embedded voice begins to stand in for the own one, and with `true` when that speaks again. */
  onOwnVoice?: (isUp: boolean) => void;
}

export interface SpeechListener {
  onSpeechStarted(): void;
  /** Called about half a second after the last sound of an utterance. */
  onSpeechStopped(): void;
  /** Called after each stop. `text` is `''` if nothing was understood. */
  onText(text: string): void;
  /** Called before `onText` with `''` if the recogniser failed on the utterance. */
  onNotRecognized?(): void;
  /** Called when the engine has failed, or cannot hear this caller any more. No other call follows. */
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
export async function openSpeechEngine(options: OwnVoiceOptions & { sttModel?: string } = {}): Promise<SpeechEngine> {
  return started(engineFor(options.sttModel ?? 'tiny', options));
}

/** Speaks fixed lines for a gateway whose model cannot. It loads no recogniser. */
export interface LineSpeaker {
  /** Returns mu-law at 8 kHz. A line that was spoken before is cached. */
  speak(text: string, language?: string): Promise<Uint8Array>;
  /** See {@link SpeechEngine.keep}. */
  keep(lines: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Maximum number of cached lines. It is more than any assistant has. */
const MAX_LINES = 100;

/**
 * Starts a thread that only synthesises.
 * @throws TandemError LOCAL_SPEECH_MISSING, LOCAL_SPEECH_DAMAGED
 */
export async function openLineSpeaker(options: OwnVoiceOptions = {}): Promise<LineSpeaker> {
  const engine = await started(engineFor(undefined, options));
  const spoken = new Map<string, Promise<Uint8Array>>();
  return {
    speak: (text, language) => {
      let audio = spoken.get(text);
      if (audio === undefined) {
        audio = engine.synthesize(text, language === undefined ? {} : { language });
        if (spoken.size < MAX_LINES) spoken.set(text, audio);
        audio.catch(() => spoken.delete(text));
      }
      return audio;
    },
    keep: async (lines) => engine.keep?.(lines),
    close: () => engine.close(),
  };
}

/** The voice of the assistants, unless the operator has one of their own. */
const ASSISTANTS_VOICE: SpeechVoice = 'slt';

interface Pending {
  resolve(reply: WorkerReply): void;
  reject(error: TandemError): void;
}

type State =
  | { name: 'running'; worker: Worker; loading: Promise<void>; exited: Promise<void> }
  /** The thread died and starts again when the timer fires. */
  | { name: 'dead'; restart: Timer }
  | { name: 'closed' };

/** The engine over its thread, which it restarts when it dies. */
export class WorkerEngine implements SpeechEngine {
  private readonly options: WorkerOptions;
  private readonly clock: Clock;
  private readonly delays = new RestartDelays();
  private state: State;
  private readonly pending = new Map<number, Pending>();
  private readonly listeners = new Map<number, SpeechListener>();
  private lastId = 0;
  private isOwnVoiceUp = true;
  private readonly onOwnVoice: ((isUp: boolean) => void) | undefined;

  constructor(options: WorkerOptions, clock: Clock = systemClock, onOwnVoice?: (isUp: boolean) => void) {
    this.options = options;
    this.clock = clock;
    this.onOwnVoice = onOwnVoice;
    this.state = this.startWorker();
  }

  /** Resolves when the thread has loaded its models. */
  async ready(): Promise<void> {
    if (this.state.name !== 'running') return;
    const { loading, worker } = this.state;
    // Nothing else may keep the process alive while its thread loads.
    worker.ref();
    try {
      await loading;
    } finally {
      this.letProcessEnd(worker);
    }
  }

  async transcribe(mulaw: Uint8Array): Promise<string> {
    const reply = await this.ask((id) => ({ type: 'transcribe', id, mulaw }));
    return reply.type === 'text' ? reply.text : '';
  }

  async synthesize(text: string, options: SynthesisOptions = {}): Promise<Uint8Array> {
    if (text.trim() === '') return new Uint8Array(0);
    const { voice = ASSISTANTS_VOICE, rate = 1, language = 'en' } = options;
    if (voice === ASSISTANTS_VOICE && rate === 1 && !this.hasOwnVoice) {
      const audio = keptAudio(text);
      if (audio !== undefined) return audio;
    }
    const reply = await this.ask((id) => ({ type: 'synthesize', id, text, voice, rate, language }));
    if (reply.type !== 'audio') return new Uint8Array(0);
    if (this.isOwnVoiceUp === reply.isFallback) {
      this.isOwnVoiceUp = !reply.isFallback;
      this.onOwnVoice?.(this.isOwnVoiceUp);
    }
    return reply.mulaw;
  }

  async keep(lines: readonly string[]): Promise<void> {
    // A voice of the operator's own may be a server that is not up yet.
    if (!this.hasOwnVoice) await keepAudio(lines, (sentence) => this.synthesize(sentence));
  }

  listen(listener: SpeechListener): SpeechInput {
    const stream = ++this.lastId;
    this.listeners.set(stream, listener);
    if (this.state.name !== 'running') queueMicrotask(() => this.failStream(stream, notRunning()));
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
    const { state } = this;
    this.state = { name: 'closed' };
    this.listeners.clear();
    this.failAll(notRunning());
    if (state.name === 'dead') state.restart.cancel();
    if (state.name !== 'running') return;
    // The thread ends by itself, because terminating it while native code runs in it would end the whole process.
    state.worker.ref();
    state.worker.postMessage({ type: 'close' } satisfies WorkerRequest);
    await state.exited;
  }

  private get hasOwnVoice(): boolean {
    return this.options.ttsModel !== undefined || this.options.ttsBaseUrl !== undefined;
  }

  private startWorker(): State & { name: 'running' } {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: this.options });
    worker.unref();
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
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
        if (this.state.name === 'running' && worker === this.state.worker) this.onDeath(error);
      });
    });
    // `ready` may be called later, so the rejection must not count as unhandled until then.
    loading.catch(() => undefined);
    return { name: 'running', worker, loading, exited };
  }

  private onDeath(error: TandemError): void {
    const delayMs = this.delays.afterDeath(this.clock.now());
    // The new thread is there before the callers hear of the death, because they open new streams at once.
    this.state =
      delayMs === 0
        ? this.startWorker()
        : { name: 'dead', restart: this.clock.setTimer(delayMs, () => (this.state = this.startWorker())) };
    this.failAll(error);
  }

  private failAll(error: TandemError): void {
    for (const pending of this.pending.values()) pending.reject(error);
    this.pending.clear();
    const listeners = [...this.listeners.values()];
    this.listeners.clear();
    for (const listener of listeners) listener.onFailure(error);
  }

  private async ask(request: (id: number) => WorkerRequest): Promise<WorkerReply> {
    if (this.state.name !== 'running') throw notRunning();
    const id = ++this.lastId;
    const { worker } = this.state;
    // The thread keeps the process alive while an answer is pending.
    worker.ref();
    try {
      return await new Promise<WorkerReply>((resolve, reject) => {
        this.pending.set(id, { resolve, reject });
        this.post(request(id));
      });
    } finally {
      this.letProcessEnd(worker);
    }
  }

  /** While the engine is being closed, its thread keeps the process alive until it has ended. */
  private letProcessEnd(worker: Worker): void {
    if (this.pending.size === 0 && this.state.name !== 'closed') worker.unref();
  }

  private post(request: WorkerRequest): void {
    if (this.state.name === 'running') this.state.worker.postMessage(request);
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
      case 'utterance-failed': {
        const listener = this.listeners.get(reply.stream);
        listener?.onNotRecognized?.();
        listener?.onText('');
        return;
      }
      case 'stream-failed':
        this.failStream(reply.stream, new TandemError('LOCAL_SPEECH_FAILED', 'The voice detector failed on a call.'));
        return;
      case 'ready':
      case 'failed-to-load':
        return;
    }
  }

  private failStream(stream: number, error: TandemError): void {
    const listener = this.listeners.get(stream);
    this.listeners.delete(stream);
    listener?.onFailure(error);
  }

  private take(id: number): Pending | undefined {
    const pending = this.pending.get(id);
    this.pending.delete(id);
    return pending;
  }
}

function engineFor(sttModel: string | undefined, { onOwnVoice, ttsBaseUrl, ttsModel }: OwnVoiceOptions): WorkerEngine {
  return new WorkerEngine({ sttModel, ttsModel, ttsBaseUrl }, systemClock, onOwnVoice);
}

/** Resolves with the engine once it is ready. Closes one that cannot load, because it would try again without end. */
async function started(engine: WorkerEngine): Promise<SpeechEngine> {
  try {
    await engine.ready();
    return engine;
  } catch (error) {
    await engine.close();
    throw error;
  }
}

function notRunning(): TandemError {
  return new TandemError('LOCAL_SPEECH_FAILED', 'The embedded speech engine is not running.');
}
