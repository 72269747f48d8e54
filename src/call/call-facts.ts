import type { Assistant } from '../prompts/assistant.js';
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

/** What the parts of a call know about it: its identity, who answers it, and live views of its turns and its log. */
export interface CallFacts {
  callSid: string;
  conversationId: string;
  /** Milliseconds since the epoch. */
  startedAtMs: number;
  from: string;
  to: string;
  assistant: Assistant;
  /** `undefined` if the caller has called. Otherwise `from` is the person called. */
  outbound?: OutboundFacts | undefined;
  /** What was known before the call was answered. */
  known?: CallContext | undefined;
  /** Absent if the call is not traced. */
  traceId?: string | undefined;
  turns: () => readonly Turn[];
  /** Returns where Twilio keeps the recording. Absent, or `undefined`, if there is none. */
  recording?: (() => { sid: string; url: string } | undefined) | undefined;
  log: () => Logger;
}
