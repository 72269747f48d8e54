import { z } from 'zod';
import { clientItem } from './items.js';
import {
  audioFormat,
  maxOutputTokens,
  outputModalities,
  reasoning,
  toolChoice,
  tools,
  voice,
} from './session-schema.js';
import { check } from './zod-refusal.js';
import { type Checked, refused } from './wire.js';

const event_id = z.string().max(512).optional();
/** 16 pairs; keys up to 64 characters, values up to 512 (shared.d.ts, Metadata). */
const metadata = z
  .record(z.string().max(64), z.string().max(512))
  .refine((pairs) => Object.keys(pairs).length <= 16, { message: 'at most 16 pairs.' });

const responseParams = z.strictObject({
  instructions: z.string().optional(),
  conversation: z.enum(['auto', 'none']).optional(),
  input: z
    .array(z.union([z.strictObject({ type: z.literal('item_reference'), id: z.string() }), clientItem]))
    .optional(),
  metadata: metadata.nullable().optional(),
  output_modalities: outputModalities.optional(),
  audio: z
    .strictObject({
      output: z.strictObject({ format: audioFormat.optional(), voice: voice.optional() }).optional(),
    })
    .optional(),
  tools: tools.optional(),
  tool_choice: toolChoice.optional(),
  parallel_tool_calls: z.boolean().optional(),
  reasoning: reasoning.optional(),
  max_output_tokens: maxOutputTokens.optional(),
  prompt: z.looseObject({ id: z.string() }).nullable().optional(),
});
export type ResponseParams = z.infer<typeof responseParams>;

const SCHEMAS = {
  'session.update': z.strictObject({
    type: z.literal('session.update'),
    event_id,
    // Checked by the session, which knows its settings.
    session: z.looseObject({}),
  }),
  'input_audio_buffer.append': z.strictObject({
    type: z.literal('input_audio_buffer.append'),
    event_id,
    audio: z.string(),
  }),
  'input_audio_buffer.commit': z.strictObject({ type: z.literal('input_audio_buffer.commit'), event_id }),
  'input_audio_buffer.clear': z.strictObject({ type: z.literal('input_audio_buffer.clear'), event_id }),
  'conversation.item.create': z.strictObject({
    type: z.literal('conversation.item.create'),
    event_id,
    previous_item_id: z.string().nullable().optional(),
    item: clientItem,
  }),
  'conversation.item.delete': z.strictObject({
    type: z.literal('conversation.item.delete'),
    event_id,
    item_id: z.string(),
  }),
  'conversation.item.retrieve': z.strictObject({
    type: z.literal('conversation.item.retrieve'),
    event_id,
    item_id: z.string(),
  }),
  'conversation.item.truncate': z.strictObject({
    type: z.literal('conversation.item.truncate'),
    event_id,
    item_id: z.string(),
    content_index: z.int().min(0),
    audio_end_ms: z.int().min(0),
  }),
  'response.create': z.strictObject({
    type: z.literal('response.create'),
    event_id,
    response: responseParams.nullable().optional(),
  }),
  'response.cancel': z.strictObject({
    type: z.literal('response.cancel'),
    event_id,
    response_id: z.string().nullable().optional(),
  }),
};

type EventType = keyof typeof SCHEMAS;
export type ClientEvent = { [T in EventType]: z.infer<(typeof SCHEMAS)[T]> }[EventType];

/** Checks a parsed JSON message. Returns the client event, or the service's error. */
export function readClientEvent(raw: unknown): Checked<ClientEvent> {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    return refused('invalid_event', 'The event is not a JSON object.');
  const type = (raw as { type?: unknown }).type;
  if (type === undefined) return refused('missing_required_parameter', "Missing required parameter: 'type'.", 'type');
  if (typeof type !== 'string' || !Object.hasOwn(SCHEMAS, type)) {
    const known = Object.keys(SCHEMAS).map((name) => `'${name}'`);
    const list = `${known.slice(0, -1).join(', ')}, and ${known.at(-1)}`;
    return refused(
      'invalid_value',
      `Invalid value: '${typeof type === 'string' ? type : JSON.stringify(type)}'. Supported values are: ${list}.`,
      'type',
    );
  }
  if (type === 'input_audio_buffer.append' && isPlainAppend(raw)) return { ok: true, value: raw };
  return check<ClientEvent>(SCHEMAS[type as EventType] as z.ZodType<ClientEvent>, raw);
}

/** Checks the most frequent event by hand, because the schema would cost more time. */
function isPlainAppend(raw: object): raw is Extract<ClientEvent, { type: 'input_audio_buffer.append' }> {
  return Object.keys(raw).length === 2 && typeof (raw as { audio?: unknown }).audio === 'string';
}
