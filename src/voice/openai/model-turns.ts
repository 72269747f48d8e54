import type { AudioChunk } from '../../audio/chunk.js';
import type { ResponseStatus, VoiceEvent } from '../session.js';
import type { OpenAiAnomaly } from './anomalies.js';
import type { TruncationLedger } from './truncation.js';
import type { ResponseQueue, RunningResponse } from './response-queue.js';
import type { AudioDelta } from './server-events.js';

interface ItemProgress {
  text: string;
  isDone: boolean;
}

/** The response in progress, as its owner sees it. */
interface Run {
  readonly running: RunningResponse;
  readonly items: Map<string, ItemProgress>;
  /** The caller talks over it: what still comes of it is late. */
  isInterrupted: boolean;
  hasAudio: boolean;
  hasWriting: boolean;
}

/** How a response ended. */
export interface RunEnd {
  running: RunningResponse;
  status: ResponseStatus;
  /** By the caller or by us. */
  isStopped: boolean;
  hasAudio: boolean;
}

/** What the model says: server events of a response as voice events, in the order the owner may rely on. */
export class ModelTurns {
  private readonly queue: ResponseQueue;
  private readonly received: TruncationLedger;
  private readonly emit: (event: VoiceEvent) => void;
  private readonly onAnomaly: (kind: OpenAiAnomaly) => void;
  private readonly fromModel: (base64: string) => AudioChunk;
  private run: Run | undefined;

  constructor(options: {
    queue: ResponseQueue;
    received: TruncationLedger;
    emit: (event: VoiceEvent) => void;
    onAnomaly: (kind: OpenAiAnomaly) => void;
    /** Audio as it came → mu-law. */
    fromModel: (base64: string) => AudioChunk;
  }) {
    this.fromModel = options.fromModel;
    this.queue = options.queue;
    this.received = options.received;
    this.emit = options.emit;
    this.onAnomaly = options.onAnomaly;
  }

  created(responseId: string, requestId: string | undefined): void {
    if (this.run !== undefined) {
      this.onAnomaly('response-overlap');
      this.end('cancelled');
    }
    const running = this.queue.created(responseId, requestId);
    this.run = { running, items: new Map(), isInterrupted: false, hasAudio: false, hasWriting: false };
    this.emit({ type: 'response-started', responseId, sayId: running.request?.wish.sayId });
  }

  audio(delta: AudioDelta): void {
    const { responseId, itemId } = delta;
    const chunk = this.fromModel(delta.audio);
    this.received.add(itemId, delta.contentIndex, chunk.sizeBytes);
    const run = this.runOf(responseId);
    if (run === undefined) return;
    run.hasAudio = true;
    if (isMuted(run)) return;
    itemOf(run, itemId);
    this.emit({ type: 'audio', responseId, itemId, chunk });
  }

  text(responseId: string, itemId: string, text: string): void {
    const run = this.runOf(responseId);
    if (run === undefined || isMuted(run) || text === '') return;
    const item = itemOf(run, itemId);
    item.text += text;
    // The order at the end of an item is not promised by the service, but by us.
    if (item.isDone) this.emit({ type: 'assistant-text-final', responseId, itemId, text: item.text });
    else this.emit({ type: 'assistant-text', responseId, itemId, text });
  }

  /** The model writes instead of speaking: nobody would hear it. */
  writing(responseId: string): void {
    const run = this.runOf(responseId);
    if (run !== undefined) run.hasWriting = true;
  }

  itemDone(responseId: string, itemId: string): void {
    const run = this.runOf(responseId);
    if (run !== undefined) this.endItem(run, itemId);
  }

  /** Where the response stands that wants to call a function. */
  stageOf(responseId: string): 'running' | 'cancelled' | 'unknown' {
    const run = this.runOf(responseId);
    if (run === undefined) return 'unknown';
    return run.running.isCancelled ? 'cancelled' : 'running';
  }

  interrupt(): void {
    if (this.run !== undefined) this.run.isInterrupted = true;
  }

  /** `response.done`. Undefined for a response we know nothing of. */
  done(responseId: string, status: ResponseStatus): RunEnd | undefined {
    const run = this.runOf(responseId);
    if (run === undefined) return undefined;
    const isWritten = status === 'completed' && run.hasWriting && !run.hasAudio;
    if (isWritten) this.onAnomaly('text-answer');
    // Of a response that was stopped the rest was not given, even if the service had finished it by then.
    if (status === 'completed' && isMuted(run)) return this.end('cancelled');
    return this.end(isWritten ? 'failed' : status);
  }

  /** The response in progress ends here, whatever the service says later. */
  end(status: ResponseStatus): RunEnd | undefined {
    const { run } = this;
    if (run === undefined) return undefined;
    this.run = undefined;
    const { running, hasAudio } = run;
    const { responseId } = running;
    // First of all: whoever hears of the end may ask for the next response.
    this.queue.done(responseId);
    for (const itemId of run.items.keys()) this.endItem(run, itemId);
    this.emit({ type: 'response-done', responseId, sayId: running.request?.wish.sayId, status });
    return { running, status, isStopped: isMuted(run), hasAudio };
  }

  private runOf(responseId: string): Run | undefined {
    if (this.run?.running.responseId === responseId) return this.run;
    this.onAnomaly('unknown-response');
    return undefined;
  }

  private endItem(run: Run, itemId: string): void {
    const item = run.items.get(itemId);
    if (item === undefined || item.isDone) return;
    item.isDone = true;
    this.emit({ type: 'item-done', responseId: run.running.responseId, itemId });
  }
}

function isMuted(run: Run): boolean {
  return run.isInterrupted || run.running.isCancelled;
}

function itemOf(run: Run, itemId: string): ItemProgress {
  let item = run.items.get(itemId);
  if (item === undefined) {
    item = { text: '', isDone: false };
    run.items.set(itemId, item);
  }
  return item;
}
