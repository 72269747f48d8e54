import type { FlowStep } from './flow-runner.js';

/** What a step of the contact flow means for the handover. Never digits: only how many there were. */
export type HandoverStep =
  | { step: 'heard'; digits: number }
  /** `status`: the `token_status` of the function's answer, or `failed` if it gave none. */
  | { step: 'lambda'; status: string }
  | { step: 'queue' | 'no-queue'; queue: string };

/** Blocks of `connect/contact-flow.json` that only wait until the carrier has played the rest of the digits. */
const SWALLOWS: ReadonlySet<string> = new Set(['swallow-digits', 'swallow-again']);
/** What the flow asks the function only for the function's own log. */
const FOR_THE_LOG = 'check';

/** Returns what a step of the flow means for the handover. `undefined` if nothing. */
export function handoverStepOf({ action, fact }: FlowStep): HandoverStep | undefined {
  if (fact === undefined) return undefined;
  if ('heard' in fact) return SWALLOWS.has(action) ? undefined : { step: 'heard', digits: fact.heard };
  if ('status' in fact) return fact.asked === FOR_THE_LOG ? undefined : { step: 'lambda', status: fact.status };
  return { step: fact.hasRoom ? 'queue' : 'no-queue', queue: fact.queue };
}
