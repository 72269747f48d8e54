import type { AudioChunk } from '../../audio/chunk.js';
import type { Clock, Timer } from '../../base/clock.js';
import { TandemError } from '../../base/errors.js';
import type { HeardItem } from '../history.js';
import type {
  ContinuityLines,
  SummaryRequest,
  VoiceEvent,
  VoiceProvider,
  VoiceSession,
  VoiceSessionOptions,
} from '../session.js';
import type { SpeakLine } from '../spoken-line.js';
import { CallerState, type Listener } from './caller-state.js';
import type { ProviderBreaker } from './provider-breaker.js';
import { SupervisedSession } from './supervised-session.js';
import { FailoverPlan } from './failover-plan.js';
import { RenewalSchedule } from './renewal.js';
import { unsaid } from './turn-state.js';

/** What a session that goes on reports about the sessions under it. Labels of metrics are made from it. */
export interface ContinuityReport {
  onLost(provider: string, error: TandemError): void;
  onRenewed(provider: string): void;
  onFailover(from: string, to: string): void;
}

export interface ContinuousSessionOptions {
  session: VoiceSessionOptions;
  /** In the order of preference; at least one. */
  providers: readonly [VoiceProvider, ...VoiceProvider[]];
  health: ProviderBreaker;
  clock: Clock;
  lines: ContinuityLines;
  /** Speaks a line without any model; gives undefined when nothing on this machine can. */
  speakLine: SpeakLine;
  report: ContinuityReport;
}

/** A session that was ready for this long has ended the outage before it. */
const LASTING_MS = 10_000;

/** From the loss of a session until another one is ready. */
interface Outage {
  plan: FailoverPlan;
  /** The session that was talked to: what it owes the caller is what the next one begins with. */
  origin: SupervisedSession;
}

interface Live {
  name: 'live';
  leg: SupervisedSession;
  renewal: RenewalSchedule;
  /** The outage that this session ended, if it lasts. */
  outage: Outage | undefined;
  sinceMs: number;
}

type State =
  /** A session is being opened and there is no other; `outage` is set once one was lost. */
  | { name: 'opening'; leg: SupervisedSession; outage: Outage | undefined }
  /** The next try comes when the timer fires. */
  | { name: 'waiting'; timer: Timer }
  | Live
  /** The session goes on while its successor is being opened. */
  | (Omit<Live, 'name'> & { name: 'renewing'; next: SupervisedSession })
  | { name: 'closed' };

/**
 * A voice session that outlives the sessions of the models under it. One that comes near its model's limit is renewed
 * in a pause; one that is lost is opened again, or another model takes over, with the conversation as heard and the
 * caller's audio that nobody has answered. Its owner notices nothing of it, until nobody is left: then it fails.
 */
export class ContinuousSession implements VoiceSession {
  speaker: string | undefined;
  private readonly options: ContinuousSessionOptions;
  private readonly caller: CallerState;
  /** Before this session began the caller had heard nothing since then. */
  private readonly quietSinceMs: number;
  private state: State;
  private wasReady = false;
  /** The model has said something on this call: the greeting is not repeated. */
  private hasSpoken = false;
  /** The last line that was to be said came to nothing, or broke off: the next one is said without a model. */
  private hasLineFailed = false;
  /** What was asked in the caller's name and has no answer yet. */
  private unanswered: ((session: VoiceSession) => void)[] = [];

  constructor(options: ContinuousSessionOptions) {
    this.options = options;
    const { clock, health, lines, providers, session, speakLine } = options;
    this.caller = new CallerState({
      clock,
      isPlaying: () => session.conversation.isPlaying,
      speakLine,
      oneMoment: lines.oneMoment,
      emit: (event) => this.emit(event),
      listener: () => this.listener,
    });
    const isFree = (provider: VoiceProvider): boolean => !health.isCooling(provider.name) && provider.isFull !== true;
    const first = providers.find(isFree) ?? providers[0];
    const { answersLast, greeting } = session;
    // Until the first session is ready nobody else keeps what the caller says.
    this.caller.tail.keep();
    this.quietSinceMs = clock.now() - (session.callerWaitsMs ?? 0);
    if (greeting !== undefined || answersLast) this.caller.wait.begin(this.quietSinceMs);
    this.state = { name: 'opening', leg: this.open(first, greeting, answersLast), outage: undefined };
  }

