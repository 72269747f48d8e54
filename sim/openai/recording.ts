import type { IncomingHttpHeaders } from 'node:http';
import { type Item, textOf } from './items.js';

/** A client event as received. `audio` of an append is replaced by its length in characters. */
export interface RecordedEvent {
  /** Milliseconds since the session was opened. */
  atMs: number;
  event: Record<string, unknown>;
}

/** What the model remembers of one item. */
export interface Memory {
  itemId: string;
  role: 'system' | 'user' | 'assistant' | 'tool';
  text: string;
}

/** Everything that a test can ask about a session: what it received, sent and remembers. */
export interface SessionRecord {
  readonly headers: IncomingHttpHeaders;
  readonly model: string;
  /** Time of the start on the simulator's clock. */
  readonly startedMs: number;
  readonly events: readonly RecordedEvent[];
  /** Types of everything sent to the client, in order. */
  readonly sent: readonly { atMs: number; type: string }[];
  /** Errors sent to the client. */
  readonly errors: readonly { code: string | null; message: string; eventId: string | null }[];
  readonly truncations: readonly { itemId: string; audioEndMs: number }[];
  /** All audio of the caller, as mu-law at 8 kHz. */
  readonly callerAudio: Uint8Array;
  readonly items: readonly Item[];
  /** The conversation as the model remembers it now. After a truncation, words that were never heard are gone. */
  readonly memory: readonly Memory[];
  readonly closed: { code: number; reason: string; by: 'server' | 'client' } | undefined;
}

export function memoryOf(items: readonly Item[]): Memory[] {
  return items.map((item) => ({
    itemId: item.id,
    role: item.type === 'message' ? item.role : item.type === 'function_call' ? 'assistant' : 'tool',
    text: textOf(item).trim(),
  }));
}
