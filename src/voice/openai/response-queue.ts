import type { EventBuilder, ResponseSpec } from './client-events.js';

/**
 * Something that waits for its turn: client events (`items`) to be sent, and the response that follows them.
 * `note`: no response is wanted. `reply`: any response begun after the items will do. `opening` and `say` are lines of
 * their own and nothing else will do.
 */
export interface QueuedRequest {
  readonly kind: 'opening' | 'say' | 'reply' | 'note';
  readonly wish: ResponseSpec;
  readonly items: readonly EventBuilder[];
  /** A response that voice activity began makes way for it. */
  readonly overrules: boolean;
  /** How often the service was asked for it. */
  readonly attempts: number;
}

/** The response the service is at. `request` is undefined for one that voice activity began. */
export interface RunningResponse {
  readonly responseId: string;
  readonly request: QueuedRequest | undefined;
  isCancelled: boolean;
}

export interface ResponseQueueOptions {
  /** Sends an item; gives the id it carries. */
  sendItem(item: EventBuilder): string;
  /** Sends a `response.create`; gives the id it carries. */
  sendCreate(wish: ResponseSpec): string;
  sendCancel(responseId: string): void;
  /** A line will not be heard: it was cancelled before it began. */
  onCancelled(request: QueuedRequest): void;
}

/** Our `response.create` on its way: either `response.created` or an error answers it. */
interface Asked {
  readonly id: string;
  readonly request: QueuedRequest;
  isCancelled: boolean;
}

/** A request that is refused is made once more. */
const MAX_ATTEMPTS = 2;

export const PLAIN_WISH: ResponseSpec = { sayId: undefined, instructions: undefined, mayCallTools: true };

/**
 * The one gate in front of `response.create`. A conversation takes one response at a time, and the service begins some
 * itself when the caller has spoken; asking meanwhile is an error. So what the gateway wants said waits here until
 * nothing runs and nothing is asked for.
 */
export class ResponseQueue {
  private readonly options: ResponseQueueOptions;
  private state: 'held' | 'open' | 'closed' = 'held';
  private current: RunningResponse | undefined;
  private asked: Asked | undefined;
  private waiting: QueuedRequest[] = [];
  /** Items the service has not confirmed: a response it begins by itself may not know of them. */
  private unconfirmed: string[] = [];
  /** After their turn the service begins a response without being asked. */
  private caller: 'quiet' | 'speaking' | 'unanswered' = 'quiet';
  /** After {@link ResponseQueue.cancel}, until a line is asked for or the caller speaks again. */
  private isCleared = false;

  constructor(options: ResponseQueueOptions) {
    this.options = options;
  }

  get isClosed(): boolean {
    return this.state === 'closed';
  }

  /** The service owes something: an answer to a request or to the caller, or the rest of a response. */
  get isExpecting(): boolean {
    return this.current !== undefined || this.asked !== undefined || this.caller === 'unanswered';
  }

  /** From here on events may be sent. */
  open(): void {
    if (this.state !== 'held') return;
    this.state = 'open';
    this.goOn();
  }

  /** Nothing is sent any more. Gives what was asked for and has not begun. */
  close(): readonly QueuedRequest[] {
    const lost = this.asked === undefined ? this.waiting : [this.asked.request, ...this.waiting];
    this.state = 'closed';
    this.current = undefined;
    this.asked = undefined;
    this.waiting = [];
    return lost;
  }

  add(kind: QueuedRequest['kind'], wish: ResponseSpec, items: readonly EventBuilder[] = []): void {
    if (this.state === 'closed') return;
    const overrules = kind === 'say' && this.isCleared;
    const request: QueuedRequest = { kind, wish, items, overrules, attempts: 0 };
    // A note delays nothing, and what is said next should know of it.
    if (kind === 'note' || overrules) this.waiting.unshift(request);
    else this.waiting.push(request);
    if (overrules) {
      this.isCleared = false;
      if (this.current !== undefined && this.current.request?.kind !== 'say') this.stop(this.current);
    }
    this.goOn();
  }

  /** Asks again for a response that failed; one that voice activity began is asked for as a plain reply. */
  again(request: QueuedRequest | undefined): void {
    if (this.state === 'closed') return;
    const { kind, wish, overrules } = request ?? { kind: 'reply', wish: PLAIN_WISH, overrules: false };
    this.waiting.unshift({ kind, wish, items: [], overrules, attempts: 0 });
    this.goOn();
  }

