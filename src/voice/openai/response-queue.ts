import type { EventBuilder, ResponseSpec } from './client-events.js';

/**
 * A request that waits for its turn: client events (`items`) to send, and the response that follows them. A `note`
 * wants no response. A `reply` is content with any response that begins after its items. An `opening` and a `say` need
 * a response of their own.
 */
export interface QueuedRequest {
  readonly kind: 'opening' | 'say' | 'reply' | 'note';
  readonly spec: ResponseSpec;
  readonly items: readonly EventBuilder[];
  /** Whether a response that voice activity began is cancelled for this request. */
  readonly overrules: boolean;
  /** Number of times the service was asked for it. */
  readonly attempts: number;
}

/** The response in progress. `request` is `undefined` if voice activity began it. */
export interface RunningResponse {
  readonly responseId: string;
  readonly request: QueuedRequest | undefined;
  isCancelled: boolean;
}

export interface ResponseQueueOptions {
  /** Sends an item. Returns its event id. */
  sendItem(item: EventBuilder): string;
  /** Sends a `response.create`. Returns its event id. */
  sendCreate(spec: ResponseSpec): string;
  sendCancel(responseId: string): void;
  /** Called when a line was cancelled before it began. */
  onCancelled(request: QueuedRequest): void;
}

/** A `response.create` that neither `response.created` nor an error has answered. */
interface Asked {
  readonly id: string;
  readonly request: QueuedRequest;
  isCancelled: boolean;
}

/** Maximum number of tries for a request. */
const MAX_ATTEMPTS = 2;

export const PLAIN_RESPONSE: ResponseSpec = { sayId: undefined, instructions: undefined, mayCallTools: true };

/**
 * The only sender of `response.create`. A conversation takes one response at a time, and the service begins some itself
 * when the caller has spoken; a request meanwhile is an error. So requests wait here until no response is in progress
 * or requested.
 */
export class ResponseQueue {
  private readonly options: ResponseQueueOptions;
  private state: 'held' | 'open' | 'closed' = 'held';
  private current: RunningResponse | undefined;
  private asked: Asked | undefined;
  private waiting: QueuedRequest[] = [];
  /** Items that the service has not confirmed. A response that it begins by itself may not know of them. */
  private unconfirmed: string[] = [];
  /** After the caller's turn the service begins a response without a request. */
  private caller: 'quiet' | 'speaking' | 'unanswered' = 'quiet';
  /** Set by {@link ResponseQueue.cancel} until a line is requested or the caller speaks again. */
  private isCleared = false;

  constructor(options: ResponseQueueOptions) {
    this.options = options;
  }

  get isClosed(): boolean {
    return this.state === 'closed';
  }

  /** Whether the service owes an answer to a request or to the caller, or the rest of a response. */
  get isExpecting(): boolean {
    return this.current !== undefined || this.asked !== undefined || this.caller === 'unanswered';
  }

  /** Called when the service accepts events. */
  open(): void {
    if (this.state !== 'held') return;
    this.state = 'open';
    this.sendNext();
  }

  /** Sends nothing any more. Returns the requests that have not begun. */
  close(): readonly QueuedRequest[] {
    const lost = this.asked === undefined ? this.waiting : [this.asked.request, ...this.waiting];
    this.state = 'closed';
    this.current = undefined;
    this.asked = undefined;
    this.waiting = [];
    return lost;
  }

  add(kind: QueuedRequest['kind'], spec: ResponseSpec, items: readonly EventBuilder[] = []): void {
    if (this.state === 'closed') return;
    const overrules = kind === 'say' && this.isCleared;
    const request: QueuedRequest = { kind, spec, items, overrules, attempts: 0 };
    // A note goes first, because it delays nothing and the next response should know of it.
    if (kind === 'note' || overrules) this.waiting.unshift(request);
    else this.waiting.push(request);
    if (overrules) {
      this.isCleared = false;
      if (this.current !== undefined && this.current.request?.kind !== 'say') this.stop(this.current);
    }
    this.sendNext();
  }

  /**
   * Requests a failed response again. One that voice activity began is requested as a plain reply. `instructions`
   * replace those of the request.
   */
  again(request: QueuedRequest | undefined, instructions?: string): void {
    if (this.state === 'closed') return;
    const { kind, overrules, ...asked } = request ?? { kind: 'reply', spec: PLAIN_RESPONSE, overrules: false };
    const spec = instructions === undefined ? asked.spec : { ...asked.spec, instructions };
    this.waiting.unshift({ kind, spec, items: [], overrules, attempts: 0 });
    this.sendNext();
  }

  /** Stops the response that is in progress or requested, but not the waiting ones. */
  interrupt(): void {
    if (this.current !== undefined) this.stop(this.current);
    if (this.asked !== undefined) this.asked.isCancelled = true;
  }

  /** Stops everything. Waiting items are still sent, because they belong to the conversation. */
  cancel(): void {
    this.interrupt();
    this.isCleared = true;
    const dropped = this.waiting.filter(({ kind }) => kind === 'say' || kind === 'opening');
    this.waiting = this.waiting
      .filter((request) => request.items.length > 0)
      .map((request) => ({ ...request, kind: 'note' }));
    for (const request of dropped) this.options.onCancelled(request);
    this.sendNext();
  }

