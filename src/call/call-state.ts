import type { Timer } from '../base/clock.js';
import type { Reach } from '../handover/agent-availability.js';
import type { PreparedHandover } from '../handover/desk.js';
import type { Verb } from '../twilio/twiml.js';
import type { AssistantTool } from '../voice/tools.js';
import type { MediaSession } from './media/media-session.js';
import type { PrewarmedSession } from './media/prewarmed-session.js';
import type { Goodbye } from './media/goodbye.js';
import type { LastListening } from './media/last-listening.js';

/** How a call ended. A metric label with a closed set of values. */
export type CallOutcome =
  | 'handed_over'
  | 'caller_hung_up'
  | 'caller_silent'
  | 'operator_hung_up'
  | 'completed'
  | 'no_human'
  | 'message_taken'
  | 'callback_promised'
  | 'refused_busy'
  /** The operator's hook did not want the call, which was not answered. */
  | 'refused_by_hook'
  /** A machine answered a call of the gateway's, and got a message. */
  | 'message_left'
  /** A machine answered a call of the gateway's, and the call ended. */
  | 'machine'
  /** Another instance has taken the call over. */
  | 'moved'
  | 'abandoned';

/** Where the call goes when its stream or its dial is over. */
export type Exit =
  | HumanExit
  | AssistantExit
  /** Twilio records a message. */
  | { to: 'voicemail' }
  /** Twilio promises the caller that the team will call back. */
  | { to: 'callback' }
  | NobodyExit;

export interface NobodyExit {
  to: 'nobody';
  outcome: CallOutcome;
}

export interface AssistantExit {
  to: 'assistant';
  cause: ResumeCause;
  /** The first line in the new stream. `undefined` if the caller must not notice that the stream changed. */
  opening: string | undefined;
  /** Since when the caller has heard nothing, as far as the gateway knows, by its monotonic clock. */
  quietSinceMs?: number | undefined;
}

export interface HumanExit {
  to: 'human';
  /**
   * The record that the token opens, written while the goodbye plays. Resolves with `undefined` if the record could not be
   * written: then the call is dialled without a token.
   */
  prepared: Promise<PreparedHandover | undefined>;
  /** Whether ringing makes sense. Resolves before the goodbye has been heard. */
  reach: Promise<CallReach>;
}

/** An exit with the line that TwiML says first. `announce` is `undefined` if the voice session has said it. */
export interface ExitPlan {
  exit: Exit;
  announce: string | undefined;
}

export type CallReach = Reach | 'closed';

/**
 * Why a call continues in a new stream. `instance_lost`: the process that held the call died. `moved`: a stopping process let
 * go of the call in a pause.
 */
export type ResumeCause = 'stream_lost' | 'stream_refused' | 'dial_failed' | 'instance_lost' | 'moved';

/**
 * The state of a call. Twilio runs the other half of this machine: whenever a stream or a dial is over, Twilio requests one of
 * our action URLs, and the answer is computed from this state.
 */
export type CallState = Ringing | Talking | Leaving | Parted | Redirecting | Dialling | Recording | Ended;

/** Twilio has the TwiML of a stream, and the stream has not come yet. */
export interface Ringing {
  name: 'ringing';
  streamToken: string;
  opening: string | undefined;
  /**
   * Since when the caller has heard nothing, by the monotonic clock. `undefined` if unknown, or if the call only rings.
   */
  quietSinceMs: number | undefined;
  prewarmed: PrewarmedSession;
  /** The tools that the session was told of, besides the built-in ones. */
  tools: readonly AssistantTool[];
  expires: Timer;
}

/** A stream is open. */
export interface Talking {
  name: 'talking';
  media: MediaSession;
}

/**
 * The goodbye is playing. For a handover, its record is being written meanwhile. If the call is to end without an agent, an
 * interruption takes it back to `talking`.
 */
export interface Leaving extends ExitPlan {
  name: 'leaving';
  media: MediaSession;
  /** The line of the gateway that is being spoken. `undefined` if the assistant has said goodbye itself. */
  goodbye: Goodbye | undefined;
  /** Listens to the caller after the last words. `undefined` if the call leaves for an agent. */
  listening: LastListening | undefined;
  /** Every provider has failed, so no model can continue if the caller wants to stay. */
  isVoiceLost: boolean;
}

/** The stream or the dial is over, and Twilio is about to request the next TwiML. */
export interface Parted extends ExitPlan {
  name: 'parted';
  expires: Timer;
}

/** What a person on a telephone is told before they are joined with the caller. */
export interface Briefing {
  /** Made from what is known by now. */
  words: string;
  /** What the person has done. `undefined` until then. */
  key: BriefingKey | undefined;
}

