import type { ConsoleEvent } from '../../src/console/messages.js';

export const STEPS = ['record', 'dial', 'digits', 'heard', 'lambda', 'queue', 'agent', 'end'] as const;
/** The steps of a dial to a telephone, which gets no digits. */
export const PHONE_STEPS = ['record', 'dial', 'briefed', 'taken', 'end'] as const;
export type StepName = (typeof STEPS | typeof PHONE_STEPS)[number];

/**
 * `open`: it has not happened, and still may. `missed`: it has not happened, and will not. `unknown`: whether it happened, only
 * the contact centre knows.
 */
export type StepStatus = 'done' | 'failed' | 'open' | 'missed' | 'unknown';

/** One step of a handover. */
export interface Step {
  name: StepName;
  status: StepStatus;
  /** What is known of it. `undefined` if nothing. */
  event: ConsoleEvent | undefined;
  /** Names the failure: a key of the texts, and a row of the table in docs/operate/handover.md. */
  failure?: string;
}

type Handover = ConsoleEvent & { kind: 'handover' };

/** Steps that happen in the contact centre. */
const OF_CONTACT: ReadonlySet<StepName> = new Set<StepName>(['heard', 'lambda', 'queue', 'agent']);
/** The outcome of a dial with which the caller has got an agent. */
const SERVED = 'bridged';
/** Answers of the Lambda with which the agent has the context of the call. */
const KNOWN_CALLER: ReadonlySet<string> = new Set(['valid', 'ani_match']);

/**
 * Returns the latest handover of a call, step by step: record written, leg rings, digits sent, digits heard, Lambda, queue, agent,
 * outcome. Empty if there is none. A dial that is tried again begins anew from the dial. `seesContact`: whether this gateway is
 * told what happens in the contact centre.
 */
export function journeyOf(
  events: readonly ConsoleEvent[],
  { isOver, seesContact }: { isOver: boolean; seesContact: boolean },
): Step[] {
  const begins = events.findLastIndex(({ kind }) => kind === 'escalation');
  const latest = events.slice(Math.max(0, begins));
  if (!latest.some(({ kind }) => kind === 'escalation' || kind === 'handover' || kind === 'dial')) return [];
  const dialAt = latest.findLastIndex((event) => isStep(event, 'dial'));
  const dialled = dialAt === -1 ? [] : latest.slice(dialAt);
  const end = (dialAt === -1 ? latest : dialled).findLast(({ kind }) => kind === 'dial');
  const found: Record<StepName, ConsoleEvent | undefined> = {
    record: latest.findLast((event) => isStep(event, 'record', 'no-record')),
    dial: dialled[0],
    briefed: dialled.find((event) => isStep(event, 'briefed')),
    taken: dialled.find((event) => isStep(event, 'taken')),
    digits: dialled.find((event) => isStep(event, 'digits')),
    heard: dialled.findLast((event) => isStep(event, 'heard')),
    lambda: dialled.findLast((event) => isStep(event, 'lambda')),
    queue: dialled.findLast((event) => isStep(event, 'queue', 'no-queue')),
    agent: dialled.find((event) => event.kind === 'agent' && event.step === 'talking'),
    end,
  };
  const isDone = isOver || end !== undefined;
  const hasAny = STEPS.some((name) => OF_CONTACT.has(name) && found[name] !== undefined);
  // What was never sent was never heard. After a dial that succeeded, it may be that nobody has told of the digits.
  const isServed = end !== undefined && failureOf(end) === undefined;
  const cannotBe = isDone && !isServed && found.digits === undefined;
  const isHidden = !hasAny && !cannotBe && (isDone || !seesContact);
  const steps: readonly StepName[] = found.briefed === undefined ? STEPS : PHONE_STEPS;
  return steps.map((name) => {
    const event = found[name];
    if (event === undefined)
      return { name, event, status: OF_CONTACT.has(name) && isHidden ? 'unknown' : isDone ? 'missed' : 'open' };
    const failure = failureOf(event);
    return failure === undefined ? { name, event, status: 'done' } : { name, event, status: 'failed', failure };
  });
}

/** Names what an event says has failed. `undefined` if nothing has. */
export function failureOf(event: ConsoleEvent): string | undefined {
  if (event.kind === 'dial') return event.outcome === SERVED ? undefined : event.outcome;
  if (event.kind !== 'handover') return undefined;
  switch (event.step) {
    case 'no-record':
    case 'no-queue':
      return event.step;
    case 'heard':
      return event.digits === 0 ? 'no-digits' : undefined;
    case 'lambda':
      return KNOWN_CALLER.has(event.status) ? undefined : `token-${event.status}`;
    default:
      return undefined;
  }
}

function isStep(event: ConsoleEvent, ...steps: Handover['step'][]): boolean {
  return event.kind === 'handover' && steps.includes(event.step);
}
