import { check } from './zod-refusal.js';
import {
  type SessionConfig,
  type SessionPatch,
  type TurnDetection,
  type TurnDetectionPatch,
  sessionPatch,
} from './session-schema.js';
import { type Checked, accepted, refused } from './wire.js';

const SERVER_VAD_DEFAULTS = {
  type: 'server_vad',
  threshold: 0.5,
  prefix_padding_ms: 300,
  silence_duration_ms: 500,
  idle_timeout_ms: null,
  create_response: true,
  interrupt_response: true,
} as const;
const SEMANTIC_VAD_DEFAULTS = {
  type: 'semantic_vad',
  eagerness: 'auto',
  create_response: true,
  interrupt_response: true,
} as const;

/** Returns the settings of `session.created` (openapi.json, example of session.created). The audio is PCM at 24 kHz. */
export function defaultConfig(id: string, model: string, expiresAt: number): SessionConfig {
  return {
    type: 'realtime',
    object: 'realtime.session',
    id,
    model,
    expires_at: expiresAt,
    instructions: 'You are a helpful, witty, and friendly AI. Act like a human, but remember that you are not one.',
    output_modalities: ['audio'],
    audio: {
      input: {
        format: { type: 'audio/pcm', rate: 24_000 },
        transcription: null,
        noise_reduction: null,
        // The documented default is 500 ms of silence, but the documented example of session.created shows 200.
        turn_detection: { ...SERVER_VAD_DEFAULTS, silence_duration_ms: 200 },
      },
      output: { format: { type: 'audio/pcm', rate: 24_000 }, voice: 'marin', speed: 1 },
    },
    tools: [],
    tool_choice: 'auto',
    max_output_tokens: 'inf',
    truncation: 'auto',
    tracing: null,
    prompt: null,
    include: null,
  };
}

/** Whether the model supports reasoning and parallel tool calls. */
export function isSecondGeneration(model: string): boolean {
  return /^gpt-realtime-2(\.|-|$)/.test(model);
}

/** Fields of the beta's flat session. Since the beta was switched off, they end the session. */
const BETA_FIELDS = [
  'modalities',
  'voice',
  'input_audio_format',
  'output_audio_format',
  'input_audio_transcription',
  'input_audio_noise_reduction',
  'turn_detection',
  'temperature',
  'max_response_output_tokens',
];

export function isBetaShape(session: unknown): boolean {
  if (typeof session !== 'object' || session === null || 'type' in session) return false;
  return BETA_FIELDS.some((field) => field in session);
}

/**
 * Merges `raw` (the `session` of a `session.update`) into `config`. Returns the new settings, or the service's refusal.
 */
export function updatedConfig(config: SessionConfig, raw: unknown, hasSpoken: boolean): Checked<SessionConfig> {
  const checked = check(sessionPatch, raw, 'session');
  if (!checked.ok) return checked;
  const patch = checked.value;
  const refusal = mayNotChange(config, patch, hasSpoken);
  if (refusal !== undefined) return refusal;
  const { audio, ...flat } = patch;
  const given = Object.fromEntries(Object.entries(flat).filter(([, value]) => value !== undefined));
  const { transcription: transcriber, turn_detection: turns, ...input } = audio?.input ?? {};
  const merged = {
    ...config,
    ...given,
    audio: {
      input: {
        ...config.audio.input,
        ...input,
        transcription: mergeTranscription(config.audio.input.transcription, transcriber),
        turn_detection: mergeTurns(config.audio.input.turn_detection, turns),
      },
      output: { ...config.audio.output, ...audio?.output },
    },
  } as SessionConfig;
  const at = 'session.audio.input.transcription';
  return transcriptionRefusal(merged.audio.input.transcription, at) ?? accepted(merged);
}

const MAX_DESCRIPTION_CHARACTERS = 1024;

/** Refuses what public reports say that the service refuses, while others say that it accepts it (see README.md). */
export function strictRefusal({ audio, tools }: SessionConfig) {
  const { transcription } = audio.input;
  const param = 'session.audio.input.transcription.language';
  if (transcription?.language !== undefined && takesLists(transcription.model))
    return refused(
      'unsupported_parameter',
      `Unsupported parameter: '${param}' is not supported with this model.`,
      param,
    );
  const long = tools.findIndex(
    (tool) => tool.type === 'function' && (tool.description ?? '').length > MAX_DESCRIPTION_CHARACTERS,
  );
  if (long === -1) return undefined;
  const at = `session.tools[${long}].description`;
  return refused('string_above_max_length', `Invalid '${at}': string too long.`, at);
}

