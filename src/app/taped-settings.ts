import type { Clock } from '../base/clock.js';
import type { CallContext } from '../call/before-call.js';
import type { Assistant } from '../prompts/assistant.js';
import type { TapedAssistant } from '../tape/format.js';

/** Returns what a tape says of the assistant that answers. */
export function tapedAssistant(assistant: Assistant, clock: Clock, known: CallContext | undefined): TapedAssistant {
  const { providers, queues, recording } = assistant;
  // Calls that the gateway makes are not recorded.
  const { outbound: _, ...prompt } = assistant.prompt;
  return {
    prompt,
    ...(providers === undefined ? {} : { providers }),
    ...(known === undefined ? {} : { known: tapedContext(known) }),
    ...(recording === 'off' ? {} : { recording }),
    isOpen: assistant.isOpen(clock.epochMs()),
    queues,
  };
}

/** Assistant and language are in the prompt that is recorded. */
function tapedContext({ action, variables }: CallContext): NonNullable<TapedAssistant['known']> {
  return { variables, ...(action === undefined ? {} : { action }) };
}
