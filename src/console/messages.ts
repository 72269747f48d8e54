import type { OperatorAction } from '../call/registry.js';
import type { Trigger, Reason } from '../escalation/escalation.js';

// What the console sends, over HTTP, as events of a stream and over a WebSocket. Its pages use the same types.

/** One call, as a row of the list. All times in milliseconds. */
export interface CallRow {
  callSid: string;
  /** Name of the process that has the call. */
  instance: string;
  /** The gateway's name of the call's state, such as `talking`. */
  state: string;
  /** Name of the voice provider that speaks. */
  provider: string;
  /** Since the epoch. */
  startedAt: number;
  /** Since the epoch. Absent while the call lasts. */
  endedAt?: number;
  /** Who has called whom: `inbound` if the gateway was called, `outbound` if it has called. */
  direction: 'inbound' | 'outbound';
  /** The caller's number, and in an outbound call `to`, are masked unless transcripts are allowed. */
  from: string;
  to: string;
  turns: number;
  bargeIns: number;
  /** From the end of the caller's last speech to the first audio sent. `null` before the first answer. */
  lastTurnMs: number | null;
  /**
   * How long the caller has heard nothing and said nothing. 0 if that is not so; then it does not grow. Otherwise it is at
   * least 1 and grows, without another message.
   */
  quietForMs: number;
  /** The latest decision that a human is needed. `atMs`: since the call began. */
  escalation: null | { trigger: Trigger; reason: Reason; atMs: number };
  handoverId?: string;
  outcome?: string;
  /** Whether there is a tape of the call that the answering instance has on its disk. */
  tape: boolean;
  /** Present if the instance has not been heard of for ten seconds, so that the row may be wrong. */
  silent?: true;
}

/** The parts of an answer's latency that were measured, each as a time since the call began. */
export interface TurnLatency {
  speechStoppedMs: number;
  firstModelAudioMs: number;
  sentMs: number;
  /** When the first mark came back. Absent before. */
  heardMs?: number;
}

/**
 * What only the contact centre knows of a handover: how many digits it heard, what its Lambda said of the token, and the queue.
 * The simulated one tells it. Amazon Connect tells the gateway nothing.
 */
export type ContactStep =
  | { step: 'heard'; digits: number }
  | { step: 'lambda'; status: string }
  | { step: 'queue' | 'no-queue'; queue: string };

/** A closed set of kinds. Never a token, a digit or a key; words only if they are allowed. */
type EventOfKind =
  | { kind: 'state'; state: string }
  /** `atMs` is when the caller began to speak. */
  | { kind: 'caller-speech'; ms: number }
  /** `atMs` is when the caller began to hear the item. */
  | { kind: 'model-speech'; itemId: string; sentMs: number; heardMs: number }
  | { kind: 'barge-in' }
  /** `unheard`: the rest of an interrupted turn. Sent again with the same `id` when something of it changes. */
  | {
      kind: 'turn';
      itemId: string;
      speaker: 'caller' | 'assistant';
      text?: string;
      unheard?: string;
      interrupted: boolean;
      latency?: TurnLatency;
    }
  /** `name` is empty if the model called a tool that does not exist. */
  | { kind: 'tool'; name: string }
  | { kind: 'renewal'; provider: string; silenceMs: number }
  /** Another assistant talks, or the same one in another language. `silenceMs` follows when the caller has heard it. */
  | { kind: 'pass'; from: string; to: string; language: string; silenceMs?: number }
  | { kind: 'reconnect'; provider: string; silenceMs: number }
  | { kind: 'failover'; from: string; to: string; silenceMs: number }
  /** The call continues in another stream, on this instance. `silenceMs` follows when the caller has heard something on it. */
  | { kind: 'resume'; cause: string; instance: string; silenceMs?: number }
  | { kind: 'move' }
  | { kind: 'escalation'; trigger: Trigger; reason: Reason }
  /** `digits`: how many were played to the called leg. What only the contact centre knows comes from a simulated one alone. */
  | ({ kind: 'handover' } & (
      { step: 'record' | 'no-record' | 'dial' | 'briefed' | 'taken' } | { step: 'digits'; digits: number } | ContactStep
    ))
  | { kind: 'dial'; outcome: string }
  | { kind: 'agent'; step: string }
  /** `fault`: what the operator made fail, if the action is that. */
  | { kind: 'operator'; action: OperatorActionName; fault?: Fault }
  | { kind: 'log'; level: string; msg: string };

/** One event of a call. `id`: names it within the call; an event that is sent again replaces the one with its id. */
export type ConsoleEvent = { atMs: number; id: string } & EventOfKind;
/** An event without its place. */
export type NewEvent = EventOfKind;

export type OperatorActionName = OperatorAction['action'] | 'fault';

/** What an operator may ask of a call. A fault can only be asked of a simulated call. */
export type OperatorRequest = OperatorAction | { action: 'fault'; fault: Fault };

/** What can be made to fail under a simulated call, to see what happens then. */
export const FAULTS = [
  'model-reset',
  'model-stall',
  'stream-drop',
  'worker-kill',
  'journal-stop',
  'journal-start',
  'store-throttle',
  'connect-busy',
] as const;
export type Fault = (typeof FAULTS)[number];

/** `unknown`: no instance has the call. `impossible`: the call has gone too far for it. */
export type ActionResult = 'accepted' | 'unknown' | 'impossible';

export interface CallWithEvents {
  call: CallRow;
  events: ConsoleEvent[];
}

export interface CallLists {
  calls: CallRow[];
  /** The last that ended, newest first. */
  recent: CallRow[];
}

/** The answer to `GET session`. */
export interface SessionAnswer {
  csrf: string;
  phone: boolean;
  agent: boolean;
  transcripts: boolean;
  tapes: boolean;
  /** Whether the gateway makes calls, which the softphone can wait for. */
  outbound: boolean;
  /** What can be made to fail under a call here. Empty unless the carrier is simulated. */
  faults: readonly Fault[];
  /** Whether the visitor has logged in, and can log out. */
  login: boolean;
  /** How many instances are known. */
  instances: number;
  version: string;
}

/** The messages of a watcher, by name. `now` is since the epoch, and `total` the number of live calls. */
export interface WatchMessages {
  snapshot: { seq: number; now: number; calls: CallRow[]; total: number };
  batch: { seq: number; now: number; calls: CallRow[]; gone: string[]; total: number };
  timeline: { callSid: string; events: ConsoleEvent[] };
  bye: Record<string, never>;
}
