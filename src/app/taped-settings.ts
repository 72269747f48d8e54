import type { Clock } from '../base/clock.js';
import type { Assistant } from '../prompts/assistant.js';
import type { TapedAssistant } from '../tape/format.js';

/** Returns what a tape says of the assistant that answers. */
export function tapedAssistant(assistant: Assistant, clock: Clock): TapedAssistant {
  const { providers, queues } = assistant;
  // Calls that the gateway makes are not recorded.
  const { outbound: _, ...prompt } = assistant.prompt;
  return {
    prompt,
    ...(providers === undefined ? {} : { providers }),
    isOpen: assistant.isOpen(clock.epochMs()),
    queues,
  };
}
