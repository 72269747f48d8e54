import { TandemError } from '../base/errors.js';
import { refusedSession } from './refused-session.js';
import type { VoiceEvent, VoiceProvider, VoiceSession, VoiceSessionOptions } from './session.js';

/** Of the sessions an account allows, this share is kept for renewals, which need a second one for a moment. */
const RESERVE = 0.1;

/**
 * A provider whose account allows so many sessions at the same time. New calls stop a little before the limit, so that
 * calls in progress can still be renewed; at the limit nothing is asked of the service.
 */
export class SessionQuota implements VoiceProvider {
  readonly name: string;
  private readonly provider: VoiceProvider;
  private readonly maxSessions: number;
  private openSessions = 0;

  constructor(provider: VoiceProvider, maxSessions: number) {
    this.name = provider.name;
    this.provider = provider;
    this.maxSessions = maxSessions;
  }

  get renewal(): VoiceProvider['renewal'] {
    return this.provider.renewal;
  }

  get answerWithinMs(): VoiceProvider['answerWithinMs'] {
    return this.provider.answerWithinMs;
  }

  get isFull(): boolean {
    return this.openSessions >= Math.max(1, Math.floor(this.maxSessions * (1 - RESERVE)));
  }

  prepare(): Promise<void> {
    return this.provider.prepare();
  }

  open(options: VoiceSessionOptions): VoiceSession {
    if (this.openSessions >= this.maxSessions) {
      const what = `All ${this.maxSessions} sessions that ${this.name} allows are in use.`;
      return refusedSession(options.listener, new TandemError('VOICE_THROTTLED', what));
    }
    this.openSessions++;
    let isCounted = true;
    const leave = (): void => {
      if (isCounted) this.openSessions--;
      isCounted = false;
    };
    const listener = (event: VoiceEvent): void => {
      if (event.type === 'ended' || event.type === 'failed') leave();
      options.listener(event);
    };
    const session = this.provider.open({ ...options, listener });
    const close = session.close.bind(session);
    session.close = () => {
      leave();
      close();
    };
    return session;
  }

  close(): Promise<void> {
    return this.provider.close();
  }
}
