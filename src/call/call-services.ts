import type { EscalationRules } from '../escalation/rules.js';
import type { Journal } from '../journal/journal.js';
import type { Assistant } from '../prompts/assistant.js';
import type { Logger } from '../telemetry/log.js';
import type { AssistantTool } from '../voice/tools.js';
import type { PrivacyServices } from './call-privacy.js';
import type { DoNotCallList } from './stream/ringing.js';
import type { StreamServices } from './stream/stream-connector.js';
import type { DepartureServices } from './transfer/departure.js';

/** What every call of a gateway shares. */
export interface CallServices extends DepartureServices, StreamServices, PrivacyServices {
  log: Logger;
  /** `undefined` if the gateway makes no calls. */
  doNotCall: DoNotCallList | undefined;
  /** Returns the assistant's tools besides the built-in ones, for a call to or from this number that begins or goes on now. */
  tools: (assistant: Assistant, ownNumber: string) => readonly AssistantTool[];
  /** Which triggers transfer a call to an agent. */
  rules: EscalationRules;
  /** The key that asks for an agent. Empty if none does. */
  humanDigit: string;
  /** Maximum time a caller talks to the assistant. 0 means no limit. */
  maxCallMs: number;
  /** Whether the streams of this instance's calls always come to this instance. */
  streamsComeHere: boolean;
  /** An absolute URL as Twilio knows it. */
  url: (scheme: 'https' | 'wss', path: string) => string;
  /** Where the state of the calls is kept for other instances. */
  journal: Journal;
  /** How long a handover's token opens its record, in milliseconds. */
  tokenLifeMs: number;
  /** `undefined` if calls are not traced. */
  traces?: CallTraceIds | undefined;
}

/** What the calls ask and tell of their traces. */
export interface CallTraceIds {
  idFor: (callSid: string, startedAtMs: number) => string;
  /** Whether the trace is sent, as far as is known by now. */
  isKept: (callSid: string) => boolean;
  /** A stream was refused. `traceId`: what its token names, `undefined` if that is nothing. */
  streamRefused: (callSid: string, streamSid: string, traceId: string | undefined) => void;
}
