import { z } from 'zod';

/**
 * Version of the persisted form below. An instance treats an entry of another version as unreadable, so a field whose
 * meaning changes needs a new version.
 */
export const ENTRY_VERSION = 1;

/** Maximum size of an entry as JSON, about an hour and a half of talk. A longer entry loses its oldest turns. */
export const MAX_ENTRY_BYTES = 65_536;

const turn = z.object({
  speaker: z.enum(['caller', 'assistant']),
  /** What was heard; for an interrupted turn, only the part before the interruption. */
  text: z.string(),
  interrupted: z.boolean(),
});

const handover = z.object({
  /** Safe to log. */
  handoverId: z.string(),
  /** 10 digits; secret until redeemed. Never log it. */
  token: z.string(),
  /** Milliseconds since the epoch. From then on the token is void, and the journal does not hand it out. */
  expiresAtMs: z.number(),
});

/** What happens to the caller when the stream ends. */
const exit = z.discriminatedUnion('to', [
  z.object({
    to: z.literal('human'),
    /** The handover's record is prepared from this and the two fields below if there is none yet. */
    trigger: z.string(),
    reason: z.string(),
    /** The model's own summary of the caller's request. */
    summary: z.string().optional(),
    announce: z.string().optional(),
  }),
  z.object({
    to: z.literal('assistant'),
    cause: z.string(),
    /** Absent if the caller was told nothing and should notice nothing. */
    opening: z.string().optional(),
    /** Since when the caller has heard nothing, in milliseconds since the epoch. */
    quietSinceMs: z.number().optional(),
  }),
  z.object({ to: z.enum(['voicemail', 'callback']) }),
  z.object({ to: z.literal('nobody'), outcome: z.string(), announce: z.string().optional() }),
]);

/** The state of the call, as far as another instance needs it to answer Twilio's next request. */
const stand = z.discriminatedUnion('name', [
  /**
   * Twilio has the TwiML for a stream, and the stream is not open yet. The instance that receives the stream admits it by
   * `streamToken` and says `opening`.
   */
  z.object({
    name: z.literal('ringing'),
    streamToken: z.string(),
    opening: z.string().optional(),
    /** Since when the caller has heard nothing, in milliseconds since the epoch. */
    quietSinceMs: z.number().optional(),
  }),
  z.object({
    name: z.literal('talking'),
    /** Since when the caller waits in silence, in milliseconds since the epoch. Absent if the caller does not wait. */
    quietSinceMs: z.number().optional(),
  }),
  z.object({ name: z.literal('leaving'), exit }),
  z.object({ name: z.literal('parted'), exit }),
  z.object({
    name: z.literal('dialling'),
    handover: handover.optional(),
    /** Seconds the called leg was connected. Absent until Twilio has reported its end. */
    legSeconds: z.number().optional(),
    /** CallSid of the called leg of the dial before. */
    lastLegSid: z.string().optional(),
    /** Whether the called leg has been given the token, or the briefing. */
    isWhispered: z.boolean().optional(),
    /** What the person on the called leg is told, and what they have done. Absent if the leg gets the token. */
    briefing: z.object({ words: z.string(), key: z.string().optional() }).optional(),
  }),
  /** Twilio is recording a voicemail. */
  z.object({ name: z.literal('recording') }),
  z.object({
    name: z.literal('ended'),
    outcome: z.string(),
    /** The line of the gateway that Twilio was told to say last. If that answer was lost, Twilio asks again. */
    announce: z.string().optional(),
  }),
]);

