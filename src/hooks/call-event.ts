/** What the operator's systems are told of a call. The form of docs/build/call-events.md. */
export interface ToldEvent {
  /** The same each time the event is sent. */
  id: string;
  type: 'call.started' | 'call.refused' | 'call.escalated' | 'call.handover' | 'call.message' | 'call.ended';
  /** When it happened, as ISO 8601. */
  created: string;
  /** Counts the events of one call, from 1. */
  sequence: number;
  call: ToldCall;
  data: Readonly<Record<string, unknown>>;
}

export interface ToldCall {
  call_sid: string;
  /** The same in the records of handovers. A call that was refused has one that is in no record. */
  conversation_id: string;
  direction: 'inbound' | 'outbound';
  /** As Twilio sends it. */
  from: string;
  to: string;
  started_at: string;
}

/** What is known of a call besides its events, on this instance and on those before it. */
export interface Tally {
  inputTokens: number;
  outputTokens: number;
  /** Milliseconds for which a session was open, by provider. */
  providerMs: Readonly<Record<string, number>>;
  handoverId?: string | undefined;
}

export const NO_TALLY: Tally = { inputTokens: 0, outputTokens: 0, providerMs: {} };

/** Returns what two instances know together. */
export function together(one: Tally, other: Tally): Tally {
  const providerMs: Record<string, number> = { ...one.providerMs };
  for (const [name, ms] of Object.entries(other.providerMs)) providerMs[name] = (providerMs[name] ?? 0) + ms;
  const handoverId = other.handoverId ?? one.handoverId;
  return {
    inputTokens: one.inputTokens + other.inputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    providerMs,
    ...(handoverId === undefined ? {} : { handoverId }),
  };
}
