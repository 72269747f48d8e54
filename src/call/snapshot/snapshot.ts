import type { Clock } from '../../base/clock.js';
import type { Escalation, Reason, Trigger } from '../../escalation/escalation.js';
import type { PreparedHandover } from '../../handover/desk.js';
import type { JournalEntry, JournalExit, JournalState, JournalTrace } from '../../journal/entry.js';
import type { VoiceWebhook } from '../../twilio/webhooks.js';
import type { Turn } from '../../voice/history.js';
import type { CallContext } from '../before-call.js';
import { type ChosenInCall, NOTHING_CHOSEN, type OutboundFacts } from '../call-facts.js';
import type { Briefing, BriefingKey, CallOutcome, CallState, ExitPlan, Parted, ResumeCause } from '../call-state.js';
import type { MediaSession } from '../media/media-session.js';

/** What a call knows about itself besides its state. A call begins with this, here or on another instance. */
export interface CallSnapshot {
  callSid: string;
  conversationId: string;
  /** Milliseconds since the epoch, by the clock of the instance that answered the call. */
  startedAtMs: number;
  /** How long the call has lasted. */
  lastedMs: number;
  from: string;
  to: string;
  /** As the caller heard them. */
  turns: readonly Omit<Turn, 'itemId'>[];
  /** How many times a broken stream was replaced. */
  resumes: number;
  /** How many dials failed. */
  failedDials: number;
  /** `undefined` if the caller has called. */
  outbound: OutboundFacts | undefined;
  /** What was known before the call was answered. `undefined` if that was nothing. */
  known?: CallContext | undefined;
  chosen: ChosenInCall;
  /** `undefined` if no instance has traced it. */
  trace?: JournalTrace | undefined;
}

export function newSnapshot(
  webhook: VoiceWebhook,
  conversationId: string,
  startedAtMs: number,
  outbound: OutboundFacts | undefined,
  known: CallContext | undefined,
): CallSnapshot {
  const { callSid, from, to } = webhook;
  return {
    callSid,
    conversationId,
    startedAtMs,
    lastedMs: 0,
    from,
    to,
    turns: [],
    resumes: 0,
    failedDials: 0,
    outbound,
    known,
    chosen: NOTHING_CHOSEN,
  };
}

export function snapshotOf(entry: JournalEntry): CallSnapshot {
  // Entries of earlier versions do not say how long the call has lasted.
  const {
    callSid,
    chosen = NOTHING_CHOSEN,
    conversationId,
    dials,
    from,
    known,
    outbound,
    lastedMs = 0,
    resumes,
    startedAtMs,
    to,
    trace,
    turns,
  } = entry;
  return {
    callSid,
    conversationId,
    startedAtMs,
    lastedMs,
    from,
    to,
    turns,
    resumes,
    failedDials: dials,
    outbound,
    known,
    chosen,
    trace,
  };
}

/**
 * Returns the state of the call in the journal's form. `escalation` is the latest one, and `tokenLifeMs` is how long a token
 * opens its record. The journal's times are those of the wall clock, because no other instance has this monotonic one.
 */
export function journalStateOf(
  state: CallState | Omit<Parted, 'expires'>,
  escalation: Escalation,
  clock: Clock,
  tokenLifeMs: number,
): JournalState {
  const wall = wallTimeOf(clock);
  switch (state.name) {
    case 'ringing':
      return {
        name: 'ringing',
        streamToken: state.streamToken,
        ...optional('opening', state.opening),
        ...optional('quietSinceMs', wall(state.quietSinceMs)),
      };
    case 'talking':
      return { name: 'talking', ...optional('quietSinceMs', wall(quietSince(state.media, clock))) };
    case 'leaving':
    case 'parted':
      return { name: state.name, exit: exitFor(state, escalation, wall) };
    case 'redirecting':
    case 'dialling':
      return {
        name: 'dialling',
        ...optional('handover', handoverFor(state.prepared, clock.epochMs() + tokenLifeMs)),
        ...optional('legSeconds', 'legSeconds' in state ? state.legSeconds : undefined),
        ...optional('lastLegSid', 'lastLegSid' in state && state.lastLegSid !== '' ? state.lastLegSid : undefined),
        ...optional('isWhispered', state.isWhispered ? true : undefined),
        ...optional('briefing', briefingFor(state.briefing)),
      };
    case 'recording':
      return { name: 'recording' };
    case 'ended':
      return { name: 'ended', outcome: state.outcome, ...optional('announce', state.announce) };
  }
}

