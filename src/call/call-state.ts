import type { Timer } from '../base/clock.js';
import type { Reach } from '../handover/agent-availability.js';
import type { PreparedHandover } from '../handover/desk.js';
import type { Verb } from '../twilio/twiml.js';
import type { MediaSession } from './media/media-session.js';
import type { PrewarmedSession } from './media/prewarmed-session.js';

/** How a call ended. A metric label: a closed set. */
export type CallOutcome =
  | 'handed_over'
  | 'caller_hung_up'
  | 'caller_silent'
  | 'completed'
  | 'no_human'
  | 'message_taken'
  | 'callback_promised'
  | 'refused_busy'
  /** Another instance goes on with it. */
  | 'moved'
  | 'abandoned';

/** What happens when the stream is over. */
export type Exit =
  | HumanExit
  | AssistantExit
  /** Twilio records what the caller has to say. */
  | { to: 'voicemail' }
  /** The caller is told that somebody will call back. */
  | { to: 'callback' }
  | NobodyExit;

export interface NobodyExit {
  to: 'nobody';
  outcome: CallOutcome;
  /** A line for TwiML to say because the voice session could not. */
  announce: string | undefined;
}

export interface AssistantExit {
  to: 'assistant';
  cause: ResumeCause;
  /** Undefined: the caller was told nothing and is to notice nothing. */
  opening: string | undefined;
  /** Milliseconds since the epoch: the caller has heard nothing since then, as far as is known. */
  quietSinceMs?: number | undefined;
}

export interface HumanExit {
  to: 'human';
  /** The token's record, written meanwhile; undefined when it could not be: the caller is dialled through without. */
  prepared: Promise<PreparedHandover | undefined>;
  /** Whether ringing makes sense; known by the time the goodbye was heard. */
  reach: Promise<CallReach>;
  /** A line for TwiML to say because the voice session could not. */
  announce: string | undefined;
}

export type CallReach = Reach | 'closed';

/** `instance_lost`: the process that had the call died. `moved`: it is being stopped and let go of the call in a pause. */
export type ResumeCause = 'stream_lost' | 'stream_refused' | 'dial_failed' | 'instance_lost' | 'moved';

/**
 * Where a call stands. Twilio runs the other half of this machine: whenever a stream or a dial is over it asks one of
 * our URLs what to do next, and the answer is computed from here.
 */
export type CallState =
  /** TwiML with a stream was given; the stream has not come yet. */
  | {
      name: 'ringing';
      streamToken: string;
      opening: string | undefined;
      /** Milliseconds since the epoch: the caller has heard nothing since then; undefined: unknown, or they only ring. */
      quietSinceMs: number | undefined;
      prewarmed: PrewarmedSession;
      expires: Timer;
    }
  | { name: 'talking'; media: MediaSession }
  /** The goodbye plays, while a handover is prepared if it is one; who talks over the end of the call is talked to on. */
  | { name: 'leaving'; media: MediaSession; exit: Exit }
  /** The stream is over; Twilio asks what now. */
  | { name: 'parted'; exit: Exit; expires: Timer }
  /**
   * Twilio is being told over REST to dial. The stream stays until Twilio stops it, so that the TwiML way is open when
   * Twilio refuses.
   */
  | {
      name: 'redirecting';
      media: MediaSession;
      exit: Exit;
      prepared: PreparedHandover | undefined;
      verbs: readonly Verb[];
      /** Twilio has stopped the stream: it took the change, or the caller is gone. */
      isStopped: boolean;
    }
  | Dialling
  /** Twilio records a voicemail. */
  | { name: 'recording'; verbs: readonly Verb[]; expires: Timer }
  | { name: 'ended'; outcome: CallOutcome };

export interface Dialling {
  name: 'dialling';
  prepared: PreparedHandover | undefined;
  verbs: readonly Verb[];
  /** Which way Twilio was told to dial: never both. */
  by: 'twiml' | 'rest';
  /** The called side was on the line this long, as Twilio says when that is over; undefined: not that we know. */
  legSeconds: number | undefined;
  expires: Timer;
}

const NEXT: Readonly<Record<CallState['name'], readonly CallState['name'][]>> = {
  ringing: ['ringing', 'talking', 'parted', 'ended'],
  talking: ['leaving', 'parted', 'ended'],
  leaving: ['talking', 'redirecting', 'parted', 'ended'],
  redirecting: ['redirecting', 'dialling', 'parted', 'ended'],
  parted: ['ringing', 'parted', 'dialling', 'recording', 'ended'],
  dialling: ['parted', 'dialling', 'ended'],
  recording: ['ended'],
  ended: [],
};

/**
 * The only way from one state to another: disposes of what the old state owned and the new one does not take over.
 * @throws Error when the step is not one the machine knows; that is a fault in the gateway.
 */
export function transition(from: CallState, to: CallState): CallState {
  if (!NEXT[from.name].includes(to.name)) throw new Error(`A call cannot go from ${from.name} to ${to.name}.`);
  switch (from.name) {
    case 'ringing':
      from.expires.cancel();
      if (to.name !== 'talking') from.prewarmed.close();
      break;
    case 'talking':
    case 'leaving':
    case 'redirecting':
      if (!('media' in to)) {
        from.media.health.close();
        from.media.playback.close();
        from.media.conversation.close();
        from.media.stream.close();
      }
      break;
    case 'parted':
    case 'recording':
      from.expires.cancel();
      break;
    case 'dialling':
      if (to.name !== 'dialling' || to.expires !== from.expires) from.expires.cancel();
      break;
    case 'ended':
      break;
  }
  return to;
}

/** Where one call stands, for the halves of the call that move it. */
export class CallStateMachine {
  private current: CallState | undefined;
  private readonly onEnter: () => void;

  /** `onEnter` is told of every step. */
  constructor(onEnter: () => void = () => undefined) {
    this.onEnter = onEnter;
  }

  get state(): CallState {
    if (this.current === undefined) throw new Error('The call has not begun.');
    return this.current;
  }

  /** A stream is open: somebody is being talked to. */
  get isLive(): boolean {
    return this.current !== undefined && 'media' in this.current;
  }

  /** See {@link transition}. */
  enter(state: CallState): void {
    this.current = this.current === undefined ? state : transition(this.current, state);
    this.onEnter();
  }
}
