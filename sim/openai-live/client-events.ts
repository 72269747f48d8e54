import { z } from 'zod';
import { check } from '../openai/zod-refusal.js';
import { type Checked, refused } from '../openai/wire.js';

const event_id = z.string().max(512).nullable().optional();

const append = <T extends string>(type: T) =>
  z.strictObject({
    type: z.literal(type),
    event_id,
    content: z.string().min(1),
    // Required, and null for the whole session.
    delegation_id: z.string().nullable(),
  });
const bare = <T extends string>(type: T) => z.strictObject({ type: z.literal(type), event_id });

const SCHEMAS = {
  // The settings are checked by the session.
  'session.start': z.strictObject({ type: z.literal('session.start'), event_id, session: z.looseObject({}) }),
  'session.update': z.strictObject({ type: z.literal('session.update'), event_id, session: z.looseObject({}) }),
  'session.input_audio.append': z.strictObject({
    type: z.literal('session.input_audio.append'),
    event_id,
    audio: z.string(),
  }),
  'session.input_audio.mute': bare('session.input_audio.mute'),
  'session.input_audio.unmute': bare('session.input_audio.unmute'),
  'session.instructions.append': append('session.instructions.append'),
  'session.thinking.append': append('session.thinking.append'),
  'session.commentary.append': append('session.commentary.append'),
  'response.item.create': z.strictObject({
    type: z.literal('response.item.create'),
    event_id,
    item: z.discriminatedUnion('type', [
      z.strictObject({
        type: z.literal('function_call_output'),
        call_id: z.string().min(1).max(64),
        output: z.string(),
        id: z.string().nullable().optional(),
        status: z.enum(['in_progress', 'completed', 'incomplete']).nullable().optional(),
      }),
      z.strictObject({
        type: z.literal('message'),
        role: z.literal('user'),
        content: z.array(z.strictObject({ type: z.literal('input_text'), text: z.string() })).min(1),
        status: z.enum(['in_progress', 'completed', 'incomplete']).optional(),
      }),
    ]),
  }),
  'response.create': bare('response.create'),
  'session.close': bare('session.close'),
};

type EventType = keyof typeof SCHEMAS;
export type LiveClientEvent = { [T in EventType]: z.infer<(typeof SCHEMAS)[T]> }[EventType];

/** Checks a parsed JSON message. Returns the client event, or the service's error. */
export function readClientEvent(raw: unknown): Checked<LiveClientEvent> {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    return refused('invalid_event', 'The event is not a JSON object.');
  const { type } = raw as { type?: unknown };
  if (type === undefined) return refused('missing_required_parameter', "Missing required parameter: 'type'.", 'type');
  if (typeof type !== 'string' || !Object.hasOwn(SCHEMAS, type))
    return refused(
      'invalid_value',
      `Invalid value: '${typeof type === 'string' ? type : JSON.stringify(type)}'.`,
      'type',
    );
  return check<LiveClientEvent>(SCHEMAS[type as EventType] as z.ZodType<LiveClientEvent>, raw);
}
