import type { AudioChunk } from '../../audio/chunk.js';
import type { Clock, Timer } from '../../base/clock.js';
import { TandemError } from '../../base/errors.js';
import type { HeardItem } from '../history.js';
import type {
  ContinuityLines,
  SessionConnected,
  VoiceEvent,
  VoiceProvider,
  VoiceSession,
  VoiceSessionOptions,
} from '../session.js';
import type { SpeakLine } from '../spoken-line.js';
import type { KeptLines, LineInVoice } from './kept-lines.js';
import { LineRecorder } from './line-recorder.js';
import { CallerState, type CurrentSession } from './caller-state.js';
import { ConnectTimes } from './connect-times.js';
import type { ProviderBreaker } from './provider-breaker.js';
import { SupervisedSession } from './supervised-session.js';
import { FailoverPlan } from './failover-plan.js';
import { RenewalSchedule } from './renewal.js';
import { unsaid } from './turn-state.js';

/**
 * What a continuous session reports about the sessions under it. Metric labels are made from the names of providers.
 * `conversationId` is that of the call.
 */
export interface ContinuityReport {
  onLost(provider: string, error: TandemError, conversationId: string): void;
  onRenewed(provider: string): void;
  onFailover(from: string, to: string, conversationId: string): void;
}

export interface ContinuousSessionOptions {
  session: VoiceSessionOptions;
  /** In order of preference, at least one. */
  providers: readonly [VoiceProvider, ...VoiceProvider[]];
  breaker: ProviderBreaker;
  /** Shared by all calls. */
  keptLines: KeptLines;
  clock: Clock;
  lines: ContinuityLines;
  /** Speaks a line without any model. Resolves with `undefined` if this machine has no engine for it. */
  speakLine: SpeakLine;
  report: ContinuityReport;
}

/** Minimum time a session must have been ready to end the outage before it. */
const LASTING_MS = 10_000;

/** The time from the loss of a session until another one is ready. */
interface Outage {
  failover: FailoverPlan;
  /** The session the caller was talking to. The next one begins with what it owed the caller. */
  origin: SupervisedSession;
  /** Whether it began because a session had to make way. */
  isRenewal: boolean;
}

interface Live {
  name: 'live';
  supervised: SupervisedSession;
  renewal: RenewalSchedule;
  /** The outage that this session ends, if it lasts. */
  outage: Outage | undefined;
  sinceMs: number;
}

type State =
  /** A session is being opened and there is no other. `outage` is set once a session was lost. */
  | { name: 'opening'; supervised: SupervisedSession; outage: Outage | undefined }
  /** The timer starts the next try. */
  | { name: 'waiting'; timer: Timer }
  | Live
  /** The session continues while its successor is being opened. */
  | (Omit<Live, 'name'> & { name: 'renewing'; next: SupervisedSession })
  | { name: 'closed' };

/**
 * A voice session that outlives the model sessions under it. A session near its model's time limit is renewed in a
 * pause. A lost session is reopened, or another model takes over, with the conversation as the caller heard it and the
 * caller's audio that no model has answered. The owner notices nothing of it. When every provider has failed, this
 * session fails, too.
 */
export class ContinuousSession implements VoiceSession {
  speaker: string | undefined;
  private readonly options: ContinuousSessionOptions;
  private readonly caller: CallerState;
  private readonly connects: ConnectTimes;
  private readonly recorder = new LineRecorder((text, mulaw) => this.keep(text, mulaw));
  /** When the caller last heard something before this session began. */
  private readonly quietSinceMs: number;
  private state: State;
  private wasReady = false;
  /** Whether a model has said something in this call, so that the greeting is not repeated. */
  private hasSpoken = false;
  /** Whether the last line failed or broke off. The gateway's own voice then speaks the next one. */
  private hasLineFailed = false;
  /** Text and digits of the caller that have no answer yet. */
  private unanswered: ((session: VoiceSession) => void)[] = [];

