import type { Clock } from '../base/clock.js';
import { taped } from '../base/taped.js';
import type { CallContext } from '../call/before-call.js';
import { Assistant } from '../prompts/assistant.js';
import type { AssistantPrompt } from '../prompts/assistant-prompt.js';
import type { TapedAssistant } from '../tape/format.js';

/** Returns what a tape says of an assistant. */
export function tapedAssistant(assistant: Assistant, clock: Clock, known: CallContext | undefined): TapedAssistant {
  const { name, otherLanguages, passesTo, providers, queues } = assistant;
  // Calls that the gateway makes are not recorded.
  const { outbound: _, ...prompt } = assistant.prompt;
  return {
    prompt,
    name,
    passesTo,
    otherLanguages,
    ...(providers === undefined ? {} : { providers }),
    ...(known === undefined ? {} : { known: tapedContext(known) }),
    isOpen: assistant.isOpen(clock.epochMs()),
    queues,
  };
}

/** Assistant and language are in the prompt that is recorded. */
function tapedContext({ action, variables }: CallContext): NonNullable<TapedAssistant['known']> {
  return { variables, ...(action === undefined ? {} : { action }) };
}

/** Returns the assistant that was chosen during a call. In a replay it is the recorded one, because its settings are not there. */
export function chosenOnTape(make: () => Assistant, clock: Clock): Assistant {
  let made: Assistant | undefined;
  const form = taped('assistant', () => {
    made = make();
    return tapedAssistant(made, clock, undefined);
  });
  return made ?? new AssistantOfTape(form);
}

/** An assistant as a tape has it: its agents answered, or did not, when it was recorded. */
export class AssistantOfTape extends Assistant {
  private readonly form: TapedAssistant;

  constructor(form: TapedAssistant) {
    const { name, passesTo = {}, prompt, providers, queues } = form;
    super({
      prompt: prompt as unknown as AssistantPrompt,
      name,
      passesTo,
      providers,
      queues: queues.map(({ byReason, otherwise }) => ({ byReason, otherwise })),
    });
    this.form = form;
  }

  override withPrompt(prompt: AssistantPrompt): Assistant {
    return new AssistantOfTape({ ...this.form, prompt: { ...prompt } });
  }

  override get otherLanguages(): readonly string[] {
    return this.form.otherLanguages ?? [];
  }

  override isOpen(): boolean {
    return this.form.isOpen;
  }
}
