import type { Assistant } from '../prompts/assistant.js';
import type { ChosenAssistant } from '../prompts/known-caller.js';
import type { Logger } from '../telemetry/log.js';
import type { Turn } from '../voice/history.js';
import type { CallContext } from './before-call.js';

/** What a call that the gateway makes is about. */
export interface OutboundFacts {
  /** Names the call to those who asked for it. Safe to log. */
  id: string;
  /** The assistant that was asked for. Absent: that of the number that calls. */
  assistant?: string | undefined;
  /** What the assistant is told of the call, as JSON. */
  context?: string | undefined;
  /** What follows if a machine answers. */
  machine: 'talk' | 'message' | 'hangup';
}

export type Chosen = ChosenAssistant;

/** Which assistant and which language were chosen during a call, and how often one was. */
export interface ChosenInCall extends Chosen {
  changes: number;
}

export const NOTHING_CHOSEN: ChosenInCall = { changes: 0 };

/**
 * Returns the assistant that talks on a call to this number, or on one that the gateway makes from it. `known`: before the call. `chosen`:
 * during it.
 */
export type AssistantFor = (
  ownNumber: string,
  outbound?: OutboundFacts,
  known?: CallContext,
  chosen?: Chosen,
) => Assistant;

/** What the parts of a call know about it: its identity, who answers it, and live views of its turns and its log. */
export interface CallFacts {
  callSid: string;
  conversationId: string;
  /** Milliseconds since the epoch. */
  startedAtMs: number;
  from: string;
  to: string;
  /** The one that talks to the caller. It changes during the call. */
  assistant: Assistant;
  /** What was chosen during the call in place of what it began with. */
  chosen: ChosenInCall;
  /** `undefined` if the caller has called. Otherwise `from` is the person called. */
  outbound?: OutboundFacts | undefined;
  /** What was known before the call was answered. */
  known?: CallContext | undefined;
  /** Absent if the call is not traced. */
  traceId?: string | undefined;
  turns: () => readonly Turn[];
  log: () => Logger;
}
