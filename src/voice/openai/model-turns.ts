import type { AudioChunk } from '../../audio/chunk.js';
import { isDigitalSilence } from '../../audio/level.js';
import type { ResponseStatus, VoiceEvent } from '../session.js';
import type { OpenAiAnomaly } from './anomalies.js';
import type { TruncationLedger } from './truncation.js';
import type { ResponseQueue, RunningResponse } from './response-queue.js';
import type { AudioDelta } from './server-events.js';

interface ItemProgress {
  text: string;
  isDone: boolean;
}

/** The response in progress, as the session's owner sees it. */
interface Run {
  readonly running: RunningResponse;
  readonly items: Map<string, ItemProgress>;
  /** The caller interrupted it, so everything that still arrives is late. */
  isInterrupted: boolean;
  /** Whether any of its audio can be heard. */
  hasSound: boolean;
  hasWriting: boolean;
  hasCall: boolean;
  isCallCut: boolean;
}

/**
 * What is wrong with an answer that the service does not report as failed (OpenAI: Realtime – `response.done` may be
 * `completed` without any output, or `incomplete`). `empty`: it brought neither a sound nor a call. `written`: it
 * brought only text. `cut`: it stopped in the middle.
 */
export type AnswerFault = 'empty' | 'written' | 'cut';

/** How a response ended. */
export interface RunEnd {
  running: RunningResponse;
  status: ResponseStatus;
  /** Whether the caller or the gateway stopped it. */
  isStopped: boolean;
  hasSound: boolean;
  /** The status is `failed` if there is one. */
  fault: AnswerFault | undefined;
}

/** Turns the server events of a response into voice events, in the order that the owner may rely on. */
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
    /** Converts base64 audio of the service to mu-law at 8 kHz. */
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
    this.run = {
      running,
      items: new Map(),
      isInterrupted: false,
      hasSound: false,
      hasWriting: false,
      hasCall: false,
      isCallCut: false,
    };
    this.emit({ type: 'response-started', responseId, sayId: running.request?.spec.sayId });
  }

  audio(delta: AudioDelta): void {
    const { responseId, itemId } = delta;
    const chunk = this.fromModel(delta.audio);
    this.received.add(itemId, delta.contentIndex, chunk.sizeBytes);
    const run = this.runOf(responseId);
    if (run === undefined) return;
    // Only until the first sound, because a check decodes the audio.
    run.hasSound ||= !isDigitalSilence(chunk.bytes);
    if (isMuted(run)) return;
    itemOf(run, itemId);
    this.emit({ type: 'audio', responseId, itemId, chunk });
  }

  text(responseId: string, itemId: string, text: string): void {
    const run = this.runOf(responseId);
    if (run === undefined || isMuted(run) || text === '') return;
    const item = itemOf(run, itemId);
    item.text += text;
    // VoiceEvent promises an order at the end of an item that the service does not promise.
    if (item.isDone) this.emit({ type: 'assistant-text-final', responseId, itemId, text: item.text });
    else this.emit({ type: 'assistant-text', responseId, itemId, text });
  }

  /** Called when the model writes instead of speaking, which the caller cannot hear. */
  writing(responseId: string): void {
    const run = this.runOf(responseId);
    if (run !== undefined) run.hasWriting = true;
  }

  itemDone(responseId: string, itemId: string): void {
    const run = this.runOf(responseId);
    if (run !== undefined) this.endItem(run, itemId);
  }

  /** Called for a complete function call. Returns the state of the response that makes it. */
  called(responseId: string): 'running' | 'cancelled' | 'unknown' {
    const run = this.runOf(responseId);
    if (run === undefined) return 'unknown';
    run.hasCall = true;
    return run.running.isCancelled ? 'cancelled' : 'running';
  }

  /** Called for a function call that ended before it was complete. */
  callCut(responseId: string): void {
    const run = this.runOf(responseId);
    if (run !== undefined) run.isCallCut = true;
  }

  /** Called when the caller speaks. Returns whether a response of the model's own was in progress. */
  interrupt(): boolean {
    if (this.run === undefined) return false;
    this.run.isInterrupted = true;
    return this.run.running.request?.kind !== 'say' && !this.run.running.isCancelled;
  }

  /** Called for `response.done`. Returns `undefined` for a response that is not in progress. */
  done(responseId: string, status: ResponseStatus): RunEnd | undefined {
    const run = this.runOf(responseId);
    if (run === undefined) return undefined;
    // A stopped response was not delivered to its end, even if the service had finished it by then.
    if (isMuted(run) && status !== 'failed') return this.end('cancelled');
    const fault = faultOf(run, status);
    if (fault === undefined) return this.end(status);
    this.onAnomaly(ANOMALIES[fault]);
    return this.end('failed', fault);
  }

  /** Ends the response in progress, whatever the service sends later. */
  end(status: ResponseStatus, fault?: AnswerFault): RunEnd | undefined {
    const { run } = this;
    if (run === undefined) return undefined;
    this.run = undefined;
    const { running, hasSound } = run;
    const { responseId } = running;
    // First, because a listener that hears of the end may request the next response.
    this.queue.done(responseId);
    for (const itemId of run.items.keys()) this.endItem(run, itemId);
    this.emit({ type: 'response-done', responseId, sayId: running.request?.spec.sayId, status });
    return { running, status, isStopped: isMuted(run), hasSound, fault };
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

const ANOMALIES: Readonly<Record<AnswerFault, OpenAiAnomaly>> = {
  empty: 'empty-answer',
  written: 'text-answer',
  cut: 'cut-answer',
};

function faultOf(run: Run, status: ResponseStatus): AnswerFault | undefined {
  // After a call the model is asked for another response anyway.
  if (run.hasCall || (status !== 'completed' && status !== 'incomplete')) return undefined;
  if (!run.hasSound) return run.hasWriting ? 'written' : 'empty';
  return status === 'incomplete' || run.isCallCut ? 'cut' : undefined;
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