  speechStarted(): void {
    this.caller = 'speaking';
    this.isCleared = false;
  }

  /** Whether the service has reported a speech of the caller and not what became of it. */
  get isCallerSpeaking(): boolean {
    return this.caller === 'speaking';
  }

  /** Called when the speech is over and no turn of the caller follows, as after noise. */
  speechDropped(): void {
    if (this.caller !== 'speaking') return;
    this.caller = 'quiet';
    this.sendNext();
  }

  /** Called when the caller's turn is over. The service answers it by itself, unless a response is in progress. */
  speechTaken(): void {
    if (this.current === undefined) {
      this.caller = 'unanswered';
    } else {
      this.caller = 'quiet';
      if (this.current.request?.overrules !== true) this.add('reply', PLAIN_RESPONSE);
    }
    this.sendNext();
  }

  /**
   * Called for `response.created`. `requestId` says which request it answers. If the service does not repeat our
   * metadata, the response counts as ours, unless an answer to the caller is due.
   */
  created(responseId: string, requestId: string | undefined): RunningResponse {
    const { asked } = this;
    const isOurs =
      asked !== undefined && (requestId === asked.id || (requestId === undefined && this.caller !== 'unanswered'));
    // An answer that the service begins by itself shows that the speech is over, even if it reported no end of it.
    if (this.caller === 'unanswered' || !isOurs) this.caller = 'quiet';
    const running: RunningResponse = {
      responseId,
      request: isOurs ? asked.request : undefined,
      isCancelled: false,
    };
    this.current = running;
    if (isOurs) {
      this.asked = undefined;
      // A response that begins while the caller speaks would interrupt them and delay the answer to their turn.
      const isOvertaken = this.caller === 'speaking' && running.request?.kind !== 'say';
      if (asked.isCancelled || isOvertaken) this.stop(running);
      return running;
    }
    // This response answers everything in the conversation before it, including the replies that wait without items.
    if (this.unconfirmed.length === 0) {
      this.waiting = this.waiting.filter(({ kind, items }) => kind !== 'reply' || items.length > 0);
    }
    if (asked?.request.overrules === true || this.waiting.some(({ overrules }) => overrules)) this.stop(running);
    return running;
  }

  /** Called for `response.done`. {@link ResponseQueue.sendNext} then sends what waits. */
  done(responseId: string): void {
    if (this.current?.responseId === responseId) this.current = undefined;
  }

  /** Sends the next request, if nothing is in its way. */
  sendNext(): void {
    while (this.state === 'open' && this.current === undefined && this.asked === undefined) {
      const request = this.waiting[0];
      if (request === undefined || this.isHeldUp(request)) return;
      this.waiting.shift();
      this.sendItems(request);
      if (this.isAnsweredOtherwise(request)) continue;
      const next = { ...request, items: [], attempts: request.attempts + 1 };
      this.asked = { id: this.options.sendCreate(request.spec), request: next, isCancelled: false };
    }
  }

  /** Called when the service has added an item of ours to the conversation. */
  itemAdded(): void {
    this.unconfirmed.shift();
  }

  /** Called for an error that answers the event `eventId`. Returns the request if it will not be sent again. */
  refused(eventId: string | undefined, mayRetry: boolean): QueuedRequest | undefined {
    const { asked } = this;
    this.unconfirmed = this.unconfirmed.filter((itemEventId) => itemEventId !== eventId);
    if (asked === undefined || asked.id !== eventId) return undefined;
    const { request } = asked;
    this.asked = undefined;
    const isRetried = mayRetry && request.attempts < MAX_ATTEMPTS;
    if (isRetried && !asked.isCancelled) this.waiting.unshift(request);
    if (asked.isCancelled) this.options.onCancelled(request);
    this.sendNext();
    return isRetried || asked.isCancelled ? undefined : request;
  }

  private stop(running: RunningResponse): void {
    if (running.isCancelled) return;
    running.isCancelled = true;
    this.options.sendCancel(running.responseId);
  }

  /** Whether the request waits because the service is about to answer the caller by itself. */
  private isHeldUp(request: QueuedRequest): boolean {
    if (request.overrules || request.kind === 'note' || this.caller === 'quiet') return false;
    if (this.caller === 'unanswered' || request.kind === 'say') return true;
    if (request.kind === 'opening') return false;
    // The items may be in time for that answer. The request stays in case they are not.
    this.sendItems(request);
    this.waiting[0] = { ...request, items: [] };
    return true;
  }

  private isAnsweredOtherwise({ kind, overrules }: QueuedRequest): boolean {
    if (kind === 'note') return true;
    if (kind === 'reply') return this.waiting[0]?.kind === 'reply';
    return kind === 'opening' && this.caller === 'speaking' && !overrules;
  }

  private sendItems({ items }: QueuedRequest): void {
    for (const item of items) this.unconfirmed.push(this.options.sendItem(item));
  }
}
