import { z } from 'zod';

/**
 * The events that a client may send (Nova 2 Sonic user guide, input events). Unknown fields are refused. This is also
 * how the service refuses the flat `endpointingSensitivity` of the first model.
 */
const RATES_HZ = [8000, 16_000, 24_000] as const;

const name = z.string().min(1);
const plainText = z.strictObject({ mediaType: z.literal('text/plain') });
const audioFormat = {
  mediaType: z.literal('audio/lpcm'),
  sampleRateHertz: z.literal(RATES_HZ),
  sampleSizeBits: z.literal(16),
  channelCount: z.literal(1),
  encoding: z.literal('base64'),
  audioType: z.literal('SPEECH'),
};

const sessionStart = z.strictObject({
  inferenceConfiguration: z
    .strictObject({
      maxTokens: z.int().min(1).max(10_000).optional(),
      topP: z.number().min(0).max(1).optional(),
      temperature: z.number().min(0).max(1).optional(),
    })
    .optional(),
  turnDetectionConfiguration: z.strictObject({ endpointingSensitivity: z.enum(['HIGH', 'MEDIUM', 'LOW']) }).optional(),
});

const tool = z.strictObject({
  toolSpec: z.strictObject({
    name: z.string().regex(/^[a-zA-Z][a-zA-Z0-9_-]{0,63}$/),
    description: z.string().min(1),
    inputSchema: z.strictObject({ json: z.string() }),
  }),
});

const empty = z.strictObject({});
const toolChoice = z.union([
  z.strictObject({ auto: empty }),
  z.strictObject({ any: empty }),
  z.strictObject({ tool: z.strictObject({ name }) }),
]);

const promptStart = z.strictObject({
  promptName: name,
  textOutputConfiguration: plainText.optional(),
  audioOutputConfiguration: z.strictObject({ ...audioFormat, voiceId: z.string() }),
  toolUseOutputConfiguration: z.strictObject({ mediaType: z.literal('application/json') }).optional(),
  toolConfiguration: z.strictObject({ tools: z.array(tool).min(1), toolChoice: toolChoice.optional() }).optional(),
});

const content = { promptName: name, contentName: name };
const contentStart = z.discriminatedUnion('type', [
  z.strictObject({
    ...content,
    type: z.literal('TEXT'),
    interactive: z.boolean(),
    role: z.enum(['SYSTEM', 'SYSTEM_SPEECH', 'USER', 'ASSISTANT']),
    textInputConfiguration: plainText,
  }),
  z.strictObject({
    ...content,
    type: z.literal('AUDIO'),
    interactive: z.literal(true),
    role: z.literal('USER'),
    audioInputConfiguration: z.strictObject(audioFormat),
  }),
  z.strictObject({
    ...content,
    type: z.literal('TOOL'),
    interactive: z.literal(false),
    role: z.literal('TOOL'),
    toolResultInputConfiguration: z.strictObject({
      toolUseId: name,
      type: z.literal('TEXT'),
      textInputConfiguration: plainText,
    }),
  }),
]);

const data = z.strictObject({ ...content, content: z.string() });

const SCHEMAS = {
  sessionStart,
  promptStart,
  contentStart,
  textInput: data,
  audioInput: data,
  toolResult: data,
  contentEnd: z.strictObject(content),
  promptEnd: z.strictObject({ promptName: name }),
  sessionEnd: empty,
};

export type InputName = keyof typeof SCHEMAS;
export type InputEvent = { [Name in InputName]: { name: Name; body: z.infer<(typeof SCHEMAS)[Name]> } }[InputName];
export type ContentStart = z.infer<typeof contentStart>;
export type PromptStart = z.infer<typeof promptStart>;
export type SessionStart = z.infer<typeof sessionStart>;

/** Parses one event. `problem` is a sentence for the client. */
export function parseInput(json: string): { event: InputEvent } | { problem: string } {
  const outer = parseJson(json);
  const event = isObject(outer) && Object.keys(outer).length === 1 ? outer['event'] : undefined;
  if (!isObject(event) || Object.keys(event).length !== 1)
    return { problem: 'an input must be an object that holds one event' };
  const [name, body] = Object.entries(event)[0] as [string, unknown];
  if (!Object.hasOwn(SCHEMAS, name)) return { problem: `#/event: extraneous key [${name}] is not permitted` };
  const parsed = SCHEMAS[name as InputName].safeParse(body);
  if (parsed.success) return { event: { name, body: parsed.data } as InputEvent };
  return { problem: describe(name, parsed.error.issues[0]) };
}

function describe(name: string, issue: z.core.$ZodIssue | undefined): string {
  const path = ['#', 'event', name, ...(issue?.path ?? []).map(String)].join('/');
  if (issue?.code === 'unrecognized_keys') return `${path}: extraneous key [${issue.keys.join(', ')}] is not permitted`;
  return `${path}: ${issue?.message ?? 'not valid'}`;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