  constructor(options: ContinuousSessionOptions) {
    this.options = options;
    const { clock, breaker, lines, providers, session } = options;
    this.caller = new CallerState({
      clock,
      isPlaying: () => session.conversation.isPlaying,
      speakLine: (text) => this.speakLine(text),
      oneMoment: lines.oneMoment,
      emit: (event) => this.emit(event),
      current: () => this.currentSession,
    });
    this.connects = new ConnectTimes(clock, (connected) => session.onChange?.({ type: 'connected', ...connected }));
    const isFree = (provider: VoiceProvider): boolean => !breaker.isCooling(provider.name) && provider.isFull !== true;
    const first = providers.find(isFree) ?? providers[0];
    const { answersLast, greeting } = session;
    // Until the first session is ready, only this buffer keeps what the caller says.
    this.caller.replayBuffer.keep();
    this.quietSinceMs = clock.now() - (session.callerWaitsMs ?? 0);
    if (greeting !== undefined || answersLast) this.caller.deadAir.begin(this.quietSinceMs);
    const cause = session.conversation.turns.length === 0 ? 'start' : 'resume';
    this.state = { name: 'opening', supervised: this.open(first, cause, greeting, answersLast), outage: undefined };
  }

  sendAudio(chunk: AudioChunk): void {
    this.caller.hear(chunk);
    const { state } = this;
    switch (state.name) {
      case 'renewing':
        state.supervised.session.sendAudio(chunk);
        state.next.session.sendAudio(chunk);
        return;
      case 'live':
      case 'opening':
        state.supervised.session.sendAudio(chunk);
        return;
      case 'waiting':
      case 'closed':
        return;
    }
  }

  sendText(text: string): void {
    this.ask((session) => session.sendText(text));
  }

  sendDigits(digits: string): void {
    this.ask((session) => session.sendDigits(digits));
  }

  say(text: string, sayId: string): void {
    if (!this.hasLineFailed) {
      this.sayByModel(text, sayId);
      return;
    }
    void this.caller.gatewayVoice.say(text, sayId).then((isSaid) => {
      if (!isSaid) this.sayByModel(text, sayId);
    });
  }

  private sayByModel(text: string, sayId: string): void {
    const { supervised } = this;
    if (supervised === undefined) {
      for (const event of unsaid(sayId)) this.emit(event);
      return;
    }
    this.dropSuccessor();
    this.recorder.saying(sayId, text);
    // Before the line, because a model may speak it at once, and then nobody waits. If no model has spoken yet, an earlier
    // session may have lost the caller's question, and they are still waiting.
    this.caller.deadAir.begin(this.hasSpoken ? undefined : this.quietSinceMs);
    supervised.turnState.saying(sayId);
    supervised.session.say(text, sayId);
    supervised.expectAnswer();
  }

  cancel(): void {
    this.expectsNothing();
    this.supervised?.session.cancel();
  }

  expectsNothing(): void {
    this.caller.endWait();
    this.supervised?.turnState.cancelled();
  }

  reportHeard(items: readonly HeardItem[]): void {
    this.supervised?.session.reportHeard(items);
  }

  sendToolResult(toolCallId: string, output: unknown): void {
    const { supervised } = this;
    // If the session that called the tool is gone, its successor calls the tool again itself.
    if (supervised?.turnState.toolAnswered(toolCallId) !== true) return;
    this.caller.deadAir.begin();
    supervised.session.sendToolResult(toolCallId, output);
    supervised.expectAnswer();
  }

  get callerWaitsMs(): number {
    return this.caller.deadAir.quietMs;
  }

  get quietLineMs(): number {
    return this.caller.quietLineMs;
  }

  /** Asks the model that the caller is talking to. No other session is opened for it. Absent if that model cannot write. */
  get summarize(): VoiceSession['summarize'] {
    const { supervised } = this;
    if (supervised === undefined)
      return () => Promise.reject(new TandemError('VOICE_FAILED', 'No model is connected that can write a summary.'));
    return supervised.session.summarize?.bind(supervised.session);
  }

  close(): void {
    const { state } = this;
    this.state = { name: 'closed' };
    this.caller.endWait();
    this.caller.replayBuffer.forget();
    switch (state.name) {
      case 'opening':
        state.supervised.close();
        return;
      case 'waiting':
        state.timer.cancel();
        return;
      case 'renewing':
        state.next.close();
        state.renewal.stop();
        state.supervised.close();
        return;
      case 'live':
        state.renewal.stop();
        state.supervised.close();
        return;
      case 'closed':
        return;
    }
  }

  /** The session the caller is talking to. */
  private get supervised(): SupervisedSession | undefined {
    return 'supervised' in this.state ? this.state.supervised : undefined;
  }

  private get currentSession(): CurrentSession | undefined {
    const { state } = this;
    return 'supervised' in state ? { supervised: state.supervised, isReady: state.name !== 'opening' } : undefined;
  }

