import type { PassOn, PassRefusal, VoiceEvent, VoiceProvider } from '../session.js';
import type { CallerState } from './caller-state.js';
import type { ConnectTimes } from './connect-times.js';
import type { ContinuousSessionOptions } from './continuous-options.js';
import { Passing } from './passing.js';
import type { Opening, SuccessionOwner } from './succession-owner.js';
import type { Live, PassingOn, State } from './succession-state.js';
import type { SupervisedSession } from './supervised-session.js';
import type { TurnState } from './turn-state.js';

export interface OtherAssistantOptions {
  /** What the assistant that talks to the caller needs. It changes when another one talks. */
  settings: ContinuousSessionOptions;
  caller: CallerState;
  owner: Pick<SuccessionOwner, 'onEvent' | 'onHandedOver' | 'passedOpening'>;
  connects: ConnectTimes;
  state: () => State;
  enter: (next: State) => void;
  /** Opens a session with the other assistant. */
  openFor: (provider: VoiceProvider, passing: Passing, opening: Opening) => SupervisedSession;
  /** Returns the state in which the caller talks to this session. */
  live: (supervised: SupervisedSession) => Live;
  /** Ends what the session has begun and will not end. */
  finish: (supervised: SupervisedSession) => void;
  /** Closes the session that was to renew this one. */
  dropSuccessor: () => void;
  /** The other assistant talks to the caller. */
  onPassed: (from: SupervisedSession, to: SupervisedSession) => void;
}

/** Opens the session of another assistant beside the one that talks, and goes back to this one if it cannot be reached. */
export class OtherAssistant {
  private readonly options: OtherAssistantOptions;
  /** Another assistant is wanted. It is opened once the caller has heard what is being said. */
  private wanted: Passing | undefined;

  constructor(options: OtherAssistantOptions) {
    this.options = options;
  }

  /** Another assistant is to talk to the caller. A second wish replaces the first. */
  passOn(passOn: PassOn): void {
    const { caller, settings } = this.options;
    const { breaker, clock, session, speakingFor } = settings;
    this.keepThisOne('left');
    this.wanted = new Passing({
      passOn,
      speaking: speakingFor({ ...session, ...passOn.to }),
      clock,
      breaker,
      hearing: () => ({
        isPlaying: session.conversation.isPlaying,
        isAnswering: this.turnState?.isAnswering === true,
        isCallerSpeaking: this.turnState?.isCallerSpeaking === true,
        isTextDue: caller.replayBuffer.hasUtterance,
      }),
      onDue: () => this.call(),
    });
  }

  /** Opens the session of the other assistant with its next provider. `kept`: the one that talks to the caller. */
  open(kept: Omit<Live, 'name'>, passing: Passing): void {
    const { enter, openFor, owner } = this.options;
    const provider = passing.nextProvider();
    if (provider === undefined) {
      this.keepThisOne('unreachable');
      return;
    }
    const next = openFor(provider, passing, owner.passedOpening(passing));
    const { outage, renewal, sinceMs, supervised } = kept;
    enter({ name: 'passing', outage, renewal, sinceMs, supervised, next, passing });
    owner.onHandedOver(next);
  }

  /** Called with the events of both sessions while the other assistant's is being opened. */
  onEvent(state: PassingOn, supervised: SupervisedSession, event: VoiceEvent): void {
    if (supervised === state.next && event.type === 'ready') this.onReady(state);
    else if (supervised === state.supervised) this.onKeptEvent(supervised, event);
  }

  /** The assistant that talks to the caller continues. It hears what the caller has said meanwhile. */
  keepThisOne(why: PassRefusal): void {
    const { caller, connects, enter, owner } = this.options;
    const { wanted } = this;
    const state = this.options.state();
    this.wanted = undefined;
    if (state.name === 'passing') {
      const { next, passing: _, ...live } = state;
      next.close();
      connects.dropped(next);
      enter({ ...live, name: 'live' });
      state.renewal.again('interrupted');
      owner.onHandedOver(state.supervised);
      caller.replayBuffer.forget();
    }
    wanted?.refused(why);
  }

  /** Forgets the other assistant without a word to anybody, because the call's session is closed. */
  end(): void {
    this.wanted?.end();
  }

  /** What the assistant that talks to the caller is doing. `undefined` if no session is open. */
  private get turnState(): TurnState | undefined {
    const state = this.options.state();
    return 'supervised' in state ? state.supervised.turnState : undefined;
  }

  /** This one hears nothing from now on: what the caller says is for the other one. */
  private call(): void {
    const { caller, dropSuccessor, finish } = this.options;
    dropSuccessor();
    const { wanted } = this;
    const state = this.options.state();
    if (wanted === undefined) return;
    if (state.name !== 'live' || !wanted.mayBegin) {
      this.keepThisOne(state.name === 'live' ? 'left' : 'lost');
      return;
    }
    const { supervised } = state;
    // What is still being said ends here, and nothing more of it reaches the caller.
    if (supervised.turnState.isAnswering) supervised.session.cancel();
    finish(supervised);
    caller.unheard();
    caller.deadAir.begin();
    wanted.limit(() => this.keepThisOne('unreachable'));
    this.open(state, wanted);
  }

  private onKeptEvent(supervised: SupervisedSession, event: VoiceEvent): void {
    if (event.type === 'usage') this.options.owner.onEvent(supervised, event);
    // Every call has an answer. What the model says to it is not heard.
    if (event.type !== 'tool-call') return;
    supervised.turnState.toolAnswered(event.toolCallId);
    supervised.session.sendToolResult(event.toolCallId, { error: 'The caller is being passed on.' });
  }

  private onReady({ next, passing, renewal, supervised }: PassingOn): void {
    const { caller, connects, enter, live, onPassed, settings } = this.options;
    connects.settled(next);
    settings.breaker.worked(next.provider.name);
    renewal.stop();
    supervised.close();
    this.wanted = undefined;
    Object.assign(settings, passing.speaking);
    enter(live(next));
    if (!caller.replayBuffer.hasUtterance) caller.updateWait();
    caller.replayBuffer.forget();
    onPassed(supervised, next);
    passing.passed();
  }
}
