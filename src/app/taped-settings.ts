import type { Clock } from '../base/clock.js';
import type { Assistant } from '../prompts/assistant.js';
import type { TapedAssistant } from '../tape/format.js';

/** Returns what a tape says of the assistant that answers. */
export function tapedAssistant(assistant: Assistant, clock: Clock): TapedAssistant {
  const { prompt, providers, queues } = assistant;
  return {
    prompt: { ...prompt },
    ...(providers === undefined ? {} : { providers }),
    isOpen: assistant.isOpen(clock.epochMs()),
    queues,
  };
}