  sendAudio(chunk: AudioChunk): void {
    this.caller.hear(chunk);
    const { state } = this;
    switch (state.name) {
      case 'renewing':
        state.leg.session.sendAudio(chunk);
        state.next.session.sendAudio(chunk);
        return;
      case 'live':
      case 'opening':
        state.leg.session.sendAudio(chunk);
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
      this.haveSaid(text, sayId);
      return;
    }
    void this.caller.ownVoice.say(text, sayId).then((isSaid) => {
      if (!isSaid) this.haveSaid(text, sayId);
    });
  }

  /** By the model that is talked to. */
  private haveSaid(text: string, sayId: string): void {
    const leg = this.leg;
    if (leg === undefined) {
      for (const event of unsaid(sayId)) this.emit(event);
      return;
    }
    this.dropSuccessor();
    leg.talk.saying(sayId);
    leg.session.say(text, sayId);
    leg.expectAnswer();
    // Where nothing was said at first, what the caller asked may have been lost before: they may have waited all along.
    this.caller.wait.begin(this.hasSpoken ? undefined : this.quietSinceMs);
  }

  cancel(): void {
    this.caller.waitsNoMore();
    this.leg?.talk.cancelled();
    this.leg?.session.cancel();
  }

  reportHeard(items: readonly HeardItem[]): void {
    this.leg?.session.reportHeard(items);
  }

  sendToolResult(toolCallId: string, output: unknown): void {
    const { leg } = this;
    // The session that asked is gone: the one that followed it asks again itself.
    if (leg?.talk.toolAnswered(toolCallId) !== true) return;
    leg.session.sendToolResult(toolCallId, output);
    leg.expectAnswer();
    this.caller.wait.begin();
  }

  get callerWaitsMs(): number {
    return this.caller.wait.quietMs;
  }

  /** By the model that is talked to; no other is opened for it. */
  summarize(request: SummaryRequest): Promise<string> {
    const written = this.leg?.session.summarize?.(request);
    return written ?? Promise.reject(new TandemError('VOICE_FAILED', 'There is no model that could write a summary.'));
  }

  close(): void {
    const { state } = this;
    this.state = { name: 'closed' };
    this.caller.waitsNoMore();
    this.caller.tail.forget();
    switch (state.name) {
      case 'opening':
        state.leg.close();
        return;
      case 'waiting':
        state.timer.cancel();
        return;
      case 'renewing':
        state.next.close();
        state.renewal.stop();
        state.leg.close();
        return;
      case 'live':
        state.renewal.stop();
        state.leg.close();
        return;
      case 'closed':
        return;
    }
  }

  /** The session that is talked to. */
  private get leg(): SupervisedSession | undefined {
    return 'leg' in this.state ? this.state.leg : undefined;
  }

  private get listener(): Listener | undefined {
    const { state } = this;
    return 'leg' in state ? { leg: state.leg, isReady: state.name !== 'opening' } : undefined;
  }

  /** Something that the model has to answer, in the caller's name. */
  private ask(send: (session: VoiceSession) => void): void {
    if (this.state.name === 'closed') return;
    this.unanswered.push(send);
    this.caller.wait.begin();
    const { leg } = this;
    if (leg === undefined) return;
    this.dropSuccessor();
    leg.talk.asked();
    send(leg.session);
    leg.expectAnswer();
  }

  private open(
    provider: VoiceProvider,
    greeting: string | undefined,
    answersLast: boolean,
    afterDeafOne = false,
  ): SupervisedSession {
    return new SupervisedSession({
      afterDeafOne,
      provider,
      session: { ...this.options.session, greeting, answersLast },
      clock: this.options.clock,
      listener: {
        onEvent: (leg, event) => this.onEvent(leg, event),
        onLost: (leg, error) => this.onLost(leg, error),
      },
    });
  }