/** Refuses the first of `paths`, such as `session.audio.output.voice`, that the client has set, whatever its value. */
export function pathRefusal(session: unknown, paths: readonly string[]) {
  const path = paths.find((one) => {
    const [, ...names] = one.split('.');
    const value = names.reduce<unknown>((part, name) => (part as Record<string, unknown> | null)?.[name], session);
    return value !== undefined && value !== null;
  });
  if (path === undefined) return undefined;
  return refused('unsupported_parameter', `Unsupported parameter: '${path}' is not supported with this model.`, path);
}

/** Whether the transcriber takes `languages` and `keywords`. */
function takesLists(model: string | undefined): boolean {
  return model === 'gpt-transcribe' || model === 'gpt-live-transcribe';
}

/** Languages that whisper-1 refuses (see README.md). */
const NOT_WHISPERED = ['te', 'bn', 'ml', 'pa', 'or'];

function mayNotChange(config: SessionConfig, patch: SessionPatch, hasSpoken: boolean) {
  if (patch.model !== undefined && patch.model !== config.model)
    return refused('cannot_update_model', "Cannot update a session's model.", 'session.model');
  const newVoice = patch.audio?.output?.voice;
  const sameVoice = newVoice === undefined || JSON.stringify(newVoice) === JSON.stringify(config.audio.output.voice);
  if (hasSpoken && !sameVoice)
    return refused('cannot_update_voice', "Cannot update a conversation's voice if assistant audio is present.");
  if (
    config.tracing !== null &&
    patch.tracing !== undefined &&
    JSON.stringify(patch.tracing) !== JSON.stringify(config.tracing)
  )
    return refused('cannot_update_tracing', 'Cannot update tracing once it is enabled.', 'session.tracing');
  return newerOnly(config.model, patch, 'session');
}

/** Refuses settings that only models of the second generation support. */
export function newerOnly(model: string, given: { reasoning?: unknown; parallel_tool_calls?: unknown }, root: string) {
  if (isSecondGeneration(model)) return undefined;
  const field = (['reasoning', 'parallel_tool_calls'] as const).find((name) => given[name] !== undefined);
  if (field === undefined) return undefined;
  const param = `${root}.${field}`;
  return refused('unsupported_parameter', `Unsupported parameter: '${param}' is not supported with this model.`, param);
}

function mergeTranscription(
  old: SessionConfig['audio']['input']['transcription'],
  patch: SessionConfig['audio']['input']['transcription'] | undefined,
) {
  if (patch === undefined) return old;
  return patch === null ? null : { ...old, ...patch };
}

function mergeTurns(old: TurnDetection | null, patch: TurnDetectionPatch | null | undefined): TurnDetection | null {
  if (patch === undefined) return old;
  if (patch === null) return null;
  const defaults = patch.type === 'server_vad' ? SERVER_VAD_DEFAULTS : SEMANTIC_VAD_DEFAULTS;
  return { ...(old?.type === patch.type ? old : defaults), ...patch } as TurnDetection;
}

function transcriptionRefusal(config: SessionConfig['audio']['input']['transcription'], at: string) {
  if (config === null) return undefined;
  const { model } = config;
  if (model === undefined)
    return refused('missing_required_parameter', `Missing required parameter: '${at}.model'.`, `${at}.model`);
  if (model === 'whisper-1' && NOT_WHISPERED.includes(config.language ?? ''))
    return refused('invalid_value', `Invalid value: '${config.language}'.`, `${at}.language`);
  const wrong =
    (['keywords', 'languages'] as const).find((field) => config[field] !== undefined && !takesLists(model)) ??
    (config.prompt !== undefined && !/^(gpt-4o|whisper-1)/.test(model) ? 'prompt' : undefined) ??
    (config.delay !== undefined && model !== 'gpt-realtime-whisper' ? 'delay' : undefined);
  if (wrong === undefined) return undefined;
  const param = `${at}.${wrong}`;
  return refused('unsupported_parameter', `Unsupported parameter: '${param}' is not supported with this model.`, param);
}