  /** Sends the model something from the caller that it has to answer. */
  private ask(send: (session: VoiceSession) => void): void {
    if (this.state.name === 'closed') return;
    this.unanswered.push(send);
    this.caller.deadAir.begin();
    const { supervised } = this;
    if (supervised === undefined) return;
    this.dropSuccessor();
    supervised.turnState.asked();
    send(supervised.session);
    supervised.expectAnswer();
  }

  private open(
    provider: VoiceProvider,
    cause: SessionConnected['cause'],
    greeting: string | undefined,
    answersLast: boolean,
    outage?: Outage,
  ): SupervisedSession {
    const supervised = new SupervisedSession({
      afterDeafOne: outage?.origin.seemedDeaf === true,
      deadlineMs: outage?.failover.deadlineMs,
      quietLineMs: () => this.caller.quietLineMs,
      provider,
      session: { ...this.options.session, greeting, answersLast },
      clock: this.options.clock,
      listener: {
        onEvent: (supervised, event) => this.onEvent(supervised, event),
        onLost: (supervised, error) => this.onLost(supervised, error),
      },
    });
    this.connects.opened(supervised, cause);
    return supervised;
  }

  private onEvent(supervised: SupervisedSession, event: VoiceEvent): void {
    const { state } = this;
    if (state.name === 'renewing' && supervised === state.next) {
      if (event.type === 'ready') this.onSuccessorReady(state);
      return;
    }
    if (supervised !== this.supervised) return;
    switch (event.type) {
      case 'ready':
        this.onReady(supervised);
        return;
      case 'caller-speech-started':
        this.caller.speechStarted();
        this.dropSuccessor();
        break;
      case 'caller-speech-stopped':
        this.caller.replayBuffer.utteranceEnded();
        break;
      case 'caller-text':
        if (event.final) this.caller.replayBuffer.forget();
        this.dropSuccessor();
        break;
      case 'audio':
        this.hasSpoken = true;
        this.speaker = supervised.provider.name;
        this.unanswered = [];
        this.caller.answered();
        break;
      case 'response-done':
        // The question is answered, so no later session needs to hear it, even if its text never arrived.
        if (event.status === 'completed' && supervised.turnState.hasAnswered) this.caller.replayBuffer.forget();
        break;
      default:
        break;
    }
    this.recorder.note(event);
    if (event.type === 'response-done' && event.status === 'completed') void this.renderLine(supervised);
    this.emit(event);
    if (event.type !== 'audio' && supervised === this.supervised) this.caller.updateWait();
    if (state === this.state && state.name === 'live') state.renewal.check();
  }

  private onReady(supervised: SupervisedSession): void {
    if (this.state.name !== 'opening') return;
    this.connects.settled(supervised);
    const { outage } = this.state;
    if (outage === undefined) this.options.breaker.worked(supervised.provider.name);
    this.state = this.live(supervised, outage);
    if (!this.caller.replayBuffer.hasUtterance) this.caller.updateWait();
    this.caller.replayBuffer.forget();
    if (outage !== undefined) this.noteReplaced(outage.isRenewal ? 'renewed' : 'replaced', outage.origin, supervised);
    if (this.wasReady) return;
    this.wasReady = true;
    this.emit({ type: 'ready' });
  }

  private noteReplaced(type: 'renewed' | 'replaced', from: SupervisedSession, to: SupervisedSession): void {
    const isAwaited = this.caller.deadAir.quietMs > 0;
    this.options.session.onChange?.({ type, from: from.provider.name, to: to.provider.name, isAwaited });
  }

  private noteLost(): void {
    this.options.session.onChange?.({ type: 'lost', waitedMs: this.caller.deadAir.quietMs });
  }

  private live(supervised: SupervisedSession, outage: Outage | undefined): Live {
    return { name: 'live', supervised, renewal: this.schedule(supervised), outage, sinceMs: this.options.clock.now() };
  }

  // ── renewal ──

  private schedule(supervised: SupervisedSession): RenewalSchedule {
    const { clock, session } = this.options;
    return new RenewalSchedule({
      clock,
      times: supervised.provider.renewal,
      // A model may take a while to notice that an utterance is over.
      isPause: () =>
        supervised.turnState.isPause && !session.conversation.isPlaying && !this.caller.replayBuffer.hasUtterance,
      isForceable: () => {
        const { isAnswering, obligation } = supervised.turnState;
        return !isAnswering && obligation !== 'answer' && obligation !== 'tool';
      },
      onDue: () => this.renew(supervised),
      onForced: () => this.renewNow(supervised),
    });
  }

