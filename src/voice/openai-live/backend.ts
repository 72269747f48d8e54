import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { Clock, Timer } from '../../base/clock.js';
import type { EventBuilder } from '../openai/client-events.js';
import { backendCreate, toolOutput, typedText } from './client-events.js';
import type { BackendEvent } from './server-events.js';

export interface BackendOptions {
  clock: Clock;
  send: (build: EventBuilder) => void;
  /** Called when there is something to wait for, and there was nothing before. */
  onBegun: () => void;
  /** Called when the backend has finished. The model has yet to say what it returned. */
  onResult: () => void;
  /** Called when there is nothing to wait for any more. `isTold`: the model has said something since the result. */
  onDone: (isTold: boolean) => void;
}

/** Speech after the result that counts as telling it, if the model was speaking already. */
const TOLD_AFTER_MS = 1000;

/** Stands for the delegation of a requested response until the service names it. */
const REQUESTED = '(requested)';

interface Output {
  toolCallId: string;
  output: string;
}

/**
 * What the model has handed to its backend: a model of the Responses API that thinks and calls the tools while the voice
 * goes on talking (OpenAI: Delegation and tools in GPT-Live). The backend waits until it has the results of all its calls
 * and is told to continue. What it returns, the voice has yet to say.
 */
export class Backend {
  private readonly options: BackendOptions;
  /** Delegations whose response has not begun, and responses in progress, by the id of their delegation. */
  private readonly working = new Set<string>();
  /** Calls without a result. */
  private readonly open = new Set<string>();
  private readonly seen = new Set<string>();
  /** Results and texts that wait until the backend is at rest. */
  private outputs: Output[] = [];
  private texts: string[] = [];
  /** Runs while the result is there and the model has not spoken. */
  private telling: { timer: Timer; sinceMs: number } | undefined;
  private isBegun = false;

  constructor(options: BackendOptions) {
    this.options = options;
  }

  /** Whether something is in progress or has yet to be told. */
  get isBusy(): boolean {
    return this.isRunning || this.telling !== undefined;
  }

  /** Whether the backend is at work, or waits for a tool. */
  get isRunning(): boolean {
    return this.working.size > 0 || this.open.size > 0;
  }

  /** Whether a tool is running. The model may be silent meanwhile. */
  get isWaiting(): boolean {
    return this.open.size > 0;
  }

  delegated(delegationId: string): void {
    this.working.add(delegationId);
    this.begin();
  }

  /** Returns whether a call is new. */
  takes(event: BackendEvent): boolean {
    const { delegationId } = event;
    switch (event.type) {
      case 'backend-started':
        this.working.delete(REQUESTED);
        this.working.add(delegationId);
        this.begin();
        return true;
      case 'backend-call': {
        const { toolCallId } = event;
        if (this.seen.has(toolCallId)) return false;
        this.seen.add(toolCallId);
        this.open.add(toolCallId);
        this.begin();
        return true;
      }
      case 'backend-done':
        // An event that names no delegation can end any. There is one at a time.
        if (!this.working.delete(delegationId)) this.working.clear();
        this.next();
        return true;
    }
  }

  /** Returns false if no open call has this id. */
  result(toolCallId: string, output: string): boolean {
    if (!this.open.delete(toolCallId)) return false;
    this.outputs.push({ toolCallId, output });
    this.next();
    return true;
  }

  /** Sends a text of the caller, once the backend is at rest. */
  typed(text: string): void {
    this.texts.push(text);
    this.next();
  }

  /** Called when the model begins to speak. */
  modelBegan(): void {
    this.told();
  }

  /** Called when the model stops speaking. `agoMs` is how long ago its last sound was. */
  modelEnded(agoMs: number): void {
    const { telling } = this;
    if (telling !== undefined && this.options.clock.now() - agoMs - telling.sinceMs >= TOLD_AFTER_MS) this.told();
  }

  close(): void {
    this.stopTelling();
    this.working.clear();
    this.open.clear();
    this.outputs = [];
    this.texts = [];
  }

  private begin(): void {
    this.stopTelling();
    if (this.isBegun) return;
    this.isBegun = true;
    this.options.onBegun();
  }

  /** Goes on with what waits, once everything in progress is over. */
  private next(): void {
    if (this.isRunning) return;
    const { outputs, texts } = this;
    if (outputs.length + texts.length === 0) {
      if (this.isBegun && this.telling === undefined) this.awaitTelling();
      return;
    }
    this.outputs = [];
    this.texts = [];
    this.working.add(REQUESTED);
    this.begin();
    for (const { output, toolCallId } of outputs) this.options.send((id) => toolOutput(id, toolCallId, output));
    for (const text of texts) this.options.send((id) => typedText(id, text));
    this.options.send(backendCreate);
  }

  private awaitTelling(): void {
    const { clock, onResult } = this.options;
    const timer = clock.setTimer(SILENCE_BUDGET.liveResultMs, () => {
      this.telling = undefined;
      this.finish(false);
    });
    this.telling = { timer, sinceMs: clock.now() };
    onResult();
  }

  private told(): void {
    if (this.telling === undefined) return;
    this.stopTelling();
    this.finish(true);
  }

  private stopTelling(): void {
    this.telling?.timer.cancel();
    this.telling = undefined;
  }

  private finish(isTold: boolean): void {
    this.isBegun = false;
    this.options.onDone(isTold);
  }
}
