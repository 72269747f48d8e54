import { z } from 'zod';
import { check } from '../openai/zod-refusal.js';
import { type Checked, refused } from '../openai/wire.js';

export const LIVE_MODELS = ['gpt-live-1'] as const;
/** Models of the Responses API that OpenAI's guides name as backends. */
export const BACKEND_MODELS = ['gpt-5.6-luna', 'gpt-5.6-terra', 'gpt-6-luna', 'gpt-6-sol'] as const;

/** As in resources/live/live.d.ts of the npm package openai 7.59.0. */
const VOICES = [
  'alloy',
  'ash',
  'ballad',
  'beacon',
  'bossa',
  'cedar',
  'cinder',
  'coral',
  'delta',
  'echo',
  'gleam',
  'marin',
  'meridian',
  'quartz',
  'ripple',
  'sage',
  'shida',
  'shimmer',
  'stone',
  'tempo',
  'verse',
  'vesper',
  'willow',
] as const;

/** Estimate of a text in English. The service's own count is not public. */
export const tokensOf = (text: string): number => Math.ceil(text.length / 4);

const liveFormat = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('audio/pcm'), rate: z.union([z.literal(16_000), z.literal(24_000)]) }),
  z.strictObject({ type: z.literal('audio/pcmu'), rate: z.literal(8000) }),
  z.strictObject({ type: z.literal('audio/pcma'), rate: z.literal(8000) }),
]);
export type LiveFormat = z.infer<typeof liveFormat>;

const functionTool = z.strictObject({
  type: z.literal('function'),
  name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  description: z.string().nullable().optional(),
  parameters: z.record(z.string(), z.unknown()).nullable().optional(),
  strict: z.boolean().nullable().optional(),
});

const responsesFields = {
  instructions: z.string().nullable().optional(),
  max_output_tokens: z.int().min(16).nullable().optional(),
  parallel_tool_calls: z.boolean().nullable().optional(),
  reasoning: z
    .strictObject({
      effort: z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh']).nullable().optional(),
      summary: z.enum(['concise', 'detailed', 'auto']).nullable().optional(),
    })
    .nullable()
    .optional(),
  service_tier: z.enum(['auto', 'default', 'flex', 'priority']).nullable().optional(),
  text: z
    .strictObject({ verbosity: z.enum(['low', 'medium', 'high']).nullable().optional() })
    .nullable()
    .optional(),
  tool_choice: z
    .union([z.enum(['auto', 'none', 'required']), z.strictObject({ type: z.literal('function'), name: z.string() })])
    .optional(),
  tools: z
    .array(z.discriminatedUnion('type', [functionTool, z.looseObject({ type: z.literal('web_search') })]))
    .optional(),
};
const delay = z.int().min(0).optional();
const delegation = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('client'), acknowledgement_delay_ms: delay }),
  z.strictObject({
    type: z.literal('responses'),
    acknowledgement_delay_ms: delay,
    responses: z.strictObject({ model: z.string().min(1), ...responsesFields }),
  }),
]);
const delegationUpdate = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('client'), acknowledgement_delay_ms: delay }),
  z.strictObject({
    type: z.literal('responses'),
    acknowledgement_delay_ms: delay,
    responses: z.strictObject({ model: z.string().min(1).optional(), ...responsesFields }).optional(),
  }),
]);

const own = { id: z.string().nullable().optional(), status: z.enum(['incomplete', 'completed']).nullable().optional() };
const said = z.strictObject({ type: z.literal('input_text').optional(), text: z.string() });
const answered = z.strictObject({ type: z.enum(['text', 'output_text']).optional(), text: z.string() });
const message = z.discriminatedUnion('role', [
  z.strictObject({
    type: z.literal('message').optional(),
    role: z.literal('developer'),
    content: z.tuple([said]),
    ...own,
  }),
  z.strictObject({ type: z.literal('message').optional(), role: z.literal('user'), content: z.tuple([said]), ...own }),
  z.strictObject({
    type: z.literal('message').optional(),
    role: z.literal('assistant'),
    content: z.tuple([answered]),
    ...own,
  }),
]);

const sessionSchema = z.strictObject({
  model: z.string(),
  instructions: z.string().nullable().optional(),
  audio: z
    .strictObject({
      format: liveFormat.optional(),
      output: z
        .strictObject({ voice: z.union([z.enum(VOICES), z.strictObject({ id: z.string() })]).optional() })
        .optional(),
    })
    .optional(),
  delegation: delegation.nullable().optional(),
  input: z.array(message).max(128).optional(),
  safety_identifier: z.string().nullable().optional(),
  store: z.boolean().optional(),
});
type GivenSettings = z.infer<typeof sessionSchema>;

const updateSchema = z.strictObject({ delegation: delegationUpdate.nullable().optional() });

/** The settings of a session with the service's defaults. */
export interface Settings extends Omit<GivenSettings, 'audio' | 'delegation'> {
  audio: { format: LiveFormat; output: { voice: string | { id: string } } };
  delegation: z.infer<typeof delegation>;
  input: NonNullable<GivenSettings['input']>;
  store: boolean;
}

const MAX_INSTRUCTION_TOKENS = 16_384;
const MAX_INPUT_TOKENS = 8192;

/** Checks the `session` of `session.start`. */
export function startSettings(raw: unknown, models: readonly string[]): Checked<Settings> {
  const checked = check(sessionSchema, raw, 'session');
  if (!checked.ok) return checked;
  const given = checked.value;
  if (!models.includes(given.model))
    return refused(
      'model_not_found',
      `The model '${given.model}' does not exist or you do not have access to it.`,
      'session.model',
    );
  if (tokensOf(given.instructions ?? '') > MAX_INSTRUCTION_TOKENS)
    return refused('string_above_max_length', 'The instructions are too long.', 'session.instructions');
  const texts = (given.input ?? []).map(({ content: [part] }) => part.text);
  if (tokensOf(texts.join('')) > MAX_INPUT_TOKENS)
    return refused('array_above_max_length', 'The history is too long.', 'session.input');
  return {
    ok: true,
    value: {
      ...given,
      audio: {
        format: given.audio?.format ?? { type: 'audio/pcm', rate: 24_000 },
        output: { voice: given.audio?.output?.voice ?? 'marin' },
      },
      delegation: given.delegation ?? { type: 'client' },
      input: given.input ?? [],
      store: given.store ?? false,
    },
  };
}

/** Checks the `session` of `session.update`, which changes only what it names of the delegation. */
export function updatedSettings(settings: Settings, raw: unknown): Checked<Settings> {
  const checked = check(updateSchema, raw, 'session');
  if (!checked.ok) return checked;
  const { delegation: given } = checked.value;
  if (given === undefined) return { ok: true, value: settings };
  const before = settings.delegation;
  // `null` means client delegation.
  if ((given?.type ?? 'client') !== before.type)
    return refused(
      'immutable_field_update',
      'The delegation type cannot change after session startup.',
      'session.delegation.type',
    );
  if (given?.type !== 'responses' || before.type !== 'responses') return { ok: true, value: settings };
  const { responses = {}, ...rest } = given;
  const merged = { ...before, ...rest, responses: { ...before.responses, ...defined(responses) } };
  return { ok: true, value: { ...settings, delegation: merged } };
}

function defined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
