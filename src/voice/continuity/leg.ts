import type { Clock, Timer } from '../../clock.js';
import { TandemError } from '../../errors.js';
import type { VoiceEvent, VoiceProvider, VoiceSession, VoiceSessionOptions } from '../session.js';
import { Talk } from './talk.js';

/** A session that is not ready by then never will be. Providers have shorter limits of their own. */
const READY_WITHIN_MS = 8000;
/** A model that owes the caller something and gives no sign of life for this long has stalled. */
const ANSWER_WITHIN_MS = 10_000;

export interface LegListener {
  onEvent(leg: Leg, event: VoiceEvent): void;
  /** The session is over, for whatever reason; it is closed already. */
  onLost(leg: Leg, error: TandemError): void;
}

/** One provider session of a call, with where its conversation stands and a watch over its silence. */
export class Leg {
  readonly provider: VoiceProvider;
  readonly session: VoiceSession;
  readonly talk = new Talk();
  readonly openedMs: number;
  private readonly clock: Clock;
  private readonly listener: LegListener;
  private readonly answerWithinMs: number;
  private state: 'opening' | 'ready' | 'over' = 'opening';
  private watch: Timer | undefined;
  private progressMs: number;

  constructor(options: {
    provider: VoiceProvider;
    session: Omit<VoiceSessionOptions, 'listener'>;
    clock: Clock;
    listener: LegListener;
  }) {
    const { clock, listener, provider, session } = options;
    this.provider = provider;
    this.clock = clock;
    this.listener = listener;
    this.answerWithinMs = provider.answerWithinMs ?? ANSWER_WITHIN_MS;
    this.openedMs = clock.now();
    this.progressMs = this.openedMs;
    if (session.greeting !== undefined || session.answersLast) this.talk.asked();
    this.watch = clock.setTimer(READY_WITHIN_MS, () => this.stall());
    this.session = provider.open({ ...session, listener: (event) => this.onEvent(event) });
  }

  get isReady(): boolean {
    return this.state === 'ready';
  }

  /** The owner has asked the model for something: its silence is watched from here. */
  expectAnswer(): void {
    if (this.state === 'over') return;
    this.progressMs = this.clock.now();
    if (this.state === 'ready') this.watchAnswer();
  }

  close(): void {
    if (this.state === 'over') return;
    this.state = 'over';
    this.watch?.cancel();
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
    if (event.type !== 'caller-speech-started' && event.type !== 'caller-speech-stopped') {
      this.progressMs = this.clock.now();
    }
    if (event.type === 'ready') {
      this.state = 'ready';
      this.watch?.cancel();
      this.watch = undefined;
    }
    if (this.state === 'ready' && this.watch === undefined && this.talk.isWaitingForModel) this.watchAnswer();
    this.listener.onEvent(this, event);
  }

  /** Set once and left alone: moving a timer with every piece of audio would cost more than the audio. */
  private watchAnswer(): void {
    if (this.watch !== undefined) return;
    const inMs = this.progressMs + this.answerWithinMs - this.clock.now();
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
    this.close();
    this.listener.onLost(this, error);
  }
}
