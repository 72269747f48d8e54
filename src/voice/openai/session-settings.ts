import type { ToolDefinition } from '../session.js';
import type { WireAudioFormat } from './audio-format.js';

/** When the service takes the caller to have begun and ended (OpenAI: Realtime – voice activity detection). */
export type TurnDetection =
  | {
      type: 'server_vad';
      /** 0 to 1; higher asks for a louder voice. */
      threshold: number;
      /** Silence that ends a turn. */
      silenceDurationMs: number;
    }
  /** By what is said: whoever sounds unfinished is waited for, 8, 4 or 2 s at most; `auto` is `medium`. */
  | { type: 'semantic_vad'; eagerness: 'low' | 'medium' | 'high' | 'auto' };

export const DEFAULT_TURN_DETECTION: TurnDetection = {
  type: 'server_vad',
  threshold: 0.5,
  silenceDurationMs: 500,
};

/** The body of a `session.update`. */
export type SessionSettings = Record<string, unknown>;

/** Audio kept from before the voice was noticed: the documented default. */
const PREFIX_PADDING_MS = 300;
/** Some three minutes of speech: no answer on the telephone is longer, and a run-away one has an end. */
const MAX_OUTPUT_TOKENS = 4096;
/** The whole conversation is paid for again with every response, so an old one is shortened. */
const KEPT_TOKENS = 8000;
const KEPT_SHARE = 0.8;

export function sessionSettings(options: {
  model: string;
  voice: string;
  transcriptionModel: string;
  instructions: string;
  language: string;
  tools: readonly ToolDefinition[];
  turnDetection: TurnDetection;
  /** Of both directions. */
  format: WireAudioFormat['setting'];
}): SessionSettings {
  const language = isoLanguage(options.language);
  return {
    type: 'realtime',
    instructions: options.instructions,
    output_modalities: ['audio'],
    audio: {
      input: {
        format: options.format,
        // Off unless asked for; the transcript and the phrases that call a human need it.
        transcription: { model: options.transcriptionModel, ...(language === undefined ? {} : { language }) },
        noise_reduction: { type: 'near_field' },
        turn_detection: turnDetection(options.turnDetection),
      },
      output: { format: options.format, voice: options.voice, speed: 1 },
    },
    tools: options.tools.map((tool) => ({
      type: 'function',
      name: tool.name,
      description: tool.description,
      parameters: tool.parameters,
    })),
    tool_choice: 'auto',
    ...(reasons(options.model) ? { parallel_tool_calls: false, reasoning: { effort: 'low' } } : {}),
    max_output_tokens: MAX_OUTPUT_TOKENS,
    truncation: {
      type: 'retention_ratio',
      retention_ratio: KEPT_SHARE,
      token_limits: { post_instructions: KEPT_TOKENS },
    },
    // "auto" would copy the conversation into the account's dashboard.
    tracing: null,
  };
}

function turnDetection(detection: TurnDetection): Record<string, unknown> {
  const { type } = detection;
  const both = { type, create_response: true, interrupt_response: true };
  if (type === 'semantic_vad') return { ...both, eagerness: detection.eagerness };
  // All fields, because the documented defaults and those in its examples differ.
  return {
    ...both,
    threshold: detection.threshold,
    prefix_padding_ms: PREFIX_PADDING_MS,
    silence_duration_ms: detection.silenceDurationMs,
    // Counted from when the service takes its audio to have been played, which it cannot know here.
    idle_timeout_ms: null,
  };
}

/** The 2.x models alone know `reasoning` and `parallel_tool_calls`; "gpt-realtime-2025-08-28" is a 1.x. */
function reasons(model: string): boolean {
  return /^gpt-realtime-2(\.\d+)?(-|$)/.test(model);
}

/** ISO 639-1, which is what the transcription takes, from a BCP 47 tag. */
function isoLanguage(tag: string): string | undefined {
  const language = tag.split('-')[0]?.toLowerCase() ?? '';
  return /^[a-z]{2}$/.test(language) ? language : undefined;
}
