import { type Item, soundMs } from './items.js';

/** Approximate rates of the service: a token for 100 ms heard, for 50 ms spoken, and for four characters. */
const HEARD_MS_PER_TOKEN = 100;
const SPOKEN_MS_PER_TOKEN = 50;
const CHARACTERS_PER_TOKEN = 4;

export interface Tokens {
  text: number;
  audio: number;
}

export function spokenTokens(spokenMs: number, characters: number): Tokens {
  return { text: Math.ceil(characters / CHARACTERS_PER_TOKEN), audio: Math.ceil(spokenMs / SPOKEN_MS_PER_TOKEN) };
}

/**
 * Returns the tokens that the model reads for one response. It reads its instructions and the whole conversation each
 * time.
 */
export function contextTokens(instructions: string, items: readonly Item[]): Tokens {
  const tokens: Tokens = { text: Math.ceil(instructions.length / CHARACTERS_PER_TOKEN), audio: 0 };
  for (const item of items) {
    if (item.type !== 'message') {
      const text = item.type === 'function_call' ? item.arguments : item.output;
      tokens.text += Math.ceil(text.length / CHARACTERS_PER_TOKEN);
      continue;
    }
    for (const part of item.content) {
      if (part.type === 'input_audio') tokens.audio += Math.ceil(soundMs(part.sound) / HEARD_MS_PER_TOKEN);
      else if (part.type === 'output_audio') tokens.audio += Math.ceil(soundMs(part.sound) / SPOKEN_MS_PER_TOKEN);
      else if ('text' in part) tokens.text += Math.ceil(part.text.length / CHARACTERS_PER_TOKEN);
    }
  }
  return tokens;
}

/**
 * Returns `response.usage`. Of the input, the tokens in `before`, which an earlier response has read, count as cached.
 */
export function usageOf(input: Tokens, before: Tokens, output: Tokens): Record<string, unknown> {
  const cached = { text: Math.min(input.text, before.text), audio: Math.min(input.audio, before.audio) };
  const inputTokens = input.text + input.audio;
  const outputTokens = output.text + output.audio;
  return {
    total_tokens: inputTokens + outputTokens,
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    input_token_details: {
      text_tokens: input.text,
      audio_tokens: input.audio,
      image_tokens: 0,
      cached_tokens: cached.text + cached.audio,
      cached_tokens_details: { text_tokens: cached.text, audio_tokens: cached.audio, image_tokens: 0 },
    },
    output_token_details: { text_tokens: output.text, audio_tokens: output.audio },
  };
}
