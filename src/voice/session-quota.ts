import { TandemError } from '../base/errors.js';
import { taped } from '../base/taped.js';
import { refusedSession } from './refused-session.js';
import type { VoiceEvent, VoiceProvider, VoiceSession, VoiceSessionOptions } from './session.js';

/** Share of an account's sessions kept for renewals, because each needs a second session for a moment. */
const RESERVE = 0.1;

/**
 * A provider whose account limits the number of concurrent sessions. It reports `isFull` a little before the limit, so
 * that calls in progress can still renew theirs. At the limit it fails a session without asking the service.
 */
export class SessionQuota implements VoiceProvider, Record<keyof VoiceProvider, unknown> {
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

  get turnWaitMs(): VoiceProvider['turnWaitMs'] {
    return this.provider.turnWaitMs;
  }

  get isFull(): boolean {
    return taped(
      `full ${this.name}`,
      () => this.openSessions >= Math.max(1, Math.floor(this.maxSessions * (1 - RESERVE))),
    );
  }

  prepare(): Promise<void> {
    return this.provider.prepare();
  }

  open(options: VoiceSessionOptions): VoiceSession {
    if (taped(`used up ${this.name}`, () => this.openSessions >= this.maxSessions)) {
      const what = `All ${this.maxSessions} sessions that the ${this.name} account allows are in use.`;
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
