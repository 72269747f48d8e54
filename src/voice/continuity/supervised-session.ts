import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { Clock, Timer } from '../../base/clock.js';
import { TandemError } from '../../base/errors.js';
import type { VoiceEvent, VoiceProvider, VoiceSession, VoiceSessionOptions } from '../session.js';
import { TurnState } from './turn-state.js';

export interface SupervisedSessionListener {
  onEvent(leg: SupervisedSession, event: VoiceEvent): void;
  /** The session is over, for whatever reason; it is closed already. */
  onLost(leg: SupervisedSession, error: TandemError): void;
}

/** One provider session of a call, with where its conversation stands and a watch over its silence. */
export class SupervisedSession {
  readonly provider: VoiceProvider;
  readonly session: VoiceSession;
  readonly talk = new TurnState();
  private readonly clock: Clock;
  private readonly listener: SupervisedSessionListener;
  private readonly answerWithinMs: number;
  private state: 'opening' | 'ready' | 'over' = 'opening';
  private watch: Timer | undefined;
  /** Runs while the caller has spoken and the model has shown no sign of having heard it. */
  private deafWatch: Timer | undefined;
  private mayBeDeaf: boolean;
  private wasDeaf = false;
  private progressMs: number;
  private unsaidOpening: string | undefined;

  constructor(options: {
    provider: VoiceProvider;
    session: Omit<VoiceSessionOptions, 'listener'>;
    clock: Clock;
    listener: SupervisedSessionListener;
    /** The session before this one seemed not to hear the caller: it may have been noise. */
    afterDeafOne: boolean;
  }) {
    const { clock, listener, provider, session } = options;
    this.mayBeDeaf = !options.afterDeafOne;
    this.provider = provider;
    this.clock = clock;
    this.listener = listener;
    this.answerWithinMs = provider.answerWithinMs ?? SILENCE_BUDGET.answerMs;
    this.progressMs = clock.now();
    this.unsaidOpening = session.greeting;
    if (session.greeting !== undefined || session.answersLast) this.talk.asked();
    this.watch = clock.setTimer(SILENCE_BUDGET.sessionReadyMs, () => this.stall());
    this.session = provider.open({ ...session, listener: (event) => this.onEvent(event) });
  }

  /** The owner has asked the model for something: its silence is watched from here. */
  expectAnswer(): void {
    if (this.state === 'over') return;
    this.progressMs = this.clock.now();
    if (this.state === 'ready') this.watchAnswer();
  }

  /** What it was to begin with, as long as it has said nothing. */
  get unsaid(): string | undefined {
    return this.unsaidOpening;
  }

  /** It was lost because it did not seem to hear the caller. */
  get seemedDeaf(): boolean {
    return this.wasDeaf;
  }

  close(): void {
    if (this.state === 'over') return;
    this.state = 'over';
    this.watch?.cancel();
    this.deafWatch?.cancel();
    this.session.close();
  }

  private onEvent(event: VoiceEvent): void {
    if (this.state === 'over') return;
    if (event.type === 'failed') {
      this.lose(event.error);
      return;
    }
    if (event.type === 'ended') {
      this.lose(new TandemError('SESSION_CLOSED', `${this.provider.name} ended the session.`));
      return;
    }
    if (event.type === 'audio') this.unsaidOpening = undefined;
    this.talk.note(event);
    this.watchHearing(event);
    if (event.type === 'ready') {
      this.state = 'ready';
      this.watch?.cancel();
      this.watch = undefined;
    }
    if (this.state === 'ready' && this.watch === undefined && this.talk.isWaitingForModel) this.watchAnswer();
    this.listener.onEvent(this, event);
  }

  /**
   * A caller who has spoken is answered, or at least understood. A model that gives no sign at all may be dead without
   * having closed anything; or it was noise. So a new session is tried, once until the model shows that it lives.
   */
  private watchHearing(event: VoiceEvent): void {
    // Of what was said before: it comes late, and tells nothing of what is owed now.
    if (event.type === 'assistant-text-final' || event.type === 'usage') return;
    const isSpeech = event.type === 'caller-speech-started' || event.type === 'caller-speech-stopped';
    if (!isSpeech) {
      this.progressMs = this.clock.now();
      this.mayBeDeaf ||= event.type !== 'ready';
    }
    this.deafWatch?.cancel();
    this.deafWatch = undefined;
    if (event.type === 'caller-speech-stopped' && this.isWatchable) this.watchDeafness();
  }

  private get isWatchable(): boolean {
    return this.mayBeDeaf && Number.isFinite(this.answerWithinMs);
  }

  private watchDeafness(): void {
    this.deafWatch = this.clock.setTimer(this.answerWithinMs, () => {
      this.wasDeaf = true;
      this.stall();
    });
  }

  /**
   * The caller has spoken, as their audio says, since `sinceMs`. A model of which nothing has come since then, or which takes them to be
   * speaking still, is watched as if it had said itself that they have stopped. False: it has shown that it lives, or it was
   * watched for this before.
   */
  callerSpoke(sinceMs: number): boolean {
    if (this.state !== 'ready' || !this.isWatchable) return false;
    if (this.progressMs >= sinceMs && !this.talk.isCallerSpeaking) return false;
    if (this.deafWatch === undefined) this.watchDeafness();
    return true;
  }

  /** It is to speak next, or it may not have heard the caller: they may be waiting for it. */
  get isWaitedFor(): boolean {
    return this.deafWatch !== undefined || this.talk.isWaitingForModel || this.talk.owes || this.talk.isMidAnswer;
  }

  /** Set once and left alone: moving a timer with every piece of audio would cost more than the audio. */
  private watchAnswer(): void {
    if (!Number.isFinite(this.answerWithinMs)) return;
    this.watch?.cancel();
    // Fractions of a millisecond would be waited for again and again.
    const inMs = Math.max(1, this.progressMs + this.answerWithinMs - this.clock.now());
    this.watch = this.clock.setTimer(inMs, () => {
      this.watch = undefined;
      if (!this.talk.isWaitingForModel) return;
      if (this.clock.now() - this.progressMs >= this.answerWithinMs) this.stall();
      else this.watchAnswer();
    });
  }

  private stall(): void {
    this.lose(new TandemError('VOICE_STALLED', `${this.provider.name} gave no answer in time.`));
  }

  private lose(error: TandemError): void {
    if (this.state === 'over') return;
    this.close();
    this.listener.onLost(this, error);
  }
}