const entry = z.object({
  callSid: z.string(),
  conversationId: z.string(),
  from: z.string(),
  to: z.string(),
  /** Milliseconds since the epoch, by the clock of the instance that answered the call. Part of ids, so it never changes. */
  startedAtMs: z.number(),
  /**
   * When this was written, in milliseconds since the epoch. All other times are by the same clock, but for `startedAtMs`.
   * Absent from entries of earlier versions.
   */
  writtenAtMs: z.number().optional(),
  /** How long the call had lasted by then. */
  lastedMs: z.number().min(0).optional(),
  /** The names of the prompt and the provider, as in the settings. */
  prompt: z.string(),
  provider: z.string(),
  turns: z.array(turn),
  /** Number of earlier turns that were dropped. */
  turnsDropped: z.int().min(0),
  /** Number of broken streams that were replaced. */
  resumes: z.number(),
  /** Number of dials to a human. */
  dials: z.number(),
  /** Present if the gateway has made the call. Then `from` is the person called. */
  outbound: z
    .object({
      id: z.string(),
      assistant: z.string().optional(),
      /** What the assistant is told of the call, as JSON. */
      context: z.string().optional(),
      machine: z.enum(['talk', 'message', 'hangup']),
    })
    .optional(),
  /** What a hook knew of the call before it was answered. Absent if there was nothing. */
  known: z
    .object({
      variables: z.record(z.string(), z.string()),
      assistant: z.string().optional(),
      language: z.string().optional(),
    })
    .optional(),
  /** Which assistant and which language were chosen during the call, and how often one was. Absent if none was. */
  chosen: z
    .object({
      assistant: z.string().optional(),
      language: z.string().optional(),
      changes: z.int().min(0),
    })
    .optional(),
  /** Absent if the call is not traced. */
  trace: z
    .object({
      id: z.string().regex(/^[0-9a-f]{32}$/),
      /** Whether something has failed, so that the trace is sent. Absent if not. */
      isKept: z.boolean().optional(),
    })
    .optional(),
  stand,
});

/** What another instance needs to take a call over. A snapshot that must not change after it was noted. */
export type JournalEntry = z.infer<typeof entry>;
export type JournalTrace = NonNullable<JournalEntry['trace']>;
export type JournalExit = z.infer<typeof exit>;
export type JournalState = z.infer<typeof stand>;

/** Maximum length of each text in an entry, so that one text cannot cost all turns. A longer text loses its end. */
const MAX_TEXT_CHARACTERS = 4000;
/** What the list of turns adds to an entry, and the digits by which `turnsDropped` grows. */
const LIST_BYTES = 25;

/**
 * Returns the JSON of `given`. Drops the oldest turns if it would be longer than `maxBytes`. Reads only the turns that it
 * keeps, because a long call is written every second while the assistant speaks.
 */
export function serialize(given: JournalEntry, maxBytes = MAX_ENTRY_BYTES): Buffer {
  const { turns, ...rest } = given;
  const kept: string[] = [];
  let leftBytes = maxBytes - LIST_BYTES - Buffer.byteLength(jsonOf(rest));
  for (let index = turns.length - 1; index >= 0; index--) {
    const json = jsonOf(turns[index]);
    leftBytes -= Buffer.byteLength(json) + 1;
    if (leftBytes < 0) break;
    kept.push(json);
  }
  const turnsDropped = given.turnsDropped + turns.length - kept.length;
  return Buffer.from(`${jsonOf({ ...rest, turnsDropped }).slice(0, -1)},"turns":[${kept.reverse().join(',')}]}`);
}

function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_name, field: unknown) =>
    typeof field === 'string' ? field.slice(0, MAX_TEXT_CHARACTERS) : field,
  );
}

/** Parses an entry. Its times are by the clock of its writer. Returns `undefined` if the entry is not valid. */
export function deserialize(json: Buffer): JournalEntry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json.toString('utf8'));
  } catch {
    return undefined;
  }
  const parsed = entry.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

/**
 * Returns what is kept of a call that is over: enough to answer a late request, without a word of the conversation. `announce` is
 * one of the gateway's own lines. The numbers are kept only if Twilio recorded a message, because its report of the recording may
 * come later, to any instance, and names no caller.
 */
export function tombstone(given: JournalEntry, outcome: string, announce?: string): JournalEntry {
  const numbers = given.stand.name === 'recording' ? {} : { from: '', to: '' };
  const stand = { name: 'ended' as const, outcome, ...(announce === undefined ? {} : { announce }) };
  const { known: _, ...rest } = given;
  return { ...rest, ...numbers, turns: [], stand };
}