  /** Stops what is being said or about to be, apart from what waits. */
  interrupt(): void {
    if (this.current !== undefined) this.stop(this.current);
    if (this.asked !== undefined) this.asked.isCancelled = true;
  }

  /** Stops everything. Items that wait are sent nevertheless: they belong to the conversation. */
  cancel(): void {
    this.interrupt();
    this.isCleared = true;
    const dropped = this.waiting.filter(({ kind }) => kind === 'say' || kind === 'opening');
    this.waiting = this.waiting
      .filter((request) => request.items.length > 0)
      .map((request) => ({ ...request, kind: 'note' }));
    for (const request of dropped) this.options.onCancelled(request);
    this.goOn();
  }

  speechStarted(): void {
    this.caller = 'speaking';
    this.isCleared = false;
  }

  /** The caller's turn is over and waits for an answer: the service's own, unless a response stands in its way. */
  speechTaken(): void {
    if (this.current === undefined) {
      this.caller = 'unanswered';
    } else {
      this.caller = 'quiet';
      if (this.current.request?.overrules !== true) this.add('reply', PLAIN_WISH);
    }
    this.goOn();
  }

  /**
   * `response.created`. `requestId` tells whose it is; should the service not repeat our metadata, it is ours unless an
   * answer to the caller is due.
   */
  created(responseId: string, requestId: string | undefined): RunningResponse {
    const { asked } = this;
    const isOurs =
      asked !== undefined && (requestId === asked.id || (requestId === undefined && this.caller !== 'unanswered'));
    if (this.caller === 'unanswered') this.caller = 'quiet';
    const running: RunningResponse = {
      responseId,
      request: isOurs ? asked.request : undefined,
      isCancelled: false,
    };
    this.current = running;
    if (isOurs) {
      this.asked = undefined;
      // Begun while the caller speaks, it would talk over them and stand in the way of their answer.
      const isOvertaken = this.caller === 'speaking' && running.request?.kind !== 'say';
      if (asked.isCancelled || isOvertaken) this.stop(running);
      return running;
    }
    // It answers whatever was in the conversation before it.
    if (this.unconfirmed.length === 0) {
      this.waiting = this.waiting.filter(({ kind, items }) => kind !== 'reply' || items.length > 0);
    }
    if (asked?.request.overrules === true || this.waiting.some(({ overrules }) => overrules)) this.stop(running);
    return running;
  }

  /** `response.done`. What waits comes with {@link ResponseQueue.goOn}. */
  done(responseId: string): void {
    if (this.current?.responseId === responseId) this.current = undefined;
  }

  /** What waits may be asked for, if nothing is in its way. */
  goOn(): void {
    while (this.state === 'open' && this.current === undefined && this.asked === undefined) {
      const request = this.waiting[0];
      if (request === undefined || this.isHeldUp(request)) return;
      this.waiting.shift();
      this.sendItems(request);
      if (this.isAnsweredOtherwise(request)) continue;
      const next = { ...request, items: [], attempts: request.attempts + 1 };
      this.asked = { id: this.options.sendCreate(request.wish), request: next, isCancelled: false };
    }
  }

  /** An item of ours is part of the conversation. */
  itemAdded(): void {
    this.unconfirmed.shift();
  }

  /** An error that answers the event `eventId`. Gives the request when it is lost: it will not be asked for again. */
  refused(eventId: string | undefined, mayRetry: boolean): QueuedRequest | undefined {
    const { asked } = this;
    this.unconfirmed = this.unconfirmed.filter((itemEventId) => itemEventId !== eventId);
    if (asked === undefined || asked.id !== eventId) return undefined;
    const { request } = asked;
    this.asked = undefined;
    const mayGoOn = mayRetry && request.attempts < MAX_ATTEMPTS;
    if (mayGoOn && !asked.isCancelled) this.waiting.unshift(request);
    if (asked.isCancelled) this.options.onCancelled(request);
    this.goOn();
    return mayGoOn || asked.isCancelled ? undefined : request;
  }

  private stop(running: RunningResponse): void {
    if (running.isCancelled) return;
    running.isCancelled = true;
    this.options.sendCancel(running.responseId);
  }

  /** The service is about to answer the caller itself, which comes first. */
  private isHeldUp(request: QueuedRequest): boolean {
    if (request.overrules || request.kind === 'note' || this.caller === 'quiet') return false;
    if (this.caller === 'unanswered' || request.kind === 'say') return true;
    if (request.kind === 'opening') return false;
    // It may be in time for that answer, and stays here in case it is not.
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
