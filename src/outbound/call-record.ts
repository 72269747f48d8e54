import { z } from 'zod';

/** How far a call has come, in Twilio's words (Twilio: API – Call resource, status). */
export type OutboundStatus =
  'queued' | 'initiated' | 'ringing' | 'in-progress' | 'completed' | 'busy' | 'no-answer' | 'failed' | 'canceled';

/** The order in which a call can come through them. Those of the end have the same rank. */
const RANKS: Readonly<Record<OutboundStatus, number>> = {
  queued: 0,
  initiated: 1,
  ringing: 2,
  'in-progress': 3,
  completed: 4,
  busy: 4,
  'no-answer': 4,
  failed: 4,
  canceled: 4,
};

const schema = z.object({
  id: z.string(),
  /** Of the request's body. */
  digest: z.string(),
  createdAtMs: z.number(),
  to: z.string(),
  from: z.string(),
  assistant: z.string().optional(),
  context: z.union([z.string(), z.record(z.string(), z.unknown())]).optional(),
  consent: z.object({ basis: z.string(), reference: z.string() }).optional(),
  machine: z.enum(['talk', 'message', 'hangup']),
  status: z.enum(Object.keys(RANKS) as [OutboundStatus, ...OutboundStatus[]]),
  /** Why the call failed before it rang. */
  reason: z.enum(['refused_by_twilio', 'lost']).optional(),
  twilioError: z.number().optional(),
  callSid: z.string().optional(),
  /** Twilio's word for what has answered. */
  answeredBy: z.string().optional(),
  isCancelWanted: z.boolean().optional(),
  endedAtMs: z.number().optional(),
  seconds: z.number().optional(),
});

/** A call that was asked for, as all instances share it for a day. */
export type CallRecord = z.output<typeof schema>;

export function readCallRecord(value: unknown): CallRecord | undefined {
  return value === undefined ? undefined : schema.parse(value);
}

export function isOutboundStatus(text: string): text is OutboundStatus {
  return Object.hasOwn(RANKS, text);
}

export function isFinal(status: OutboundStatus): boolean {
  return RANKS[status] === RANKS.completed;
}

/** Whether a call can be at `next` after `status`. Twilio's reports may come late and more than once. */
export function isLater(next: OutboundStatus, status: OutboundStatus): boolean {
  return RANKS[next] > RANKS[status];
}

/** Whether an answering machine has answered, as Twilio sees it. */
export function isMachine(answeredBy: string | undefined): boolean {
  return answeredBy?.startsWith('machine_') === true;
}
