import type { Escalation, Reason, Trigger } from '../../escalation/escalation.js';
import type { PreparedHandover } from '../../handover/desk.js';
import type { JournalEntry, JournalExit, JournalState } from '../../journal/entry.js';
import type { VoiceWebhook } from '../../twilio/webhooks.js';
import type { Turn } from '../../voice/history.js';
import type { CallOutcome, CallState, ExitPlan, Parted, ResumeCause } from '../call-state.js';
import type { MediaSession } from '../media/media-session.js';

/** What a call knows of itself besides where it stands; it begins with it, here or on another instance. */
export interface CallSnapshot {
  callSid: string;
  conversationId: string;
  /** Milliseconds since the epoch. */
  startedAtMs: number;
  from: string;
  to: string;
  /** As heard. */
  turns: readonly Omit<Turn, 'itemId'>[];
  /** So often a broken stream was replaced. */
  resumes: number;
  /** So often nobody could be reached. */
  failedDials: number;
}

export function newSnapshot(webhook: VoiceWebhook, conversationId: string, startedAtMs: number): CallSnapshot {
  const { callSid, from, to } = webhook;
  return { callSid, conversationId, startedAtMs, from, to, turns: [], resumes: 0, failedDials: 0 };
}

export function snapshotOf(entry: JournalEntry): CallSnapshot {
  const { callSid, conversationId, dials, from, resumes, startedAtMs, to, turns } = entry;
  return { callSid, conversationId, startedAtMs, from, to, turns, resumes, failedDials: dials };
}

/**
 * What another instance is told of where the call stands. `wish`: the latest decision that a human is needed. `epochMs`: now.
 */
export function journalStateOf(
  state: CallState | Omit<Parted, 'expires'>,
  wish: Escalation,
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
      return { name: state.name, exit: exitFor(state, wish) };
    case 'redirecting':
    case 'dialling':
      return { name: 'dialling', ...optional('handover', handoverFor(state.prepared, epochMs + tokenLifeMs)) };
    case 'recording':
      return { name: 'recording' };
    case 'ended':
      return { name: 'ended', outcome: state.outcome };
  }
}

/** Milliseconds since the epoch: a caller who waits has heard nothing since then. Undefined: they do not wait. */
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

/** The wish of a caller whose handover was begun elsewhere. */
export function escalationOf(exit: JournalExit & { to: 'human' }): Escalation {
  const { reason, summary, trigger } = exit;
  return { trigger: trigger as Trigger, reason: reason as Reason, ...(summary === undefined ? {} : { summary }) };
}

/** The exit that another instance had decided on. */
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
