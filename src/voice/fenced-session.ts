import type { AudioChunk } from '../audio/chunk.js';
import { TandemError } from '../base/errors.js';
import { type EventFault, errorOf, faultOf, typeOf } from './check-event.js';
import type { HeardItem } from './history.js';
import type { SummaryRequest, VoiceEvent, VoiceListener, VoiceSession, VoiceSessionOptions } from './session.js';

/** What a provider did against its contract. A metric label, so a closed set. */
export type ProviderFault =
  /** `open` threw, or returned no session. */
  | 'open-failed'
  /** A method of the session threw. */
  | 'method-failed'
  | EventFault
  /** `close` of the provider threw, or did not end. */
  | 'close-failed'
  /** A property of the provider threw or holds no usable value. */
  | 'bad-property';

/** Told of everything a fence has kept from the rest of the process. */
export interface FenceReport {
  onFault(fault: ProviderFault, conversationId: string, error?: unknown): void;
  /** The gateway's own code threw while it handled an event. The event is lost. */
  onListenerFault(error: unknown, conversationId: string): void;
}

/**
 * `opening`: `open` has not returned. `failing`: `open` or a method has thrown, and the owner is about to hear of it.
 * `ended`: the owner has heard of the end.
 */
type State =
  | { name: 'opening' }
  | { name: 'open'; inner: VoiceSession }
  | { name: 'failing' }
  | { name: 'ended'; inner: VoiceSession | undefined }
  | { name: 'closed' };

/**
 * The members of a provider's session. The others are those of the session that a call has. The compiler names a member that
 * the fence does not pass on.
 */
type PassedOn = Record<
  Exclude<
    keyof VoiceSession,
    'speaker' | 'callerWaitsMs' | 'quietLineMs' | 'expectsNothing' | 'passOn' | 'keepAssistant'
  >,
  unknown
>;

/** A session whose faults cost an event or the session, and nothing else. `FencedProvider` opens it. */
export class FencedSession implements VoiceSession, PassedOn {
  private readonly providerName: string;
  private readonly conversationId: string;
  private readonly report: FenceReport;
  private readonly listener: VoiceListener;
  private state: State = { name: 'opening' };
  /** Events that came before `open` returned, and those behind them. `undefined` once the owner has them. */
  private early: VoiceEvent[] | undefined = [];

  constructor(providerName: string, options: VoiceSessionOptions, report: FenceReport) {
    this.providerName = providerName;
    this.conversationId = options.conversationId;
    this.report = report;
    this.listener = options.listener;
  }

  /** Called when `open` has returned. Events that came before follow later, as the owner expects. */
  opened(inner: VoiceSession): void {
    this.state = { name: 'open', inner };
    const { early } = this;
    if (early === undefined || early.length === 0) {
      this.early = undefined;
      return;
    }
    queueMicrotask(() => {
      for (let event = early.shift(); event !== undefined; event = early.shift()) this.deliver(event);
      this.early = undefined;
    });
  }

  /** Called when `open` has failed. The owner hears of it once it has its session; events are dropped from now on. */
  refused(error: TandemError): void {
    this.early = undefined;
    this.failSoon(error);
  }

  onEvent(event: VoiceEvent): void {
    if (this.early === undefined) this.deliver(event);
    else this.early.push(event);
  }

  /** Called with each frame, so it makes nothing but the call. */
  sendAudio(chunk: AudioChunk): void {
    if (this.state.name !== 'open') return;
    const { inner } = this.state;
    try {
      inner.sendAudio(chunk);
    } catch (error) {
      this.broke(inner, this.faulty(error));
    }
  }

  sendText(text: string): void {
    this.ask((inner) => inner.sendText(text));
  }

  sendDigits(digits: string): void {
    this.ask((inner) => inner.sendDigits(digits));
  }

  say(text: string, sayId: string): void {
    this.ask((inner) => inner.say(text, sayId));
  }

  sendToolResult(toolCallId: string, output: unknown): void {
    this.ask((inner) => inner.sendToolResult(toolCallId, output));
  }

  cancel(): void {
    if (this.state.name === 'open') this.attempt(this.state.inner, (inner) => inner.cancel());
  }

