import type { Escalation } from '../escalation/escalation.js';
import type { CallbackKind } from '../handover/callbacks.js';
import type { Turn } from '../voice/history.js';
import type { ItemAsPlayed } from '../twilio/items-as-played.js';
import type { StreamEnd } from '../twilio/stream.js';
import type { SessionConnected } from '../voice/session.js';
import type { BriefingKey, CallOutcome, CallState, ResumeCause } from './call-state.js';
import type { Answered } from './media/latency-meter.js';

/**
 * What happens on a call, for listeners in this process ({@link CallEventListener}). Turns hold what was said, so they
 * may be shown on a screen but never logged.
 */
export type CallEvent =
  | ({ type: 'started' } & CallFactsAtStart)
  /** Twilio asks about a call that had ended on another instance. No other event of it comes from here. */
  | ({ type: 'ended-elsewhere' } & CallFactsAtStart)
  | { type: 'state'; callSid: string; state: CallState['name'] }
  | { type: 'stream-started'; callSid: string; streamSid: string }
  | { type: 'stream-ended'; callSid: string; streamSid: string; cause: StreamEnd }
  | ({ type: 'connected'; callSid: string } & SessionConnected)
  | { type: 'turn'; callSid: string; turn: Readonly<Turn> }
  /** The caller has spoken for `ms`, until now. */
  | { type: 'caller-speech'; callSid: string; ms: number }
  /** An item of the assistant is over, as the playback ledger has it. */
  | ({ type: 'model-speech'; callSid: string } & ItemAsPlayed)
  | { type: 'barge-in'; callSid: string }
  /** The first audio of an answer has been sent just now. */
  | ({ type: 'answered'; callSid: string } & Answered)
  /** The caller hears nothing and says nothing, for `forMs` so far. `undefined`: not any more. */
  | { type: 'quiet'; callSid: string; forMs: number | undefined }
  /** The model has called a tool. `name` is empty if there is no such tool. */
  | { type: 'tool'; callSid: string; name: string; toolCallId: string }
  /** The model has its answer. `fault`: why the tool failed, `undefined` if it did not. */
  | { type: 'tool-done'; callSid: string; toolCallId: string; fault: string | undefined }
  /** Another assistant, or the same one in another language (BCP 47), talks to the caller. `tookMs`: since the tool was called. */
  | {
      type: 'assistant';
      callSid: string;
      kind: 'assistant' | 'language';
      from: string;
      to: string;
      language: string;
      tookMs: number;
    }
  | { type: 'usage'; callSid: string; inputTokens: number; outputTokens: number }
  | ({ type: 'seam'; callSid: string } & Seam)
  | { type: 'escalated'; callSid: string; escalation: Escalation }
  | { type: 'handover-prepared'; callSid: string; handoverId: string | undefined; tookMs?: number }
  /** The customer system has the handover, or not. May come after the end of the call. */
  | { type: 'crm-ended'; callSid: string; handoverId: string | undefined; outcome: string; tookMs: number }
  /** The called leg is given the token, of this many digits. */
  | { type: 'token-played'; callSid: string; digits: number }
  /** The called leg is told who calls, or the person there has pressed a key or none. */
  | { type: 'briefing'; callSid: string; step: 'spoken' | BriefingKey }
  /** `handoverId` is `undefined` for a dial without a record. */
  | { type: 'dialling'; callSid: string; number: string; handoverId: string | undefined }
  | { type: 'dial-ended'; callSid: string; outcome: string }
  | { type: 'message-kept'; callSid: string; kind: CallbackKind; callbackId: string }
  | { type: 'resumed'; callSid: string; cause: string }
  /** The call leaves this instance so that another one takes it over. */
  | { type: 'moving'; callSid: string }
  | { type: 'ended'; callSid: string; outcome: CallOutcome };

/** What the first event of a call tells. */
export interface CallFactsAtStart extends StartedFacts {
  callSid: string;
  conversationId: string;
  from: string;
  to: string;
  /** `undefined` if the call is not traced. */
  trace?: TraceFacts | undefined;
  /** Returns the turns so far, also those on other instances. */
  history?: (() => readonly Turn[]) | undefined;
}

export type CallEventListener = (event: CallEvent) => void;

/** What a trace needs to know of a call from its start. */
export interface TraceFacts {
  /** The same on every instance. */
  id: string;
  /** Whether another instance has met a failure in this call. */
  isKept: boolean;
  /** Name of the assistant. */
  assistant: string | undefined;
  /** Number of streams that were replaced on other instances. */
  resumes: number;
  /** Default: inbound. */
  direction?: 'inbound' | 'outbound';
}

export interface StartedFacts {
  /** Milliseconds since the epoch, on whichever instance the call began. */
  startedAtMs: number;
  /** Name of the provider that answers first. */
  provider: string;
  /** Name of the assistant that talks. */
  assistant?: string;
  /** Number of turns that another instance has handled. */
  turns: number;
  /** The id of a call that the gateway makes. Then `from` is the person called. */
  outboundId?: string | undefined;
}

/**
 * Something was replaced under the call: the model's session (`from` and `to` are its providers) or the stream. `silenceMs`:
 * the longest silence of the caller there, as far as they were owed something.
 */
export type Seam =
  | { seam: 'renewal' | 'passed' | 'reconnect' | 'failover'; from: string; to: string; silenceMs: number }
  | { seam: 'resume'; cause: ResumeCause; silenceMs: number };
