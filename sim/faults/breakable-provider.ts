import { TandemError } from '../../src/base/errors.js';
import type { RenewalTimes, VoiceProvider, VoiceSession, VoiceSessionOptions } from '../../src/voice/session.js';

/** A session whose connection can be made to fail. */
export interface BreakableSession {
  readonly conversationId: string;
  /** The connection is gone: the owner hears of the loss at once. */
  reset(): void;
  /** The connection stays open, and nothing comes any more. */
  stall(): void;
}

/** Where the sessions are told that they have opened and are over. */
export interface Sessions {
  add(session: BreakableSession): void;
  delete(session: BreakableSession): void;
}

/** A provider that works as it does, until a session is made to fail. */
export class BreakableProvider implements VoiceProvider, Record<keyof VoiceProvider, unknown> {
  private readonly provider: VoiceProvider;
  private readonly sessions: Sessions;

  constructor(provider: VoiceProvider, sessions: Sessions) {
    this.provider = provider;
    this.sessions = sessions;
  }

  get name(): string {
    return this.provider.name;
  }

  get renewal(): RenewalTimes | undefined {
    return this.provider.renewal;
  }

  get answerWithinMs(): number | undefined {
    return this.provider.answerWithinMs;
  }

  get turnWaitMs(): number | undefined {
    return this.provider.turnWaitMs;
  }

  get isFull(): boolean {
    return this.provider.isFull === true;
  }

  prepare(): Promise<void> {
    return this.provider.prepare();
  }

  close(): Promise<void> {
    return this.provider.close();
  }

  open(options: VoiceSessionOptions): VoiceSession {
    const { conversationId, listener } = options;
    let isStalled = false;
    let isOver = false;
    const end = (): void => {
      isOver = true;
      this.sessions.delete(breakable);
    };
    const breakable: BreakableSession = {
      conversationId,
      reset: () => {
        end();
        inner.close();
        const message = `The connection to ${this.name} was reset by the operator.`;
        listener({ type: 'failed', error: new TandemError('VOICE_UNREACHABLE', message) });
      },
      stall: () => {
        isStalled = true;
      },
    };
    // Before the session opens, because it may fail on the way.
    this.sessions.add(breakable);
    const inner = this.provider.open({
      ...options,
      listener: (event) => {
        if (isStalled || isOver) return;
        if (event.type === 'failed' || event.type === 'ended') end();
        listener(event);
      },
    });
    // Everything that the session has, also what a later version of it may have, goes to the session itself.
    return new Proxy(inner, {
      get: (session, name) => {
        const member: unknown = Reflect.get(session, name, session);
        if (typeof member !== 'function') return member;
        return (...given: unknown[]): unknown => {
          if (name === 'close') end();
          // A model that has stalled writes no summary and speaks no line.
          if (isStalled && (name === 'summarize' || name === 'render')) return new Promise(() => undefined);
          return Reflect.apply(member, session, given);
        };
      },
    });
  }
}
