/**
 * How a transfer can fail. `declined`: the person who answered did not take the call. `unavailable`: no number to dial, or no agent
 * there. `closed`: outside the opening hours.
 */
export type FailedDial = 'busy' | 'no_answer' | 'failed' | 'dropped' | 'declined' | 'unavailable' | 'closed';

/** What the caller gets then. `again` dials the same number once more. */
export type NextStep = 'assistant' | 'voicemail' | 'callback' | 'again' | 'goodbye';

/** The step after each kind of failure. `exhausted` is the step after the last try, whatever its failure was. */
export type NextSteps = Readonly<Record<FailedDial | 'exhausted', NextStep>>;

export const defaultNextSteps: NextSteps = {
  busy: 'assistant',
  no_answer: 'assistant',
  failed: 'assistant',
  dropped: 'assistant',
  declined: 'assistant',
  unavailable: 'assistant',
  closed: 'assistant',
  exhausted: 'goodbye',
};
const STEPS: readonly NextStep[] = ['assistant', 'voicemail', 'callback', 'again', 'goodbye'];
/** Failures after which dialling again cannot help, because nothing rang. */
const NOT_AGAIN: readonly string[] = ['unavailable', 'closed', 'exhausted'];

/**
 * Parses `AFTER_FAILED_DIAL`, like `voicemail` or `assistant,no_answer=again,exhausted=voicemail`. A step alone holds for every
 * failure that is not named, except the last try. Returns a string that says what is wrong if the text cannot be read.
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
    if (!Object.hasOwn(defaultNextSteps, outcome)) return `there is no outcome ${quoted(outcome)}`;
    if (!isStep(step)) return unknownStep(step);
    if (step === 'again' && NOT_AGAIN.includes(outcome)) return `${outcome} cannot be rung again`;
    if (step === 'assistant' && outcome === 'exhausted') return 'exhausted cannot go back to the assistant';
    steps[outcome] = step;
  }
  return steps as NextSteps;
}

/** Maximum characters of a setting that a message quotes. */
const MAX_QUOTED = 80;

function isStep(text: string): text is NextStep {
  return (STEPS as readonly string[]).includes(text);
}

function unknownStep(text: string): string {
  return `${quoted(text)} is none of ${STEPS.join(', ')}`;
}

/** Quotes the beginning of a text, because a message should stay readable. */
function quoted(text: string): string {
  return JSON.stringify(text.slice(0, MAX_QUOTED));
}
