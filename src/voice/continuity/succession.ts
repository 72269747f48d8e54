import type { AudioChunk } from '../../audio/chunk.js';
import type { TandemError } from '../../base/errors.js';
import type {
  PassOn,
  PassRefusal,
  SessionConnected,
  VoiceEvent,
  VoiceProvider,
  VoiceSessionOptions,
} from '../session.js';
import type { CallerState, CurrentSession } from './caller-state.js';
import { ConnectTimes } from './connect-times.js';
import type { ContinuousSessionOptions } from './continuous-options.js';
import { OtherAssistant } from './other-assistant.js';
import { type Outage, newOutage, unendedOutage } from './outage.js';
import { RenewalSchedule } from './renewal.js';
import type { Opening, SuccessionOwner } from './succession-owner.js';
import type { Live, Renewing, State } from './succession-state.js';
import { SupervisedSession } from './supervised-session.js';

/**
 * The sessions of a call, one after the other. A session near its model's time limit is renewed in a pause. A lost
 * session is reopened, or another provider takes over. The caller talks to one of them at a time, or to none.
 */
export class Succession {
  private readonly options: ContinuousSessionOptions;
  private readonly caller: CallerState;
  private readonly owner: SuccessionOwner;
  private readonly connects: ConnectTimes;
  private readonly other: OtherAssistant;
  private state: State;

  constructor(options: ContinuousSessionOptions, caller: CallerState, owner: SuccessionOwner) {
    this.options = options;
    this.caller = caller;
    this.owner = owner;
    const { breaker, clock, providers, session } = options;
    this.connects = new ConnectTimes(clock, (connected) => session.onChange?.({ type: 'connected', ...connected }));
    this.other = new OtherAssistant({
      settings: options,
      caller,
      owner,
      connects: this.connects,
      state: () => this.state,
      enter: (next) => {
        this.state = next;
      },
      openFor: (provider, { speaking }, opening) => this.open(provider, 'passed', opening, undefined, speaking.session),
      live: (supervised) => this.live(supervised, undefined),
      finish: (supervised) => this.finish(supervised),
      dropSuccessor: () => this.dropSuccessor(),
      onPassed: (from, to) => this.noteReplaced('passed', from, to),
    });
    const isFree = (provider: VoiceProvider): boolean => !breaker.isCooling(provider.name) && provider.isFull !== true;
    const first = providers.find(isFree) ?? providers[0];
    const cause = session.conversation.turns.length === 0 ? 'start' : 'resume';
    this.state = { name: 'opening', supervised: this.open(first, cause, session), outage: undefined };
  }

  /** Another assistant is to talk to the caller. A second wish replaces the first. */
  passOn(passOn: PassOn): void {
    this.other.passOn(passOn);
  }

  /** The assistant that talks to the caller continues. */
  keepThisOne(why: PassRefusal): void {
    this.other.keepThisOne(why);
  }

  get isClosed(): boolean {
    return this.state.name === 'closed';
  }

  /** The session the caller is talking to. */
  get supervised(): SupervisedSession | undefined {
    return 'supervised' in this.state ? this.state.supervised : undefined;
  }

  /** Whether the session of another assistant is being opened. */
  get isPassing(): boolean {
    return this.state.name === 'passing';
  }

  /** The session that gets what the caller says. */
  get listening(): SupervisedSession | undefined {
    return this.state.name === 'passing' ? this.state.next : this.supervised;
  }

  get current(): CurrentSession | undefined {
    const { state } = this;
    if (state.name === 'passing') return { supervised: state.next, isReady: false };
    return 'supervised' in state ? { supervised: state.supervised, isReady: state.name !== 'opening' } : undefined;
  }

