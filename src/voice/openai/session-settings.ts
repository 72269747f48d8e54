import type { ToolDefinition } from '../session.js';
import type { WireAudioFormat } from './audio-format.js';

/** How the service detects the start and end of the caller's turns (OpenAI: Realtime – voice activity detection). */
export type TurnDetection =
  | {
      type: 'server_vad';
      /** 0 to 1. A higher value needs a louder voice. */
      threshold: number;
      /** Length of the silence that ends a turn. */
      silenceDurationMs: number;
    }
  /**
   * By meaning. The service waits for a caller who sounds unfinished: 8 s at most for `low`, 4 s for `medium`, 2 s for
   * `high`. `auto` is `medium`.
   */
  | { type: 'semantic_vad'; eagerness: 'low' | 'medium' | 'high' | 'auto' };

export const DEFAULT_TURN_DETECTION: TurnDetection = {
  type: 'server_vad',
  threshold: 0.5,
  silenceDurationMs: 500,
};

/** Maximum waits of `semantic_vad` for a caller who sounds unfinished. */
const SEMANTIC_WAITS_MS = { low: 8000, medium: 4000, high: 2000, auto: 4000 } as const;

/** Returns how long the service may wait after the caller has stopped, beyond the short pause of `server_vad`. */
export function longestWaitMs(detection: TurnDetection): number {
  return detection.type === 'semantic_vad' ? SEMANTIC_WAITS_MS[detection.eagerness] : 0;
}

/** What is asked of the transcription. The service may refuse a hint, or the model, and the call must not end for it. */
export type TranscriptionLevel = 'with-language' | 'without-language' | 'off';

/** The body of a `session.update`. */
export type SessionSettings = Record<string, unknown>;

/** Audio kept from before the voice was noticed. This is the documented default. */
const PREFIX_PADDING_MS = 300;
/** About three minutes of speech. No answer on the telephone is longer, and a runaway answer comes to an end. */
const MAX_OUTPUT_TOKENS = 4096;
/** An old conversation is shortened, because the whole of it is paid for again with every response. */
const KEPT_TOKENS = 8000;
const KEPT_SHARE = 0.8;

/** The beta API refused longer descriptions of tools. Whether the present API does is not known. */
const MAX_DESCRIPTION_CHARACTERS = 1024;

export function sessionSettings(options: {
  model: string;
  voice: string;
  transcriptionModel: string;
  instructions: string;
  language: string;
  tools: readonly ToolDefinition[];
  turnDetection: TurnDetection;
  /** Whether a long description of a tool is cut. Default false. */
  hasShortDescriptions?: boolean;
  /** Default `with-language`. */
  transcription?: TranscriptionLevel;
  /** The audio format of both directions. */
  format: WireAudioFormat['setting'];
}): SessionSettings {
  return {
    type: 'realtime',
    instructions: options.instructions,
    output_modalities: ['audio'],
    audio: {
      input: {
        format: options.format,
        // Off by default, but the transcript and the phrases that call a human need it.
        transcription: transcription(options),
        noise_reduction: { type: 'near_field' },
        turn_detection: turnDetection(options.turnDetection),
      },
      output: { format: options.format, voice: options.voice, speed: 1 },
    },
    tools: options.tools.map((tool) => ({
      type: 'function',
      name: tool.name,
      description:
        options.hasShortDescriptions === true
          ? tool.description.slice(0, MAX_DESCRIPTION_CHARACTERS)
          : tool.description,
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
    // "auto" would copy the conversation to the account's dashboard.
    tracing: null,
  };
}

function transcription(options: {
  transcriptionModel: string;
  language: string;
  transcription?: TranscriptionLevel;
}): Record<string, unknown> | null {
  const { transcription: level = 'with-language', transcriptionModel: model } = options;
  if (level === 'off') return null;
  const language = isoLanguage(options.language);
  if (level === 'without-language' || language === undefined) return { model };
  // OpenAI: Realtime transcription. Only these models take a list, and they may refuse the single language.
  return /^gpt-(live-)?transcribe/.test(model) ? { model, languages: [language] } : { model, language };
}

function turnDetection(detection: TurnDetection): Record<string, unknown> {
  const { type } = detection;
  const both = { type, create_response: true, interrupt_response: true };
  if (type === 'semantic_vad') return { ...both, eagerness: detection.eagerness };
  // All fields are set, because the documented defaults differ from those in OpenAI's examples.
  return {
    ...both,
    threshold: detection.threshold,
    prefix_padding_ms: PREFIX_PADDING_MS,
    silence_duration_ms: detection.silenceDurationMs,
    // Off, because it counts from the end of playout, which the service cannot know here.
    idle_timeout_ms: null,
  };
}

/** Only the 2.x models know `reasoning` and `parallel_tool_calls`. "gpt-realtime-2025-08-28" is a 1.x model. */
function reasons(model: string): boolean {
  return /^gpt-realtime-2(\.\d+)?(-|$)/.test(model);
}

/** Returns the ISO 639-1 code that the transcription takes, from a BCP 47 tag. `undefined` if the tag has none. */
function isoLanguage(tag: string): string | undefined {
  const language = tag.split('-')[0]?.toLowerCase() ?? '';
  return /^[a-z]{2}$/.test(language) ? language : undefined;
}