  /** Opens the next session beside this one, in a pause. */
  private renew(supervised: SupervisedSession): void {
    if (this.state.name !== 'live' || this.state.supervised !== supervised) return;
    this.state = { ...this.state, name: 'renewing', next: this.open(supervised.provider, 'renewal', undefined, false) };
  }

  private onSuccessorReady(state: State & { name: 'renewing' }): void {
    this.connects.settled(state.next);
    if (!state.renewal.isPause) {
      this.dropSuccessor();
      return;
    }
    state.renewal.stop();
    state.supervised.close();
    this.state = this.live(state.next, undefined);
    this.options.report.onRenewed(state.next.provider.name);
    this.noteReplaced('renewed', state.supervised, state.next);
  }

  /** Closes the successor, because it knows nothing of what has just happened. Another is opened in the next pause. */
  private dropSuccessor(why: 'interrupted' | 'refused' = 'interrupted'): void {
    const { state } = this;
    if (state.name !== 'renewing') return;
    state.next.close();
    this.connects.dropped(state.next);
    const { next: _, ...live } = state;
    this.state = { ...live, name: 'live' };
    state.renewal.again(why);
  }

  /**
   * Renews without a pause. A caller who is speaking continues with the next session, which hears the whole utterance.
   */
  private renewNow(supervised: SupervisedSession): void {
    const { state } = this;
    if (state.name === 'renewing') {
      state.next.close();
      this.connects.dropped(state.next);
    } else if (state.name !== 'live') return;
    supervised.close();
    state.renewal.stop();
    this.caller.unheard();
    this.noteLost();
    this.finish(supervised);
    this.reopen(supervised.provider, this.outageOf(supervised, true));
    this.options.report.onRenewed(supervised.provider.name);
  }

  // ── recovery ──

  private onLost(supervised: SupervisedSession, error: TandemError): void {
    const { state } = this;
    this.connects.settled(supervised, error.code);
    this.options.report.onLost(supervised.provider.name, error, this.options.session.conversationId);
    switch (state.name) {
      case 'renewing':
        if (supervised === state.next) {
          this.dropSuccessor('refused');
          return;
        }
        state.next.close();
        state.renewal.stop();
        this.recover(supervised, error, this.unendedOutage(state));
        return;
      case 'live':
        state.renewal.stop();
        this.recover(supervised, error, this.unendedOutage(state));
        return;
      case 'opening':
        this.recover(supervised, error, state.outage);
        return;
      case 'waiting':
      case 'closed':
        return;
    }
  }

  private recover(lost: SupervisedSession, error: TandemError, running: Outage | undefined): void {
    const { clock } = this.options;
    this.caller.unheard();
    this.noteLost();
    const outage = running ?? this.outageOf(lost);
    const step = outage.failover.next(error, clock.now());
    if (step === undefined) {
      this.fail(lost, error);
      return;
    }
    const { report, session } = this.options;
    if (step.provider !== lost.provider)
      report.onFailover(lost.provider.name, step.provider.name, session.conversationId);
    const timer = clock.setTimer(step.delayMs, () => this.reopen(step.provider, outage));
    this.state = { name: 'waiting', timer };
    this.caller.deadAir.lost();
    this.finish(lost);
  }

  /**
   * Returns the outage that a lost session did not end, because it was lost again too soon. Its failover plan
   * continues, so that the tries come to an end.
   */
  private unendedOutage({
    supervised,
    outage,
    sinceMs,
  }: Pick<Live, 'supervised' | 'outage' | 'sinceMs'>): Outage | undefined {
    const hasLasted = this.options.clock.now() - sinceMs >= LASTING_MS;
    if (outage === undefined || hasLasted) return undefined;
    if (supervised.wasHeard) outage.failover.heard(this.silentSince(supervised));
    return { failover: outage.failover, origin: supervised, isRenewal: false };
  }

  private outageOf(lost: SupervisedSession, isRenewal = false): Outage {
    const { breaker, providers } = this.options;
    return {
      failover: new FailoverPlan({
        providers,
        breaker,
        lost: lost.provider,
        sinceMs: this.silentSince(lost),
        hasTalked: this.speaker === lost.provider.name,
      }),
      origin: lost,
      isRenewal,
    };
  }

