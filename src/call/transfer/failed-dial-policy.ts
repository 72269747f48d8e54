/** How a try to reach a human can fail. `unavailable`: no number to ring, or nobody there. `closed`: outside the hours. */
export type FailedDial = 'busy' | 'no_answer' | 'failed' | 'dropped' | 'unavailable' | 'closed';

/** What happens to the caller then. `again`: the same number rings once more. */
export type NextStep = 'assistant' | 'voicemail' | 'callback' | 'again' | 'goodbye';

/** What happens after each kind of failure; `exhausted`: after the last try, whatever it came to. */
export type NextSteps = Readonly<Record<FailedDial | 'exhausted', NextStep>>;

export const defaultNextSteps: NextSteps = {
  busy: 'assistant',
  no_answer: 'assistant',
  failed: 'assistant',
  dropped: 'assistant',
  unavailable: 'assistant',
  closed: 'assistant',
  exhausted: 'goodbye',
};
const STEPS: readonly NextStep[] = ['assistant', 'voicemail', 'callback', 'again', 'goodbye'];
/** Ringing again helps only where something rang. */
const NOT_AGAIN: readonly string[] = ['unavailable', 'closed', 'exhausted'];

/**
 * Reads `voicemail`, or `assistant,no_answer=again,exhausted=voicemail`: a step alone holds for every failure that is not
 * named, the last try excepted. Gives what is wrong with it as a string.
 */
export function parseNextSteps(text: string): NextSteps | string {
  const steps: Record<string, NextStep> = { ...defaultNextSteps };
  const parts = text.split(',').map((part) => part.trim());
  const alone = parts.filter((part) => part !== '' && !part.includes('='));
  const named = parts.filter((part) => part.includes('='));
  if (alone.length > 1) return 'one step may stand alone; write the others as outcome=step';
  for (const step of alone) {
    if (!isStep(step)) return unknownStep(step);
    if (step === 'again') return 'name the outcome that is rung again, like no_answer=again';
    for (const outcome of Object.keys(defaultNextSteps)) if (outcome !== 'exhausted') steps[outcome] = step;
  }
  for (const part of named) {
    const [outcome = '', step = ''] = part.split('=').map((side) => side.trim());
    if (!Object.hasOwn(defaultNextSteps, outcome)) return `there is no outcome ${JSON.stringify(outcome)}`;
    if (!isStep(step)) return unknownStep(step);
    if (step === 'again' && NOT_AGAIN.includes(outcome)) return `${outcome} cannot be rung again`;
    if (step === 'assistant' && outcome === 'exhausted') return 'exhausted cannot go back to the assistant';
    steps[outcome] = step;
  }
  return steps as NextSteps;
}

function isStep(text: string): text is NextStep {
  return (STEPS as readonly string[]).includes(text);
}

function unknownStep(text: string): string {
  return `${JSON.stringify(text)} is none of ${STEPS.join(', ')}`;
}
