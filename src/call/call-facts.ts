import type { Assistant } from '../prompts/assistant.js';
import type { Logger } from '../telemetry/log.js';
import type { Turn } from '../voice/history.js';

/** What the parts of a call know about it: its identity, who answers it, and live views of its turns and its log. */
export interface CallFacts {
  callSid: string;
  conversationId: string;
  /** Milliseconds since the epoch. */
  startedAtMs: number;
  from: string;
  to: string;
  assistant: Assistant;
  /** Absent if the call is not traced. */
  traceId?: string | undefined;
  turns: () => readonly Turn[];
  log: () => Logger;
}
