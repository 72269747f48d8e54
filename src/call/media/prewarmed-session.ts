import type {
  VoiceEvent,
  VoiceListener,
  VoiceProvider,
  VoiceSession,
  VoiceSessionOptions,
} from '../../voice/session.js';

// Opens a call's voice session before its stream arrives.

/** Maximum number of buffered events. A greeting of ten seconds in 20 ms pieces fits several times. */
const MAX_BUFFERED_EVENTS = 2000;

/**
 * A voice session that is opened while the telephone still rings, so that the greeting is ready when the stream comes.
 * Events of the session are buffered until then.
 */
export class PrewarmedSession {
  readonly session: VoiceSession;
  /** `undefined` once the events are delivered or the session is closed. */
  private buffered: VoiceEvent[] | undefined = [];
  private listener: VoiceListener | undefined;

  constructor(provider: VoiceProvider, options: Omit<VoiceSessionOptions, 'listener'>) {
    this.session = provider.open({ ...options, listener: (event) => this.onEvent(event) });
  }

  /** Delivers the buffered events, then each further event as it comes. */
  attach(listener: VoiceListener): void {
    // An event that comes during the delivery is buffered behind the others.
    for (let event = this.buffered?.shift(); event !== undefined; event = this.buffered?.shift()) listener(event);
    // The listener has closed the session.
    if (this.buffered === undefined) return;
    this.buffered = undefined;
    this.listener = listener;
  }

  close(): void {
    this.buffered = undefined;
    this.listener = undefined;
    this.session.close();
  }

  private onEvent(event: VoiceEvent): void {
    if (this.listener !== undefined) this.listener(event);
    else if (this.buffered !== undefined && this.buffered.length < MAX_BUFFERED_EVENTS) this.buffered.push(event);
  }
}