  private onEvent(leg: SupervisedSession, event: VoiceEvent): void {
    const { state } = this;
    if (state.name === 'renewing' && leg === state.next) {
      if (event.type === 'ready') this.onSuccessorReady(state);
      return;
    }
    if (leg !== this.leg) return;
    switch (event.type) {
      case 'ready':
        this.onReady(leg);
        return;
      case 'caller-speech-started':
        this.caller.speechStarted();
        this.dropSuccessor();
        break;
      case 'caller-speech-stopped':
        this.caller.tail.utteranceEnded();
        break;
      case 'caller-text':
        if (event.final) this.caller.tail.forget();
        this.dropSuccessor();
        break;
      case 'audio':
        this.hasSpoken = true;
        this.speaker = leg.provider.name;
        this.unanswered = [];
        this.caller.answered();
        break;
      case 'response-done':
        // Answered: nobody needs to hear the question again, even if its text never came.
        if (event.status === 'completed' && !leg.talk.isCallerSpeaking) this.caller.tail.forget();
        break;
      default:
        break;
    }
    this.emit(event);
    if (event.type !== 'audio' && leg === this.leg) this.caller.judgeWait();
    if (state === this.state && state.name === 'live') state.renewal.check();
  }

  private onReady(leg: SupervisedSession): void {
    if (this.state.name !== 'opening') return;
    const { outage } = this.state;
    if (outage === undefined) this.options.health.worked(leg.provider.name);
    this.state = this.live(leg, outage);
    if (!this.caller.tail.hasUtterance) this.caller.judgeWait();
    this.caller.tail.forget();
    if (this.wasReady) return;
    this.wasReady = true;
    this.emit({ type: 'ready' });
  }

  private live(leg: SupervisedSession, outage: Outage | undefined): Live {
    return { name: 'live', leg, renewal: this.schedule(leg), outage, sinceMs: this.options.clock.now() };
  }

  // ── renewal ──

  private schedule(leg: SupervisedSession): RenewalSchedule {
    const { clock, session } = this.options;
    return new RenewalSchedule({
      clock,
      times: leg.provider.renewal,
      // A model may take a while to understand that an utterance is over.
      isPause: () => leg.talk.isPause && !session.conversation.isPlaying && !this.caller.tail.hasUtterance,
      isForceable: () => !leg.talk.isAnswering && !leg.talk.owes,
      onDue: () => this.renew(leg),
      onForced: () => this.renewNow(leg),
    });
  }

  /** In a pause: the next session is opened beside this one. */
  private renew(leg: SupervisedSession): void {
    if (this.state.name !== 'live' || this.state.leg !== leg) return;
    this.state = { ...this.state, name: 'renewing', next: this.open(leg.provider, undefined, false) };
  }

  private onSuccessorReady(state: State & { name: 'renewing' }): void {
    if (!state.renewal.isPause) {
      this.dropSuccessor();
      return;
    }
    state.renewal.stop();
    state.leg.close();
    this.state = this.live(state.next, undefined);
    this.options.report.onRenewed(state.next.provider.name);
  }

  /** Something happened that the next session does not know of: it is opened anew in the next pause. */
  private dropSuccessor(): void {
    const { state } = this;
    if (state.name !== 'renewing') return;
    state.next.close();
    const { next: _, ...live } = state;
    this.state = { ...live, name: 'live' };
    state.renewal.again();
  }

  /** No pause came in time: the caller goes on speaking to the next session, which hears it from its beginning. */
  private renewNow(leg: SupervisedSession): void {
    const { state } = this;
    if (state.name === 'renewing') state.next.close();
    else if (state.name !== 'live') return;
    leg.close();
    state.renewal.stop();
    this.caller.unheard();
    this.finish(leg);
    this.reopen(leg.provider, this.outageOf(leg));
    this.options.report.onRenewed(leg.provider.name);
  }

