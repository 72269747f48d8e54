import type { Clock, Timer } from '../../clock.js';
import { TandemError } from '../../errors.js';
import type { VoiceEvent, VoiceProvider, VoiceSession, VoiceSessionOptions } from '../session.js';
import { Talk } from './talk.js';

/** A session that is not ready by then never will be. Providers have shorter limits of their own. */
const READY_WITHIN_MS = 8000;
/** A model that owes the caller something and gives no sign of life for this long has stalled. */
const ANSWER_WITHIN_MS = 8000;
/** A caller who waits longer than this without a sound wonders whether anybody is there. */
const SLOW_AFTER_MS = 3200;
/** So late it is noticed from the audio that the caller has stopped. */
const EAR_DELAY_MS = 800;
/** What they still hear will be over soon. */
const SLOW_AGAIN_MS = 500;

export interface LegListener {
  onEvent(leg: Leg, event: VoiceEvent): void;
  /** The caller waits for it, and it takes long; it may still come. False: they hear something at the moment. */
  onSlow(leg: Leg): boolean;
  /** The session is over, for whatever reason; it is closed already. */
  onLost(leg: Leg, error: TandemError): void;
}

/** One provider session of a call, with where its conversation stands and a watch over its silence. */
export class Leg {
  readonly provider: VoiceProvider;
  readonly session: VoiceSession;
  readonly talk = new Talk();
  private readonly clock: Clock;
  private readonly listener: LegListener;
  private readonly answerWithinMs: number;
  private state: 'opening' | 'ready' | 'over' = 'opening';
  private watch: Timer | undefined;
  /** Runs while the caller has spoken and the model has shown no sign of having heard it. */
  private deafWatch: Timer | undefined;
  private slowWatch: Timer | undefined;
  private mayBeDeaf: boolean;
  private wasDeaf = false;
  private progressMs: number;

  constructor(options: {
    provider: VoiceProvider;
    session: Omit<VoiceSessionOptions, 'listener'>;
    clock: Clock;
    listener: LegListener;
    /** The session before this one seemed not to hear the caller: it may have been noise. */
    afterDeafOne: boolean;
  }) {
    const { clock, listener, provider, session } = options;
    this.mayBeDeaf = !options.afterDeafOne;
    this.provider = provider;
    this.clock = clock;
    this.listener = listener;
    this.answerWithinMs = provider.answerWithinMs ?? ANSWER_WITHIN_MS;
    this.progressMs = clock.now();
    if (session.greeting !== undefined || session.answersLast) {
      this.talk.asked();
      this.watchSlowness(SLOW_AFTER_MS, () => this.state === 'opening' || this.talk.isWaitingForModel);
    }
    this.watch = clock.setTimer(READY_WITHIN_MS, () => this.stall());
    this.session = provider.open({ ...session, listener: (event) => this.onEvent(event) });
  }

  /** The owner has asked the model for something: its silence is watched from here. */
  expectAnswer(): void {
    if (this.state === 'over') return;
    this.progressMs = this.clock.now();
    if (this.state === 'ready') this.watchAnswer();
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
    this.slowWatch?.cancel();
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
    this.talk.note(event);
    this.watchHearing(event);
    if (event.type === 'ready') {
      this.state = 'ready';
      this.watch?.cancel();
      this.watch = undefined;
    }
    const isWatched = this.watch !== undefined && this.slowWatch !== undefined;
    if (this.state === 'ready' && !isWatched && this.talk.isWaitingForModel) this.watchAnswer();
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
    if (isSpeech) this.endSlowWatch();
    if (event.type === 'caller-speech-stopped' && this.isWatchable) this.watchDeafness(SLOW_AFTER_MS);
  }

  private get isWatchable(): boolean {
    return this.mayBeDeaf && Number.isFinite(this.answerWithinMs);
  }

  private watchDeafness(slowAfterMs: number): void {
    this.deafWatch = this.clock.setTimer(this.answerWithinMs, () => {
      this.wasDeaf = true;
      this.stall();
    });
    this.watchSlowness(slowAfterMs, () => this.deafWatch !== undefined || this.talk.isWaitingForModel);
  }

  /**
   * The caller has spoken, as their audio says, since `sinceMs`. A model of which nothing has come since then is watched as if it had
   * said so itself. False: it has shown that it lives, or it was watched for this before.
   */
  callerSpoke(sinceMs: number): boolean {
    if (this.state !== 'ready' || this.progressMs >= sinceMs || !this.isWatchable) return false;
    if (this.deafWatch !== undefined) return true;
    this.endSlowWatch();
    this.watchDeafness(SLOW_AFTER_MS - EAR_DELAY_MS);
    return true;
  }

  /** Set once and left alone: moving a timer with every piece of audio would cost more than the audio. */
  private watchAnswer(): void {
    if (!Number.isFinite(this.answerWithinMs)) return;
    const slowInMs = this.progressMs + SLOW_AFTER_MS - this.clock.now();
    if (slowInMs > 0) this.watchSlowness(slowInMs, () => this.talk.isWaitingForModel);
    if (this.watch !== undefined) return;
    // Fractions of a millisecond would be waited for again and again.
    const inMs = Math.max(1, this.progressMs + this.answerWithinMs - this.clock.now());
    this.watch = this.clock.setTimer(inMs, () => {
      this.watch = undefined;
      if (!this.talk.isWaitingForModel) return;
      if (this.clock.now() - this.progressMs >= this.answerWithinMs) this.stall();
      else this.watchAnswer();
    });
  }

  /** Set once, too: with every sign of life the wait begins anew. */
  private watchSlowness(inMs: number, isWaiting: () => boolean): void {
    this.slowWatch ??= this.clock.setTimer(inMs, () => {
      this.slowWatch = undefined;
      if (!isWaiting()) return;
      const leftMs = this.progressMs + SLOW_AFTER_MS - this.clock.now();
      if (leftMs >= 1) this.watchSlowness(leftMs, isWaiting);
      else if (!this.listener.onSlow(this)) this.watchSlowness(SLOW_AGAIN_MS, isWaiting);
    });
  }

  private endSlowWatch(): void {
    this.slowWatch?.cancel();
    this.slowWatch = undefined;
  }

  private stall(): void {
    this.lose(new TandemError('VOICE_STALLED', `${this.provider.name} gave no answer in time.`));
  }

  private lose(error: TandemError): void {
    this.close();
    this.listener.onLost(this, error);
  }
}
