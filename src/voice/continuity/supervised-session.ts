import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { Clock, Timer } from '../../base/clock.js';
import { TandemError } from '../../base/errors.js';
import type { VoiceEvent, VoiceProvider, VoiceSession, VoiceSessionOptions } from '../session.js';
import { LeadingSilence } from './leading-silence.js';
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
  /**
   * `seemedDeaf`: the session was given up because the model did not seem to hear the caller. `silentMs`: how long it had
   * owed the caller something by then.
   */
  | { name: 'over'; seemedDeaf: boolean; silentMs: number };

/** How often a model that owes something is looked at. */
const CHECK_MS = 1000;

/** One provider session of a call, with the state of its conversation and a watch over its silence. */
export class SupervisedSession {
  readonly provider: VoiceProvider;
  readonly session: VoiceSession;
  readonly turnState = new TurnState();
  private readonly clock: Clock;
  private readonly listener: SupervisedSessionListener;
  private readonly answerWithinMs: number;
  private readonly restWithinMs: number;
  private readonly turnWaitMs: number;
  /** When the caller last stopped speaking, as the model reports it. */
  private spokeMs = Number.NEGATIVE_INFINITY;
  private state: State;
  /** Runs while the caller has spoken and the model has shown no sign of having heard it. */
  private deafTimer: Timer | undefined;
  private deafSinceMs = 0;
  /** Runs while the model believes that the caller is speaking. */
  private speechTimer: Timer | undefined;
  private readonly quietLineMs: () => number;
  /** Set until the model is heard, for a session that follows a lost one. */
  private deadline: Timer | undefined;
  /** Runs after an answer that did not reach the caller, until the model begins another. */
  private dueTimer: Timer | undefined;
  private readonly leadingSilence = new LeadingSilence();
  private mayBeDeaf: boolean;
  private progressMs: number;
  private hasSounded = false;
  /** When the session was opened, if it has to speak first. */
  private readonly owesSinceMs: number | undefined;
  /** Whether the model is still speaking the line that it has to begin with after a deaf session. */
  private isProving: boolean;
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
    /** When the time of the outage before this session is over. `undefined` if there was none. */
    deadlineMs?: number | undefined;
    /** Returns how long the caller's line has been quiet, in milliseconds. */
    quietLineMs: () => number;
  }) {
    const { clock, listener, provider, session } = options;
    this.mayBeDeaf = !options.afterDeafOne;
    this.quietLineMs = options.quietLineMs;
    this.provider = provider;
    this.clock = clock;
    this.listener = listener;
    this.answerWithinMs = provider.answerWithinMs ?? SILENCE_BUDGET.answerMs;
    this.restWithinMs = provider.answerWithinMs ?? SILENCE_BUDGET.restOfAnswerMs;
    this.turnWaitMs = provider.turnWaitMs ?? 0;
    this.progressMs = clock.now();
    this.unsaidOpening = session.greeting;
    this.isProving = options.afterDeafOne && session.greeting !== undefined;
    const owesFirst = session.greeting !== undefined || session.answersLast;
    this.owesSinceMs = owesFirst ? clock.now() : undefined;
    if (owesFirst) this.turnState.asked();
    if (options.deadlineMs !== undefined) {
      this.deadline = clock.setTimer(Math.max(0, options.deadlineMs - clock.now()), () => this.onDeadline());
    }
    this.state = {
      name: 'opening',
      timer: clock.setTimer(SILENCE_BUDGET.sessionReadyMs, () => this.lose(this.stalled())),
    };
    this.session = provider.open({
      ...session,
      listener: (event) => {
        for (const next of this.leadingSilence.take(event)) this.onEvent(next);
      },
    });
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

  /** How long the session had owed the caller something when it was lost, in milliseconds. */
  get silentMs(): number {
    return this.state.name === 'over' ? this.state.silentMs : this.owedForMs;
  }

  /** Whether the caller has heard the model in this session. */
  get wasHeard(): boolean {
    return this.hasSounded;
  }

  /** Closes the session. The listener is not called any more. */
  close(): void {
    this.end({ seemedDeaf: false });
  }

  private end({ seemedDeaf }: { seemedDeaf: boolean }): void {
    if (this.state.name === 'over') return;
    const silentMs = this.owedForMs;
    this.state.timer?.cancel();
    this.deafTimer?.cancel();
    this.dueTimer?.cancel();
    this.speechTimer?.cancel();
    this.deadline?.cancel();
    this.state = { name: 'over', seemedDeaf, silentMs };
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
    if (event.type === 'audio') this.sounded();
    this.turnState.note(event);
    this.watchHearing(event);
    this.watchDue(event);
    this.watchSpeech();
    if (event.type === 'ready') {
      this.state.timer?.cancel();
      this.state = { name: 'ready', timer: undefined };
      if (this.turnState.obligation === 'none') this.dropDeadline();
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
    if (event.type === 'caller-speech-stopped') this.spokeMs = this.clock.now();
    if (!isSpeech) {
      this.progressMs = this.clock.now();
      this.mayBeDeaf ||= event.type !== 'ready' && !this.isProving;
      if (event.type === 'response-done') this.isProving = false;
    }
    this.deafTimer?.cancel();
    this.deafTimer = undefined;
    if (event.type === 'caller-speech-stopped' && this.isWatchable) this.watchDeafness(0);
  }

  /**
   * A model may end an answer without a sound, or in the middle of it. A session that can ask for it again does so at
   * once. One that does not is replaced, because the caller would wait for an answer that never comes.
   */
  private watchDue({ type }: VoiceEvent): void {
    if (!this.turnState.isAnswerDue) {
      this.dueTimer?.cancel();
      this.dueTimer = undefined;
    } else if (type === 'response-done') {
      this.dueTimer ??= this.clock.setTimer(SILENCE_BUDGET.answerAgainMs, () => {
        this.dueTimer = undefined;
        if (this.turnState.isAnswerDue) this.lose(this.stalled());
      });
    }
  }

  /** Noise can begin a speech that never ends. The caller then waits, and the model listens. */
  private watchSpeech(): void {
    if (!this.turnState.isCallerSpeaking) {
      this.speechTimer?.cancel();
      this.speechTimer = undefined;
    } else this.speechTimer ??= this.clock.setTimer(this.speechOverMs, () => this.onLongSpeech());
  }

  private get speechOverMs(): number {
    return SILENCE_BUDGET.speechOverMs + this.turnWaitMs;
  }

  private onLongSpeech(): void {
    const leftMs = this.speechOverMs - this.quietLineMs();
    if (leftMs > 0) {
      this.speechTimer = this.clock.setTimer(Math.max(100, leftMs), () => this.onLongSpeech());
      return;
    }
    this.speechTimer = undefined;
    const stopped: VoiceEvent = { type: 'caller-speech-stopped' };
    if (this.session.callerIsQuiet === undefined) {
      this.onEvent(stopped);
      return;
    }
    this.turnState.note(stopped);
    this.session.callerIsQuiet();
    if (this.state.name !== 'over') this.listener.onEvent(this, stopped);
  }

  private get isWatchable(): boolean {
    return this.mayBeDeaf && Number.isFinite(this.answerWithinMs);
  }

  /** `agoMs` is how long ago the caller stopped. */
  private watchDeafness(agoMs: number): void {
    this.deafSinceMs = this.clock.now() - agoMs;
    const leftMs = this.answerWithinMs + this.turnWaitMs - agoMs;
    this.deafTimer = this.clock.setTimer(leftMs, () => this.lose(this.stalled(), { seemedDeaf: true }));
  }

  private sounded(): void {
    if (this.hasSounded) return;
    this.hasSounded = true;
    this.unsaidOpening = undefined;
    this.dropDeadline();
  }

  private dropDeadline(): void {
    this.deadline?.cancel();
    this.deadline = undefined;
  }

  /** Called when the time of an outage is over and the model has not been heard. */
  private onDeadline(): void {
    this.deadline = undefined;
    const isOwed = Number.isFinite(this.answerWithinMs) && (this.isModelNext || this.deafTimer !== undefined);
    if (this.state.name === 'opening' || isOwed) this.lose(this.stalled());
  }

  /** Not more than one stall, because another model must have the time for an answer. */
  private get owedForMs(): number {
    const nowMs = this.clock.now();
    return Math.min(SILENCE_BUDGET.answerMs, nowMs - this.owedSinceMs(nowMs));
  }

  private owedSinceMs(nowMs: number): number {
    if (!this.hasSounded && this.owesSinceMs !== undefined) return this.owesSinceMs;
    if (this.deafTimer !== undefined) return this.deafSinceMs;
    return this.isModelNext || this.turnState.isAnswerDue ? this.progressMs : nowMs;
  }

  /**
   * Called when the caller's audio shows that they have spoken since `sinceMs` and stopped. If the model has sent
   * nothing since then, or believes that the caller is still speaking, it is watched as if it had reported the end of
   * speech itself. `agoMs` is how long ago they stopped. Returns false if the model has shown a sign of life, or was
   * watched for this before.
   */
  callerSpoke(sinceMs: number, agoMs: number): boolean {
    if (this.state.name !== 'ready' || !this.isWatchable) return false;
    if (this.progressMs >= sinceMs && !this.turnState.isCallerSpeaking) return false;
    if (this.deafTimer === undefined) this.watchDeafness(agoMs);
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
    // At least 1 ms, because a timer for a fraction of a millisecond would be set again and again. What is owed can change
    // meanwhile, and with it the time.
    const inMs = Math.max(1, Math.min(CHECK_MS, this.patienceMs));
    state.timer = this.clock.setTimer(inMs, () => {
      state.timer = undefined;
      if (!this.isModelNext) return;
      if (this.patienceMs <= 0) this.lose(this.stalled());
      else this.watchAnswer(state);
    });
  }

  /** How much longer a model that owes something may be silent. */
  private get patienceMs(): number {
    // A model does not answer a caller who is speaking, and needs a moment after that.
    if (this.turnState.isCallerSpeaking) return SILENCE_BUDGET.answerAfterSpeechMs;
    const withinMs = this.turnState.obligation === 'rest-of-answer' ? this.restWithinMs : this.answerWithinMs;
    const untilMs = Math.max(this.progressMs + withinMs, this.spokeMs + SILENCE_BUDGET.answerAfterSpeechMs);
    return untilMs - this.clock.now();
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
