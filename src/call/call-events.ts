import type { Escalation } from '../escalation/escalation.js';
import type { CallbackKind } from '../handover/callbacks.js';
import type { HeardItem, Turn } from '../voice/history.js';
import type { CallOutcome } from './call-state.js';

/**
 * What happens on a call, for listeners in this process ({@link CallEventListener}). Turns hold what was said, so they
 * may be shown on a screen but never logged.
 */
export type CallEvent =
  | { type: 'started'; callSid: string; conversationId: string; from: string; to: string }
  | { type: 'stream-started'; callSid: string; streamSid: string }
  | { type: 'turn'; callSid: string; turn: Readonly<Turn> }
  /** A stretch of the assistant's speech is over, as the playback ledger has it. */
  | ({ type: 'model-speech'; callSid: string } & HeardItem)
  | { type: 'escalated'; callSid: string; escalation: Escalation }
  | { type: 'handover-prepared'; callSid: string; handoverId: string | undefined }
  /** `handoverId` is `undefined` for a dial without a record. */
  | { type: 'dialling'; callSid: string; number: string; handoverId: string | undefined }
  | { type: 'dial-ended'; callSid: string; outcome: string }
  | { type: 'message-kept'; callSid: string; kind: CallbackKind; callbackId: string }
  | { type: 'resumed'; callSid: string; cause: string }
  /** The call leaves this instance so that another one takes it over. */
  | { type: 'moving'; callSid: string }
  | { type: 'ended'; callSid: string; outcome: CallOutcome };

export type CallEventListener = (event: CallEvent) => void;
