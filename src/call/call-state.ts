import type { Timer } from '../clock.js';
import type { PreparedHandover } from '../handover/desk.js';
import type { Playback } from '../twilio/playback.js';
import type { TwilioStream } from '../twilio/stream.js';
import type { Verb } from '../twilio/twiml.js';
import type { Conversation } from './conversation.js';
import type { HeldSession } from './held-session.js';
import type { LineWatch } from './line-watch.js';

/** How a call ended. A metric label: a closed set. */
export type CallOutcome =
  'handed_over' | 'caller_hung_up' | 'caller_silent' | 'completed' | 'no_human' | 'refused_busy' | 'abandoned';

/** What happens when the stream is over. */
export type Exit =
  | {
      to: 'human';
      /** The token's record, written meanwhile; undefined when it could not be: the caller is dialled through without. */
      prepared: Promise<PreparedHandover | undefined>;
      /** A line for TwiML to say because the voice session could not. */
      announce: string | undefined;
    }
  | { to: 'assistant'; cause: ResumeCause; opening: string }
  | { to: 'nobody'; outcome: CallOutcome; announce: string | undefined };

export type ResumeCause = 'stream_lost' | 'stream_refused' | 'dial_failed';

/**
 * Where a call stands. Twilio runs the other half of this machine: whenever a stream or a dial is over it asks one of
 * our URLs what to do next, and the answer is computed from here.
 */
export type CallState =
  /** TwiML with a stream was given; the stream has not come yet. */
  | { name: 'ringing'; streamToken: string; held: HeldSession; expires: Timer }
  | { name: 'talking'; line: Line }
  /** The goodbye plays while the handover is prepared. */
  | { name: 'leaving'; line: Line; exit: Exit }
  /** The stream is over; Twilio asks what now. */
  | { name: 'parted'; exit: Exit; expires: Timer }
  | { name: 'dialling'; prepared: PreparedHandover | undefined; verbs: readonly Verb[]; expires: Timer }
  | { name: 'ended'; outcome: CallOutcome };

/** A stream with what is joined to it. */
export interface Line {
  stream: TwilioStream;
  playback: Playback;
  conversation: Conversation;
  watch: LineWatch;
}

const NEXT: Readonly<Record<CallState['name'], readonly CallState['name'][]>> = {
  ringing: ['ringing', 'talking', 'parted', 'dialling', 'ended'],
  talking: ['leaving', 'parted', 'ended'],
  leaving: ['parted', 'ended'],
  parted: ['ringing', 'dialling', 'ended'],
  dialling: ['ringing', 'dialling', 'ended'],
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
      if (to.name !== 'talking') from.held.close();
      break;
    case 'talking':
    case 'leaving':
      if (to.name !== 'leaving') {
        from.line.watch.close();
        from.line.playback.close();
        from.line.conversation.close();
        from.line.stream.close();
      }
      break;
    case 'parted':
    case 'dialling':
      from.expires.cancel();
      break;
    case 'ended':
      break;
  }
  return to;
}