/** `no_key`: nobody has pressed a key, as a voicemail would not. */
export type BriefingKey = 'taken' | 'declined' | 'no_key';

/**
 * Twilio is being told over REST to dial. The stream stays open until Twilio stops it, so that the TwiML way remains if Twilio
 * refuses.
 */
export interface Redirecting extends ExitPlan {
  name: 'redirecting';
  media: MediaSession;
  prepared: PreparedHandover | undefined;
  verbs: readonly Verb[];
  /** Whether Twilio has stopped the stream: it took the change, or the caller hung up. */
  isStopped: boolean;
  /** Whether the called leg has been given the token, or the briefing. */
  isWhispered: boolean;
  /** `undefined` if the called leg gets the token. */
  briefing: Briefing | undefined;
  /** Resolves when the outcome of the REST request is known. */
  settled: Promise<void>;
}

/** Twilio runs a `<Dial>`. */
export interface Dialling {
  name: 'dialling';
  prepared: PreparedHandover | undefined;
  verbs: readonly Verb[];
  /** Which way Twilio was told to dial. Never both. */
  by: 'twiml' | 'rest';
  /** Whether the called leg has been given the token, or the briefing. */
  isWhispered: boolean;
  /** `undefined` if the called leg gets the token. */
  briefing: Briefing | undefined;
  /** Seconds the called leg was connected, from its status callback. `undefined` until that arrives. */
  legSeconds: number | undefined;
  /** CallSid of the called leg of the dial before. Empty if there was none. */
  lastLegSid: string;
  expires: Timer;
}

/** Twilio records a voicemail. */
export interface Recording {
  name: 'recording';
  verbs: readonly Verb[];
  expires: Timer;
}

export interface Ended {
  name: 'ended';
  outcome: CallOutcome;
  /** The last words that Twilio was told to say. If that answer was lost, Twilio asks again and gets them once more. */
  announce?: string | undefined;
}

const NEXT: Readonly<Record<CallState['name'], readonly CallState['name'][]>> = {
  ringing: ['ringing', 'talking', 'parted', 'ended'],
  talking: ['leaving', 'parted', 'ended'],
  leaving: ['talking', 'leaving', 'redirecting', 'parted', 'ended'],
  redirecting: ['redirecting', 'dialling', 'parted', 'ended'],
  parted: ['ringing', 'parted', 'dialling', 'recording', 'ended'],
  dialling: ['parted', 'dialling', 'ended'],
  recording: ['ended'],
  ended: [],
};

/**
 * The only way from one state to another. Disposes of what the old state owned and the new state does not take over.
 * @throws Error if the table above does not allow the step, which is a fault of the gateway.
 */
export function transition(from: CallState, to: CallState): CallState {
  if (!NEXT[from.name].includes(to.name)) throw new Error(`A call cannot go from ${from.name} to ${to.name}.`);
  if (from.name === 'leaving' && from.goodbye !== ('goodbye' in to ? to.goodbye : undefined)) from.goodbye?.cancel();
  if (from.name === 'leaving' && from.listening !== ('listening' in to ? to.listening : undefined)) {
    from.listening?.cancel();
  }
  if ('expires' in from && from.expires !== ('expires' in to ? to.expires : undefined)) from.expires.cancel();
  if (from.name === 'ringing' && to.name !== 'talking') from.prewarmed.close();
  if ('media' in from && !('media' in to)) {
    from.media.health.close();
    from.media.playback.close();
    from.media.conversation.close();
    from.media.stream.close();
  }
  return to;
}

/** Holds the state of one call, for the parts of the call that move it. */
export class CallStateMachine {
  private current: CallState | undefined;
  private readonly onEnter: (state: CallState) => void;
  private readonly onLive: (isLive: boolean) => void;

  /** `onEnter` is called after every step. `onLive` is called when a stream has opened or closed. */
  constructor({ onEnter, onLive }: { onEnter: (state: CallState) => void; onLive: (isLive: boolean) => void }) {
    this.onEnter = onEnter;
    this.onLive = onLive;
  }

  /** @throws Error if the call has no state yet. */
  get state(): CallState {
    if (this.current === undefined) throw new Error('The call has not begun.');
    return this.current;
  }

  /** Whether a stream is open. */
  get isLive(): boolean {
    return this.current !== undefined && 'media' in this.current;
  }

  /** Takes a step; see {@link transition}. */
  enter(state: CallState): void {
    const wasLive = this.isLive;
    this.current = this.current === undefined ? state : transition(this.current, state);
    if (wasLive !== this.isLive) this.onLive(this.isLive);
    this.onEnter(this.current);
  }
}