  reportHeard(items: readonly HeardItem[]): void {
    if (this.state.name === 'open') this.attempt(this.state.inner, (inner) => inner.reportHeard(items));
  }

  get callerIsQuiet(): VoiceSession['callerIsQuiet'] {
    if (this.state.name !== 'open' || !has(this.state.inner, 'callerIsQuiet')) return undefined;
    return () => this.ask((inner) => inner.callerIsQuiet?.());
  }

  get render(): VoiceSession['render'] {
    if (this.state.name !== 'open' || !has(this.state.inner, 'render')) return undefined;
    const { inner } = this.state;
    return async (text) => {
      const mulaw: unknown = await inner.render?.(text);
      if (mulaw instanceof Uint8Array) return mulaw;
      throw new TandemError('VOICE_FAILED', `${this.providerName} rendered no audio.`);
    };
  }

  get summarize(): VoiceSession['summarize'] {
    if (this.state.name === 'open' && !has(this.state.inner, 'summarize')) return undefined;
    return (request) => this.summary(request);
  }

  private async summary(request: SummaryRequest): Promise<string> {
    if (this.state.name !== 'open')
      throw new TandemError('VOICE_FAILED', 'No model is connected that can write a summary.');
    const text: unknown = await this.state.inner.summarize?.(request);
    if (typeof text !== 'string') throw new TandemError('VOICE_FAILED', `${this.providerName} wrote no summary.`);
    return text;
  }

  close(): void {
    const { state } = this;
    this.state = { name: 'closed' };
    if ('inner' in state && state.inner !== undefined) this.attempt(state.inner, (inner) => inner.close());
  }

  /** Sends what the model has to hear or to answer. If the session throws, it counts as lost. */
  private ask(send: (inner: VoiceSession) => void): void {
    if (this.state.name !== 'open') return;
    const { inner } = this.state;
    const error = this.attempt(inner, send);
    if (error !== undefined) this.broke(inner, error);
  }

  /** A method has thrown. */
  private broke(inner: VoiceSession, error: TandemError): void {
    // The session may have ended meanwhile.
    if (this.state.name !== 'open') return;
    this.failSoon(error);
    this.attempt(inner, () => inner.close());
  }

  /** Not at once, because the owner is in the middle of a call of its own. */
  private failSoon(error: TandemError): void {
    const failing: State = { name: 'failing' };
    this.state = failing;
    queueMicrotask(() => {
      if (this.state === failing) this.end({ type: 'failed', error }, undefined);
    });
  }

  /** Returns an error if the session threw one. */
  private attempt(inner: VoiceSession, action: (inner: VoiceSession) => void): TandemError | undefined {
    try {
      action(inner);
      return undefined;
    } catch (error) {
      return this.faulty(error);
    }
  }

  private faulty(error: unknown): TandemError {
    this.report.onFault('method-failed', this.conversationId, error);
    return new TandemError('VOICE_FAILED', `The session of ${this.providerName} threw an error.`, { cause: error });
  }

  private deliver(event: VoiceEvent): void {
    if (this.state.name !== 'open') return;
    const { inner } = this.state;
    const fault = faultOf(event);
    if (fault === undefined) {
      if (event.type === 'failed' || event.type === 'ended') this.end(event, inner);
      else this.tell(event);
      return;
    }
    this.report.onFault(fault, this.conversationId, errorOf(event));
    // Even without a usable error, this is the end of the session.
    if (typeOf(event) === 'failed') {
      this.end({ type: 'failed', error: new TandemError('VOICE_FAILED', `${this.providerName} failed.`) }, inner);
    }
  }

  private end(event: VoiceEvent, inner: VoiceSession | undefined): void {
    this.state = { name: 'ended', inner };
    this.tell(event);
  }

  private tell(event: VoiceEvent): void {
    try {
      this.listener(event);
    } catch (error) {
      this.report.onListenerFault(error, this.conversationId);
    }
  }
}

/** Whether a session has the method. One that throws when it is looked at has not. */
function has(inner: VoiceSession, method: 'callerIsQuiet' | 'render' | 'summarize'): boolean {
  try {
    return inner[method] !== undefined;
  } catch {
    return false;
  }
}
