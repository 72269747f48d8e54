import { z } from 'zod';

// What an event of a call must look like, as docs/build/call-events.md says. Nothing else may be in it.

const time = z.iso.datetime();
const text = z.string().min(1);
const handoverId = text.nullable();

const call = z.strictObject({
  call_sid: z.string().regex(/^CA[0-9a-f]{32}$/),
  conversation_id: text,
  direction: z.enum(['inbound', 'outbound']),
  from: z.string(),
  to: z.string(),
  started_at: time,
});

function event<const Type extends string, Data extends z.ZodRawShape>(type: Type, data: Data) {
  return z.strictObject({
    id: text,
    type: z.literal(type),
    created: time,
    sequence: z.int().positive(),
    call,
    data: z.strictObject(data),
  });
}

const turn = z.strictObject({ speaker: z.enum(['caller', 'assistant']), text: z.string(), interrupted: z.boolean() });

const FORM = z.discriminatedUnion('type', [
  event('call.started', { outbound_id: text.optional(), assistant: text.optional() }),
  event('call.refused', { reason: text, to: z.enum(['human', 'nobody']) }),
  event('call.assistant', { kind: z.enum(['assistant', 'language']), from: text, to: text, language: text }),
  event('call.escalated', { trigger: text, reason: text }),
  event('call.handover', { outcome: text, handover_id: handoverId }),
  event('call.message', { kind: z.enum(['message', 'callback', 'voicemail']), message_id: text }),
  event('call.ended', {
    outcome: text,
    assistant: text.nullable(),
    ended_at: time,
    duration_seconds: z.int().nonnegative(),
    providers: z.array(z.strictObject({ name: text, seconds: z.number().nonnegative() })),
    tokens: z.strictObject({ input: z.int().nonnegative(), output: z.int().nonnegative() }),
    handover_id: handoverId,
    recording: z.strictObject({ sid: text, url: z.url() }).nullable(),
    transcript: z.array(turn).optional(),
  }),
]);

export type EventForm = z.infer<typeof FORM>;

/** Returns the event in a body that was parsed. `undefined` if it is none. */
export function eventOf(value: unknown): EventForm | undefined {
  const read = FORM.safeParse(value);
  return read.success ? read.data : undefined;
}

/** Whether a body that was parsed is the question of `npm run doctor`. */
export function isPing(value: unknown): boolean {
  return z.strictObject({ type: z.literal('ping') }).safeParse(value).success;
}