  // ── recovery ──

  private onLost(leg: SupervisedSession, error: TandemError): void {
    const { state } = this;
    this.options.report.onLost(leg.provider.name, error);
    switch (state.name) {
      case 'renewing':
        if (leg === state.next) {
          this.dropSuccessor();
          return;
        }
        state.next.close();
        state.renewal.stop();
        this.recover(leg, error, this.unended(state));
        return;
      case 'live':
        state.renewal.stop();
        this.recover(leg, error, this.unended(state));
        return;
      case 'opening':
        this.recover(leg, error, state.outage);
        return;
      case 'waiting':
      case 'closed':
        return;
    }
  }

  private recover(lost: SupervisedSession, error: TandemError, running: Outage | undefined): void {
    const { clock } = this.options;
    this.caller.unheard();
    const outage = running ?? this.outageOf(lost);
    const step = outage.plan.next(error, clock.now());
    if (step === undefined) {
      this.fail(lost, error);
      return;
    }
    if (step.provider !== lost.provider) this.options.report.onFailover(lost.provider.name, step.provider.name);
    const timer = clock.setTimer(step.delayMs, () => this.reopen(step.provider, outage));
    this.state = { name: 'waiting', timer };
    this.caller.wait.lost();
    this.finish(lost);
  }

  /** A session that is lost again at once has ended no outage: the same plan goes on, so that it comes to an end. */
  private unended({ leg, outage, sinceMs }: Pick<Live, 'leg' | 'outage' | 'sinceMs'>): Outage | undefined {
    const hasLasted = this.options.clock.now() - sinceMs >= LASTING_MS;
    if (outage === undefined || hasLasted) return undefined;
    return { plan: outage.plan, origin: leg };
  }

  private outageOf(lost: SupervisedSession): Outage {
    const { clock, health, providers } = this.options;
    return {
      plan: new FailoverPlan({ providers, health, lost: lost.provider, nowMs: clock.now() }),
      origin: lost,
    };
  }

  /** Nobody is left. */
  private fail(lost: SupervisedSession, error: TandemError): void {
    this.finish(lost);
    if (this.state.name === 'closed') return;
    this.close();
    this.options.session.listener({ type: 'failed', error });
  }

  /** Tells the owner the ends of what the lost session began. */
  private finish(lost: SupervisedSession): void {
    for (const event of lost.talk.abandoned()) this.emit(event);
  }

  private reopen(provider: VoiceProvider, outage: Outage): void {
    if (this.state.name === 'closed') return;
    const [greeting, answersLast] = this.opening(provider, outage.origin);
    const leg = this.open(provider, greeting, answersLast, outage.origin.seemedDeaf);
    this.state = { name: 'opening', leg, outage };
    // What the caller says has no answer yet, and no text: the next session hears it.
    this.caller.replayTo(leg);
    for (const send of this.unanswered) send(leg.session);
  }

  /** How the next session begins: never with what the caller has heard, and never with silence when they wait. */
  private opening(
    provider: VoiceProvider,
    lost: SupervisedSession,
  ): [greeting: string | undefined, answersLast: boolean] {
    const { session, lines } = this.options;
    const { turns } = session.conversation;
    const hasAsked = turns.some(({ speaker }) => speaker === 'caller');
    // Keys are asked again by themselves, and an utterance without words yet is heard again.
    const { isMidAnswer, owes } = lost.talk;
    const callerWaits =
      (owes || isMidAnswer) && hasAsked && this.unanswered.length === 0 && !this.caller.tail.hasUtterance;
    if (!this.hasSpoken) return [session.greeting, session.answersLast || callerWaits];
    if (provider !== lost.provider || isMidAnswer) return [lines.takenOver, callerWaits];
    return [lost.unsaid, callerWaits];
  }

  private emit(event: VoiceEvent): void {
    if (event.type === 'response-done' && event.sayId !== undefined) this.hasLineFailed = event.status === 'failed';
    if (this.state.name !== 'closed') this.options.session.listener(event);
  }
}