/** Returns since when a waiting caller has heard nothing, by the monotonic clock. `undefined` if the caller does not wait. */
export function quietSince({ session }: MediaSession, clock: Clock): number | undefined {
  const waitsMs = session.callerWaitsMs ?? 0;
  return waitsMs > 0 ? clock.now() - waitsMs : undefined;
}

/** Returns the wall-clock time of a moment of the monotonic clock. */
function wallTimeOf(clock: Clock): (ms: number | undefined) => number | undefined {
  return (ms) => (ms === undefined ? undefined : Math.round(clock.epochMs() - (clock.now() - ms)));
}

/** Returns the moment of the monotonic clock at which the wall clock said `epochMs`. No moment is in the future. */
export function momentOf(clock: Clock, epochMs: number | undefined): number | undefined {
  return epochMs === undefined ? undefined : clock.now() - Math.max(0, clock.epochMs() - epochMs);
}

function exitFor(
  { announce, exit }: ExitPlan,
  { reason, summary, trigger }: Escalation,
  wall: (ms: number | undefined) => number | undefined,
): JournalExit {
  switch (exit.to) {
    case 'human':
      return { to: 'human', trigger, reason, ...optional('summary', summary), ...optional('announce', announce) };
    case 'assistant':
      return {
        to: 'assistant',
        cause: exit.cause,
        ...optional('opening', exit.opening),
        ...optional('quietSinceMs', wall(exit.quietSinceMs)),
      };
    case 'voicemail':
    case 'callback':
      return { to: exit.to };
    case 'nobody':
      return { to: 'nobody', outcome: exit.outcome, ...optional('announce', announce) };
  }
}

function handoverFor(prepared: PreparedHandover | undefined, expiresAtMs: number) {
  return prepared === undefined ? undefined : { ...prepared, expiresAtMs };
}

function briefingFor(briefing: Briefing | undefined) {
  return briefing === undefined ? undefined : { words: briefing.words, ...optional('key', briefing.key) };
}

function optional<Name extends string, Value>(name: Name, value: Value | undefined): { [Each in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [Each in Name]?: Value });
}

/** Returns the briefing of a dial that another instance began. */
export function briefingIn(left: (JournalState & { name: 'dialling' })['briefing']): Briefing | undefined {
  return left === undefined ? undefined : { words: left.words, key: left.key as BriefingKey | undefined };
}

/** Returns the escalation of a handover that another instance began. */
export function escalationOf(exit: JournalExit & { to: 'human' }): Escalation {
  const { reason, summary, trigger } = exit;
  return { trigger: trigger as Trigger, reason: reason as Reason, ...(summary === undefined ? {} : { summary }) };
}

/** Returns the exit that another instance had decided on. */
export function planOf(exit: Exclude<JournalExit, { to: 'human' }>, clock: Clock): ExitPlan {
  switch (exit.to) {
    case 'assistant': {
      const { opening, quietSinceMs } = exit;
      const cause = exit.cause as ResumeCause;
      return {
        exit: { to: 'assistant', cause, opening, ...optional('quietSinceMs', momentOf(clock, quietSinceMs)) },
        announce: undefined,
      };
    }
    case 'voicemail':
    case 'callback':
      return { exit: { to: exit.to }, announce: undefined };
    case 'nobody':
      return { exit: { to: 'nobody', outcome: exit.outcome as CallOutcome }, announce: exit.announce };
  }
}
