import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { Clock, Timer } from '../../base/clock.js';
import { TandemError } from '../../base/errors.js';
import type { VoiceEvent, VoiceProvider, VoiceSession, VoiceSessionOptions } from '../session.js';
import { TurnState } from './turn-state.js';

export interface SupervisedSessionListener {
  onEvent(supervised: SupervisedSession, event: VoiceEvent): void;
  /** Called once when the session has failed, ended or stalled; it is closed already. */
  onLost(supervised: SupervisedSession, error: TandemError): void;
}

type State =
  /** The timer ends the wait for `ready`. */
  | { name: 'opening'; timer: Timer }
  /** The timer, if set, looks for a model that owes an answer and has stalled. */
  | { name: 'ready'; timer: Timer | undefined }
  /** `seemedDeaf`: the session was given up because the model did not seem to hear the caller. */
  | { name: 'over'; seemedDeaf: boolean };

/** One provider session of a call, with the state of its conversation and a watch over its silence. */
export class SupervisedSession {
  readonly provider: VoiceProvider;
  readonly session: VoiceSession;
  readonly turnState = new TurnState();
  private readonly clock: Clock;
  private readonly listener: SupervisedSessionListener;
  private readonly answerWithinMs: number;
  private state: State;
  /** Runs while the caller has spoken and the model has shown no sign of having heard it. */
  private deafTimer: Timer | undefined;
  private mayBeDeaf: boolean;
  private progressMs: number;
  private unsaidOpening: string | undefined;

  constructor(options: {
    provider: VoiceProvider;
    session: Omit<VoiceSessionOptions, 'listener'>;
    clock: Clock;
    listener: SupervisedSessionListener;
    /**
     * The session before this one seemed deaf. It may have been noise, so this session is not given up for the same.
     */
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
    if (session.greeting !== undefined || session.answersLast) this.turnState.asked();
    this.state = {
      name: 'opening',
      timer: clock.setTimer(SILENCE_BUDGET.sessionReadyMs, () => this.lose(this.stalled())),
    };
    this.session = provider.open({ ...session, listener: (event) => this.onEvent(event) });
  }

  /** Called when the owner has asked the model for something; the model's silence counts from now. */
  expectAnswer(): void {
    if (this.state.name === 'over') return;
    this.progressMs = this.clock.now();
    if (this.state.name === 'ready') this.watchAnswer(this.state);
  }

  /** The greeting of this session, until the model makes its first sound. */
  get unsaid(): string | undefined {
    return this.unsaidOpening;
  }

  /** Whether the session was lost because the model did not seem to hear the caller. */
  get seemedDeaf(): boolean {
    return this.state.name === 'over' && this.state.seemedDeaf;
  }

  /** Closes the session. The listener is not called any more. */
  close(): void {
    this.end({ seemedDeaf: false });
  }

  private end({ seemedDeaf }: { seemedDeaf: boolean }): void {
    if (this.state.name === 'over') return;
    this.state.timer?.cancel();
    this.deafTimer?.cancel();
    this.state = { name: 'over', seemedDeaf };
    this.session.close();
  }

  private onEvent(event: VoiceEvent): void {
    if (this.state.name === 'over') return;
    if (event.type === 'failed') {
      this.lose(event.error);
      return;
    }
    if (event.type === 'ended') {
      this.lose(new TandemError('SESSION_CLOSED', `${this.provider.name} ended the session.`));
      return;
    }
    if (event.type === 'audio') this.unsaidOpening = undefined;
    this.turnState.note(event);
    this.watchHearing(event);
    if (event.type === 'ready') {
      this.state.timer?.cancel();
      this.state = { name: 'ready', timer: undefined };
    }
    const { state } = this;
    if (state.name === 'ready' && state.timer === undefined && this.isModelNext) this.watchAnswer(state);
    this.listener.onEvent(this, event);
  }

  /**
   * A caller who has spoken is answered, or at least understood. A model that shows no sign of it may be dead without
   * having closed anything, or the caller's audio was only noise. So a new session is tried, but only once until the
   * model shows a sign of life.
   */
  private watchHearing(event: VoiceEvent): void {
    // Both concern earlier speech and arrive late: they say nothing about what is owed now.
    if (event.type === 'assistant-text-final' || event.type === 'usage') return;
    const isSpeech = event.type === 'caller-speech-started' || event.type === 'caller-speech-stopped';
    if (!isSpeech) {
      this.progressMs = this.clock.now();
      this.mayBeDeaf ||= event.type !== 'ready';
    }
    this.deafTimer?.cancel();
    this.deafTimer = undefined;
    if (event.type === 'caller-speech-stopped' && this.isWatchable) this.watchDeafness();
  }

  private get isWatchable(): boolean {
    return this.mayBeDeaf && Number.isFinite(this.answerWithinMs);
  }

  private watchDeafness(): void {
    this.deafTimer = this.clock.setTimer(this.answerWithinMs, () => this.lose(this.stalled(), { seemedDeaf: true }));
  }

  /**
   * Called when the caller's audio shows that they have spoken since `sinceMs` and stopped. If the model has sent
   * nothing since then, or believes that the caller is still speaking, it is watched as if it had reported the end of
   * speech itself. Returns false if the model has shown a sign of life, or was watched for this before.
   */
  callerSpoke(sinceMs: number): boolean {
    if (this.state.name !== 'ready' || !this.isWatchable) return false;
    if (this.progressMs >= sinceMs && !this.turnState.isCallerSpeaking) return false;
    if (this.deafTimer === undefined) this.watchDeafness();
    return true;
  }

  /** Whether the caller may be waiting for this model: it owes them something, or it may not have heard them. */
  get isWaitedFor(): boolean {
    return this.deafTimer !== undefined || this.turnState.obligation !== 'none';
  }

  /** Whether the next word has to come from the model, and not from the caller or a tool. */
  private get isModelNext(): boolean {
    const { obligation } = this.turnState;
    return obligation === 'answer' || obligation === 'rest-of-answer' || obligation === 'speech';
  }

  /** Set once and left alone, because moving a timer with every piece of audio would cost more than the audio. */
  private watchAnswer(state: State & { name: 'ready' }): void {
    if (!Number.isFinite(this.answerWithinMs)) return;
    state.timer?.cancel();
    // At least 1 ms, because a timer for a fraction of a millisecond would be set again and again.
    const inMs = Math.max(1, this.progressMs + this.answerWithinMs - this.clock.now());
    state.timer = this.clock.setTimer(inMs, () => {
      state.timer = undefined;
      if (!this.isModelNext) return;
      if (this.clock.now() - this.progressMs >= this.answerWithinMs) this.lose(this.stalled());
      else this.watchAnswer(state);
    });
  }

  private stalled(): TandemError {
    return new TandemError('VOICE_STALLED', `${this.provider.name} gave no answer in time.`);
  }

  private lose(error: TandemError, how = { seemedDeaf: false }): void {
    if (this.state.name === 'over') return;
    this.end(how);
    this.listener.onLost(this, error);
  }
}
