import { z } from 'zod';

/** Of the form below. An instance that finds another one treats the entry as unreadable, so a field whose meaning changes needs a new number. */
export const ENTRY_VERSION = 1;

/** Longest entry as JSON, in bytes; beyond it the oldest turns go. About an hour and a half of talk. */
export const MAX_ENTRY_BYTES = 65_536;

const turn = z.object({
  speaker: z.enum(['caller', 'assistant']),
  /** As heard. */
  text: z.string(),
  interrupted: z.boolean(),
});

const handover = z.object({
  /** Safe to log. */
  handoverId: z.string(),
  /** 10 digits; secret until redeemed. Never log it. */
  token: z.string(),
  /** Milliseconds since the epoch. From then on the token opens nothing, and it is not given out of the journal. */
  expiresAtMs: z.number(),
});

/** What happens to the caller when the stream is over. */
const exit = z.discriminatedUnion('to', [
  z.object({
    to: z.literal('human'),
    /** What a record is prepared from when there is none yet. */
    trigger: z.string(),
    reason: z.string(),
    /** What the model itself said about the caller's wish. */
    summary: z.string().optional(),
    announce: z.string().optional(),
  }),
  z.object({
    to: z.literal('assistant'),
    cause: z.string(),
    /** Absent: the caller was not told that anything happens, and hears nothing of it. */
    opening: z.string().optional(),
    /** Milliseconds since the epoch: the caller has heard nothing since then. */
    quietSinceMs: z.number().optional(),
  }),
  z.object({ to: z.enum(['voicemail', 'callback']) }),
  z.object({ to: z.literal('nobody'), outcome: z.string(), announce: z.string().optional() }),
]);

/** Where the call stands, as far as another instance needs it to answer Twilio's next request. */
const stand = z.discriminatedUnion('name', [
  /** TwiML with a stream was given; whoever gets the stream admits it by this token and says `opening`. */
  z.object({
    name: z.literal('ringing'),
    streamToken: z.string(),
    opening: z.string().optional(),
    /** Milliseconds since the epoch: the caller has heard nothing since then. */
    quietSinceMs: z.number().optional(),
  }),
  z.object({
    name: z.literal('talking'),
    /** Milliseconds since the epoch: the caller waits since then and has heard nothing. Absent: they did not wait. */
    quietSinceMs: z.number().optional(),
  }),
  z.object({ name: z.literal('leaving'), exit }),
  z.object({ name: z.literal('parted'), exit }),
  z.object({ name: z.literal('dialling'), handover: handover.optional() }),
  /** Twilio records a voicemail. */
  z.object({ name: z.literal('recording') }),
  z.object({ name: z.literal('ended'), outcome: z.string() }),
]);

const entry = z.object({
  callSid: z.string(),
  conversationId: z.string(),
  from: z.string(),
  to: z.string(),
  /** Milliseconds since the epoch. */
  startedAtMs: z.number(),
  /** Names, as in the settings. */
  prompt: z.string(),
  provider: z.string(),
  turns: z.array(turn),
  /** How many turns before these are not kept. */
  turnsDropped: z.number(),
  /** So often a broken stream was replaced, and a human rung. */
  resumes: z.number(),
  dials: z.number(),
  stand,
});

/** What another instance needs to go on with a call. A snapshot: whoever notes one does not change it any more. */
export type JournalEntry = z.infer<typeof entry>;
export type JournalExit = z.infer<typeof exit>;
export type JournalState = z.infer<typeof stand>;

/** The JSON of `given`, without the oldest turns when it would be longer than `maxBytes`. */
export function serialize(given: JournalEntry, maxBytes = MAX_ENTRY_BYTES): Buffer {
  const whole = Buffer.from(JSON.stringify(given));
  if (whole.length <= maxBytes) return whole;
  const sizes = given.turns.map((turn) => Buffer.byteLength(JSON.stringify(turn)) + 1);
  let excess = whole.length + TURNS_DROPPED_GROWTH_BYTES - maxBytes;
  let dropped = 0;
  while (excess > 0 && dropped < sizes.length) excess -= sizes[dropped++] ?? 0;
  return Buffer.from(
    JSON.stringify({ ...given, turns: given.turns.slice(dropped), turnsDropped: given.turnsDropped + dropped }),
  );
}

/** `turnsDropped` itself gets longer. */
const TURNS_DROPPED_GROWTH_BYTES = 10;

/** An entry as another instance wrote it, without tokens that have expired by `epochMs`; undefined when it is none. */
export function deserialize(json: Buffer, epochMs: number): JournalEntry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json.toString('utf8'));
  } catch {
    return undefined;
  }
  const parsed = entry.safeParse(value);
  if (!parsed.success) return undefined;
  const { stand } = parsed.data;
  if (stand.name === 'dialling' && (stand.handover?.expiresAtMs ?? Infinity) <= epochMs) delete stand.handover;
  return parsed.data;
}

/** What is left of a call that is over: enough to answer a late request, and nothing anybody said. */
export function tombstone(given: JournalEntry, outcome: string): JournalEntry {
  return { ...given, from: '', to: '', turns: [], stand: { name: 'ended', outcome } };
}