  sendAudio(chunk: AudioChunk): void {
    const { state } = this;
    switch (state.name) {
      case 'renewing':
        state.supervised.session.sendAudio(chunk);
        state.next.session.sendAudio(chunk);
        return;
      case 'passing':
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

  close(): void {
    const { state } = this;
    this.state = { name: 'closed' };
    this.other.end();
    switch (state.name) {
      case 'opening':
        state.supervised.close();
        return;
      case 'waiting':
        state.timer.cancel();
        return;
      case 'renewing':
      case 'passing':
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

  private open(
    provider: VoiceProvider,
    cause: SessionConnected['cause'],
    { greeting, answersLast }: Opening,
    outage?: Outage,
    session: VoiceSessionOptions = this.options.session,
  ): SupervisedSession {
    const supervised = new SupervisedSession({
      afterDeafOne: outage?.origin.seemedDeaf === true,
      deadlineMs: outage?.failover.deadlineMs,
      quietLineMs: () => this.caller.quietLineMs,
      provider,
      session: { ...session, greeting, answersLast },
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
    if (state.name === 'passing') {
      this.other.onEvent(state, supervised, event);
      return;
    }
    if (supervised !== this.supervised) return;
    if (event.type === 'ready') {
      this.onReady(supervised);
      return;
    }
    // Otherwise the next session would answer again what it has heard, or know nothing of what is said now.
    if (event.type === 'response-started' && state.name === 'renewing' && state.takesOver !== 'at-once')
      this.dropSuccessor();
    this.owner.onEvent(supervised, event);
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
    if (outage !== undefined) this.noteReplaced('replaced', outage.origin, supervised);
    this.owner.onReady();
  }

  private noteReplaced(type: 'renewed' | 'replaced' | 'passed', from: SupervisedSession, to: SupervisedSession): void {
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
    const next = this.open(supervised.provider, 'renewal', { greeting: undefined, answersLast: false });
    this.state = { ...this.state, name: 'renewing', next, takesOver: 'in-pause' };
  }

  private onSuccessorReady(state: Renewing): void {
    const { next, renewal, supervised, takesOver } = state;
    this.connects.settled(next);
    const mayTakeOver = { 'in-pause': renewal.isPause, 'between-answers': renewal.isForceable, 'at-once': true };
    if (!mayTakeOver[takesOver]) {
      this.dropSuccessor();
      return;
    }
    renewal.stop();
    supervised.close();
    if (takesOver !== 'in-pause') this.finish(supervised);
    this.state = this.live(next, undefined);
    if (takesOver !== 'in-pause') this.caller.updateWait();
    this.options.report.onRenewed(next.provider.name);
    this.noteReplaced('renewed', supervised, next);
  }

  /** Closes the successor, because it knows nothing of what has just happened. Another is opened in the next pause. */
  dropSuccessor(why: 'interrupted' | 'refused' = 'interrupted'): void {
    const { state } = this;
    if (state.name !== 'renewing') return;
    state.next.close();
    this.connects.dropped(state.next);
    const { next: _, takesOver: __, ...live } = state;
    this.state = { ...live, name: 'live' };
    state.renewal.again(why);
  }

  /**
   * Renews without a pause. The next session hears what the caller is saying from its beginning. This one is kept until the next one
   * is ready: it may still speak when the service takes no new session.
   */
  private renewNow(supervised: SupervisedSession): void {
    const { state } = this;
    if (state.name === 'renewing') {
      state.next.close();
      this.connects.dropped(state.next);
    } else if (state.name !== 'live') return;
    const takesOver = state.renewal.isForceable ? 'between-answers' : 'at-once';
    const next = this.open(supervised.provider, 'renewal', this.owner.opening(supervised.provider, supervised));
    this.state = { ...state, name: 'renewing', next, takesOver };
    this.owner.onReopened(next, supervised);
  }

  // ── recovery ──

  private onLost(supervised: SupervisedSession, error: TandemError): void {
    const { state } = this;
    this.connects.settled(supervised, error.code);
    this.options.report.onLost(supervised.provider.name, error, this.options.session.conversationId);
    switch (state.name) {
      case 'passing':
        if (supervised === state.next) {
          this.other.open(state, state.passing);
          return;
        }
        state.next.close();
        this.connects.dropped(state.next);
        state.renewal.stop();
        this.recover(supervised, error, unendedOutage(state, this.options.clock.now()));
        this.other.keepThisOne('lost');
        return;
      case 'renewing':
        if (supervised === state.next) {
          this.dropSuccessor('refused');
          return;
        }
        state.next.close();
        state.renewal.stop();
        this.recover(supervised, error, unendedOutage(state, this.options.clock.now()));
        return;
      case 'live':
        state.renewal.stop();
        this.recover(supervised, error, unendedOutage(state, this.options.clock.now()));
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
    const { clock, report, session } = this.options;
    this.caller.unheard();
    this.noteLost();
    const outage = running ?? this.outageOf(lost);
    const step = outage.failover.next(error, clock.now());
    if (step === undefined) {
      this.finish(lost);
      if (!this.isClosed) this.owner.onFailed(error);
      return;
    }
    if (step.provider !== lost.provider)
      report.onFailover(lost.provider.name, step.provider.name, session.conversationId);
    const timer = clock.setTimer(step.delayMs, () => this.reopen(step.provider, outage));
    this.state = { name: 'waiting', timer };
    this.caller.deadAir.lost();
    this.finish(lost);
  }

  private outageOf(lost: SupervisedSession): Outage {
    return newOutage(this.options, lost, { hasTalked: this.owner.speaker === lost.provider.name });
  }

  private finish(lost: SupervisedSession): void {
    for (const event of lost.turnState.abandoned()) this.owner.onAbandoned(event);
  }

  private reopen(provider: VoiceProvider, outage: Outage): void {
    if (this.isClosed) return;
    const cause = provider === outage.origin.provider ? 'reconnect' : 'failover';
    const supervised = this.open(provider, cause, this.owner.opening(provider, outage.origin), outage);
    this.state = { name: 'opening', supervised, outage };
    this.owner.onReopened(supervised, outage.origin);
  }
}
