import { type Checked, accepted, refused } from './wire.js';

/** A message of a client that is JSON, whatever it says. */
export interface ClientMessage {
  raw: unknown;
  /** The client's own id of its event. `undefined` if it has none. */
  eventId: string | undefined;
  /** The event as it is recorded: `audio` is replaced by its length in characters. */
  recorded: Record<string, unknown>;
}

export function readMessage(data: Buffer, isBinary: boolean): Checked<ClientMessage> {
  let raw: unknown;
  try {
    if (!isBinary) raw = JSON.parse(data.toString());
  } catch {
    raw = undefined;
  }
  if (raw === undefined) return refused('invalid_json', 'The message is not valid JSON in a text frame.');
  const recorded = { ...(raw as Record<string, unknown>) };
  if (typeof recorded['audio'] === 'string') recorded['audio'] = recorded['audio'].length;
  const id = typeof raw === 'object' && raw !== null ? (raw as { event_id?: unknown }).event_id : undefined;
  return accepted({ raw, recorded, eventId: typeof id === 'string' ? id : undefined });
}
