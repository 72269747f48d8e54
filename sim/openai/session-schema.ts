import { z } from 'zod';

export const VOICES = [
  'alloy',
  'ash',
  'ballad',
  'coral',
  'echo',
  'sage',
  'shimmer',
  'verse',
  'marin',
  'cedar',
] as const;
export const audioFormat = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('audio/pcm'), rate: z.literal(24_000).default(24_000) }),
  z.strictObject({ type: z.literal('audio/pcmu') }),
  z.strictObject({ type: z.literal('audio/pcma') }),
]);
export type AudioFormat = z.infer<typeof audioFormat>;
export const voice = z.union([z.enum(VOICES), z.strictObject({ id: z.string() })]);
export const outputModalities = z.array(z.enum(['text', 'audio'])).length(1);
export const maxOutputTokens = z.union([z.literal('inf'), z.int().min(1).max(4096)]);
export const reasoning = z.strictObject({ effort: z.enum(['minimal', 'low', 'medium', 'high', 'xhigh']) });

const functionTool = z.strictObject({
  type: z.literal('function'),
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
  description: z.string().optional(),
  parameters: z.looseObject({}).optional(),
});
/** Accepted and ignored. The simulator calls no MCP server. */
const mcpTool = z.looseObject({ type: z.literal('mcp'), server_label: z.string() });
export const tools = z.array(z.discriminatedUnion('type', [functionTool, mcpTool]));
export const toolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.strictObject({ type: z.literal('function'), name: z.string() }),
]);

const serverVad = z.strictObject({
  type: z.literal('server_vad'),
  threshold: z.number().min(0).max(1).optional(),
  prefix_padding_ms: z.int().min(0).optional(),
  silence_duration_ms: z.int().min(0).optional(),
  idle_timeout_ms: z.int().min(5000).max(30_000).nullable().optional(),
  create_response: z.boolean().optional(),
  interrupt_response: z.boolean().optional(),
});
const semanticVad = z.strictObject({
  type: z.literal('semantic_vad'),
  eagerness: z.enum(['low', 'medium', 'high', 'auto']).optional(),
  create_response: z.boolean().optional(),
  interrupt_response: z.boolean().optional(),
});
export type TurnDetectionPatch = z.infer<typeof serverVad> | z.infer<typeof semanticVad>;

/** Turn detection with its defaults filled in. */
export type TurnDetection =
  | {
      type: 'server_vad';
      threshold: number;
      prefix_padding_ms: number;
      silence_duration_ms: number;
      idle_timeout_ms: number | null;
      create_response: boolean;
      interrupt_response: boolean;
    }
  | {
      type: 'semantic_vad';
      eagerness: 'low' | 'medium' | 'high' | 'auto';
      create_response: boolean;
      interrupt_response: boolean;
    };

export const TRANSCRIBERS = [
  'gpt-transcribe',
  'gpt-live-transcribe',
  'gpt-realtime-whisper',
  'gpt-4o-transcribe',
  'gpt-4o-mini-transcribe',
  'gpt-4o-mini-transcribe-2025-12-15',
  'gpt-4o-transcribe-diarize',
  'whisper-1',
] as const;
export const transcription = z.strictObject({
  model: z.enum(TRANSCRIBERS).optional(),
  language: z.string().optional(),
  languages: z.array(z.string()).optional(),
  keywords: z.array(z.string()).optional(),
  prompt: z.string().optional(),
  delay: z.enum(['minimal', 'low', 'medium', 'high', 'xhigh']).optional(),
});
export const noiseReduction = z.strictObject({
  type: z.enum(['near_field', 'far_field']),
  strength: z.number().min(0).max(1).optional(),
});
export const tracing = z.union([
  z.literal('auto'),
  z.strictObject({
    workflow_name: z.string().optional(),
    group_id: z.string().optional(),
    metadata: z.looseObject({}).optional(),
  }),
]);
export const truncation = z.union([
  z.enum(['auto', 'disabled']),
  z.strictObject({
    type: z.literal('retention_ratio'),
    retention_ratio: z.number().min(0).max(1),
    token_limits: z.strictObject({ post_instructions: z.int().min(0) }).optional(),
  }),
]);

/** The `session` of a `session.update`. */
export const sessionPatch = z.strictObject({
  type: z.literal('realtime'),
  model: z.string().optional(),
  instructions: z.string().optional(),
  output_modalities: outputModalities.optional(),
  audio: z
    .strictObject({
      input: z
        .strictObject({
          format: audioFormat.optional(),
          transcription: transcription.nullable().optional(),
          noise_reduction: noiseReduction.nullable().optional(),
          turn_detection: z.discriminatedUnion('type', [serverVad, semanticVad]).nullable().optional(),
        })
        .optional(),
      output: z
        .strictObject({
          format: audioFormat.optional(),
          voice: voice.optional(),
          speed: z.number().min(0.25).max(1.5).optional(),
        })
        .optional(),
    })
    .optional(),
  tools: tools.optional(),
  tool_choice: toolChoice.optional(),
  parallel_tool_calls: z.boolean().optional(),
  reasoning: reasoning.optional(),
  max_output_tokens: maxOutputTokens.optional(),
  truncation: truncation.optional(),
  tracing: tracing.nullable().optional(),
  prompt: z.looseObject({ id: z.string() }).nullable().optional(),
  include: z
    .array(z.enum(['item.input_audio_transcription.logprobs']))
    .nullable()
    .optional(),
});
export type SessionPatch = z.infer<typeof sessionPatch>;

export interface SessionConfig {
  type: 'realtime';
  object: 'realtime.session';
  id: string;
  model: string;
  expires_at: number;
  instructions: string;
  output_modalities: ('text' | 'audio')[];
  audio: {
    input: {
      format: AudioFormat;
      transcription: z.infer<typeof transcription> | null;
      noise_reduction: z.infer<typeof noiseReduction> | null;
      turn_detection: TurnDetection | null;
    };
    output: { format: AudioFormat; voice: z.infer<typeof voice>; speed: number };
  };
  tools: z.infer<typeof tools>;
  tool_choice: z.infer<typeof toolChoice>;
  parallel_tool_calls?: boolean;
  reasoning?: z.infer<typeof reasoning>;
  max_output_tokens: number | 'inf';
  truncation: z.infer<typeof truncation>;
  tracing: z.infer<typeof tracing> | null;
  prompt: { id: string } | null;
  include: string[] | null;
}
