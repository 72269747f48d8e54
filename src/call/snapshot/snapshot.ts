import type { Escalation, Reason, Trigger } from '../../escalation/escalation.js';
import type { PreparedHandover } from '../../handover/desk.js';
import type { JournalEntry, JournalExit, JournalState, JournalTrace } from '../../journal/entry.js';
import type { VoiceWebhook } from '../../twilio/webhooks.js';
import type { Turn } from '../../voice/history.js';
import type { OutboundFacts } from '../call-facts.js';
import type { CallOutcome, CallState, ExitPlan, Parted, ResumeCause } from '../call-state.js';
import type { MediaSession } from '../media/media-session.js';

/** What a call knows about itself besides its state. A call begins with this, here or on another instance. */
export interface CallSnapshot {
  callSid: string;
  conversationId: string;
  /** Milliseconds since the epoch. */
  startedAtMs: number;
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
  /** `undefined` if no instance has traced it. */
  trace?: JournalTrace | undefined;
}

export function newSnapshot(
  webhook: VoiceWebhook,
  conversationId: string,
  startedAtMs: number,
  outbound: OutboundFacts | undefined,
): CallSnapshot {
  const { callSid, from, to } = webhook;
  return { callSid, conversationId, startedAtMs, from, to, turns: [], resumes: 0, failedDials: 0, outbound };
}

export function snapshotOf(entry: JournalEntry): CallSnapshot {
  const { callSid, conversationId, dials, from, outbound, resumes, startedAtMs, to, trace, turns } = entry;
  return { callSid, conversationId, startedAtMs, from, to, turns, resumes, failedDials: dials, outbound, trace };
}

/**
 * Returns the state of the call in the journal's form. `escalation` is the latest one, `epochMs` is now, and `tokenLifeMs` is how
 * long a token opens its record.
 */
export function journalStateOf(
  state: CallState | Omit<Parted, 'expires'>,
  escalation: Escalation,
  epochMs: number,
  tokenLifeMs: number,
): JournalState {
  switch (state.name) {
    case 'ringing':
      return {
        name: 'ringing',
        streamToken: state.streamToken,
        ...optional('opening', state.opening),
        ...optional('quietSinceMs', state.quietSinceMs),
      };
    case 'talking':
      return { name: 'talking', ...optional('quietSinceMs', quietSince(state.media, epochMs)) };
    case 'leaving':
    case 'parted':
      return { name: state.name, exit: exitFor(state, escalation) };
    case 'redirecting':
    case 'dialling':
      return {
        name: 'dialling',
        ...optional('handover', handoverFor(state.prepared, epochMs + tokenLifeMs)),
        ...optional('legSeconds', 'legSeconds' in state ? state.legSeconds : undefined),
        ...optional('lastLegSid', 'lastLegSid' in state && state.lastLegSid !== '' ? state.lastLegSid : undefined),
        ...optional('isWhispered', state.isWhispered ? true : undefined),
      };
    case 'recording':
      return { name: 'recording' };
    case 'ended':
      return { name: 'ended', outcome: state.outcome, ...optional('announce', state.announce) };
  }
}

/** Returns the epoch milliseconds since which a waiting caller has heard nothing. `undefined` if the caller does not wait. */
export function quietSince({ session }: MediaSession, epochMs: number): number | undefined {
  const waitsMs = session.callerWaitsMs ?? 0;
  return waitsMs > 0 ? Math.round(epochMs - waitsMs) : undefined;
}

function exitFor({ announce, exit }: ExitPlan, { reason, summary, trigger }: Escalation): JournalExit {
  switch (exit.to) {
    case 'human':
      return { to: 'human', trigger, reason, ...optional('summary', summary), ...optional('announce', announce) };
    case 'assistant':
      return {
        to: 'assistant',
        cause: exit.cause,
        ...optional('opening', exit.opening),
        ...optional('quietSinceMs', exit.quietSinceMs),
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

function optional<Name extends string, Value>(name: Name, value: Value | undefined): { [Each in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [Each in Name]?: Value });
}

/** Returns the escalation of a handover that another instance began. */
export function escalationOf(exit: JournalExit & { to: 'human' }): Escalation {
  const { reason, summary, trigger } = exit;
  return { trigger: trigger as Trigger, reason: reason as Reason, ...(summary === undefined ? {} : { summary }) };
}

/** Returns the exit that another instance had decided on. */
export function planOf(exit: Exclude<JournalExit, { to: 'human' }>): ExitPlan {
  switch (exit.to) {
    case 'assistant': {
      const { opening, quietSinceMs } = exit;
      const cause = exit.cause as ResumeCause;
      return {
        exit: { to: 'assistant', cause, opening, ...optional('quietSinceMs', quietSinceMs) },
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
