import type {
  VoiceEvent,
  VoiceListener,
  VoiceProvider,
  VoiceSession,
  VoiceSessionOptions,
} from '../../voice/session.js';

/** Events kept before the stream is there: a greeting of some ten seconds in 20 ms pieces, with room to spare. */
const MAX_HELD_EVENTS = 2000;

/**
 * A voice session that is opened while the telephone still rings and taken over by the stream when it comes, so that
 * the greeting is ready by then. What the session says meanwhile is held and delivered at once.
 */
export class PrewarmedSession {
  readonly session: VoiceSession;
  private held: VoiceEvent[] | undefined = [];
  private listener: VoiceListener | undefined;

  constructor(provider: VoiceProvider, options: Omit<VoiceSessionOptions, 'listener'>) {
    this.session = provider.open({ ...options, listener: (event) => this.onEvent(event) });
  }

  /** Delivers what was held, then everything as it comes. */
  attach(listener: VoiceListener): void {
    // What comes while this is delivered waits behind it.
    for (let event = this.held?.shift(); event !== undefined; event = this.held?.shift()) listener(event);
    if (this.held === undefined) return;
    this.held = undefined;
    this.listener = listener;
  }

  close(): void {
    this.held = undefined;
    this.listener = undefined;
    this.session.close();
  }

  private onEvent(event: VoiceEvent): void {
    if (this.listener !== undefined) this.listener(event);
    else if (this.held !== undefined && this.held.length < MAX_HELD_EVENTS) this.held.push(event);
  }
}
