/** The triggers of an escalation that the operator can switch off. An escalation is the decision to hand a call to a human. */
export const TRIGGERS = ['phrase', 'tool', 'keypad', 'misunderstanding', 'anger', 'silence'] as const;
export type SwitchableTrigger = (typeof TRIGGERS)[number];

/** What triggered an escalation. A closed set, because it is a metric label. */
export type Trigger = SwitchableTrigger | 'failure' | 'operator' | 'stopping' | 'hook';

/** Reasons that a model may pass to `transfer_to_human`, and an operator to the console. Any other becomes `other`. */
const NAMED_REASONS = [
  'requested_human',
  'not_understood',
  'assistant_failed',
  'complaint',
  'billing',
  'order',
  'returns',
  'technical',
  'account',
  'sales',
] as const;

/** Why a call may need a human. Chooses the queue, and is a closed set because it is a metric label. */
export const REASONS = [
  ...NAMED_REASONS,
  'other',
  'angry_caller',
  'caller_silent',
  'call_limit',
  'stopping',
  'put_through',
] as const;
export type Reason = (typeof REASONS)[number];

/** The decision to hand a call to a human. */
export interface Escalation {
  trigger: Trigger;
  reason: Reason;
  /** The model's own summary of the caller's request, if the model asked for the handover. */
  summary?: string;
  /** The caller's name, if the model learned it. */
  customerName?: string;
  /** BCP 47 tag of the caller's language, as the model heard it. */
  language?: string;
}

/** Returns the reason that somebody has named in their own spelling. */
export function namedReason(text: string | undefined): Reason {
  const given = text?.slice(0, MAX_REASON_CHARACTERS).toLowerCase().replace(/\W+/g, '_');
  return NAMED_REASONS.find((reason) => reason === given) ?? 'other';
}

const MAX_REASON_CHARACTERS = 100;

/** The part of BCP 47 that telephone calls need. */
const LANGUAGE_TAG = /^[a-z]{2,3}(?:-[a-z0-9]{2,8}){0,2}$/i;

/** Reads the arguments of a `transfer_to_human` call. Accepts anything, because a model may pass any arguments. */
export function escalationFromTool(callArguments: unknown): Escalation {
  const fields =
    typeof callArguments === 'object' && callArguments !== null ? (callArguments as Record<string, unknown>) : {};
  const summary = textIn(fields, 'summary');
  const customerName = textIn(fields, 'customer_name');
  const language = textIn(fields, 'language');
  return {
    trigger: 'tool',
    reason: namedReason(textIn(fields, 'reason')),
    ...(summary === undefined ? {} : { summary }),
    ...(customerName === undefined ? {} : { customerName }),
    ...(language === undefined || !LANGUAGE_TAG.test(language) ? {} : { language }),
  };
}

/** Maximum length of what a model says about a caller. The record of a handover holds a quarter of it. */
const MAX_TEXT_CHARACTERS = 4000;

function textIn(fields: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const text = fields[name];
  const bounded = typeof text === 'string' ? text.slice(0, MAX_TEXT_CHARACTERS).trim() : '';
  return bounded === '' ? undefined : bounded;
}