  /** The silence of a session that stalled counts against the time of its outage. */
  private silentSince(lost: SupervisedSession): number {
    return this.options.clock.now() - lost.silentMs;
  }

  /** Fails this session, because every provider has failed. */
  private fail(lost: SupervisedSession, error: TandemError): void {
    this.finish(lost);
    if (this.state.name === 'closed') return;
    this.close();
    this.options.session.listener({ type: 'failed', error });
  }

  /** Sends the owner the missing end events of what the lost session began. */
  private finish(lost: SupervisedSession): void {
    for (const event of lost.turnState.abandoned()) this.emit(event);
  }

  private reopen(provider: VoiceProvider, outage: Outage): void {
    if (this.state.name === 'closed') return;
    const [greeting, answersLast] = this.opening(provider, outage.origin);
    const cause = outage.isRenewal ? 'renewal' : provider === outage.origin.provider ? 'reconnect' : 'failover';
    const supervised = this.open(provider, cause, greeting, answersLast, outage);
    this.state = { name: 'opening', supervised, outage };
    // The next session hears what the caller has said so far, because that has neither an answer nor a text.
    this.caller.replayTo(supervised);
    for (const send of this.unanswered) send(supervised.session);
    // The next session is asked again what the lost one did not answer, without being told so.
    if (owesAnswer(outage.origin) && this.isAskedAgain) supervised.turnState.asked();
  }

  /**
   * Text and digits are sent again, and an utterance without text is replayed. The model answers those without being told.
   */
  private get isAskedAgain(): boolean {
    return this.unanswered.length > 0 || this.caller.replayBuffer.hasUtterance;
  }

  /** Decides how the next session begins: not with what the caller has heard already, nor with silence if they wait. */
  private opening(
    provider: VoiceProvider,
    lost: SupervisedSession,
  ): [greeting: string | undefined, answersLast: boolean] {
    const { session, lines } = this.options;
    const { turns } = session.conversation;
    const hasAsked = turns.some(({ speaker }) => speaker === 'caller');
    const { isMidAnswer } = lost.turnState;
    const callerWaits = owesAnswer(lost) && hasAsked && !this.isAskedAgain;
    if (!this.hasSpoken) return [session.greeting, session.answersLast || callerWaits];
    // A deaf session and a caller who made only a noise look the same. A model that has to speak shows which it was.
    if (provider !== lost.provider || isMidAnswer || lost.seemedDeaf) return [lines.takenOver, callerWaits];
    return [lost.unsaid, callerWaits];
  }

  // ── the gateway's own lines ──

  /** Prefers what a model of this call has spoken before, because that is the voice and the language of the call. */
  private async speakLine(text: string): Promise<Uint8Array | undefined> {
    const { keptLines, providers, speakLine } = this.options;
    for (const provider of providers) {
      const kept = keptLines.get(this.inVoice(provider, text));
      if (kept !== undefined) return kept;
    }
    return speakLine(text);
  }

  /** Has the model speak the line that covers its silence while all is well, if the gateway has no voice for it. */
  private async renderLine({ provider, session, wasHeard }: SupervisedSession): Promise<void> {
    const { keptLines, lines, speakLine } = this.options;
    const line = this.inVoice(provider, lines.oneMoment);
    if (session.render === undefined || !wasHeard || !keptLines.isWanted(line)) return;
    try {
      const own = await speakLine(line.text).catch(() => undefined);
      if (own === undefined || own.length === 0) keptLines.keep(line, await session.render(line.text));
    } catch {
      // The caller hears a tone in place of the line.
    }
  }

  private keep(text: string, mulaw: Uint8Array): void {
    const { supervised } = this;
    if (supervised !== undefined) this.options.keptLines.keep(this.inVoice(supervised.provider, text), mulaw);
  }

  private inVoice(provider: VoiceProvider, text: string): LineInVoice {
    const { language, wish } = this.options.session;
    return { provider: provider.name, voice: wish?.voices[provider.name], language, text };
  }

  private emit(event: VoiceEvent): void {
    if (event.type === 'response-done' && event.sayId !== undefined) this.hasLineFailed = event.status === 'failed';
    if (this.state.name !== 'closed') this.options.session.listener(event);
  }
}

function owesAnswer({ turnState: { obligation } }: SupervisedSession): boolean {
  return obligation !== 'none' && obligation !== 'speech';
}
