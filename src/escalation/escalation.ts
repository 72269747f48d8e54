/** What may make the gateway decide that a human is needed, as far as it can be switched off. */
export const TRIGGERS = ['phrase', 'tool', 'keypad', 'misunderstanding', 'anger', 'silence'] as const;
export type SwitchableTrigger = (typeof TRIGGERS)[number];

/** What made the gateway decide it. A metric label: a closed set. */
export type Trigger = SwitchableTrigger | 'failure' | 'stopping';

/** Reasons a model may give with `transfer_to_human`; anything else becomes `other`. */
const TOOL_REASONS = [
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

/** Why a human is needed: chooses the queue and labels a metric, so a closed set. */
export type Reason =
  (typeof TOOL_REASONS)[number] | 'other' | 'angry_caller' | 'caller_silent' | 'call_limit' | 'stopping';

/** The decision that a human is needed. */
export interface Escalation {
  trigger: Trigger;
  reason: Reason;
  /** What the model itself says about the caller's wish, when it asked for the handover. */
  summary?: string;
  /** What the caller is called, when the model has learned it. */
  customerName?: string;
  /** BCP 47 tag of the language that the caller speaks, as the model has heard it. */
  language?: string;
}

/** BCP 47, as far as a telephone needs it. */
const LANGUAGE_TAG = /^[a-z]{2,3}(?:-[a-z0-9]{2,8}){0,2}$/i;

/** Reads the arguments of a `transfer_to_human` call, whatever the model made of them. */
export function escalationFromTool(callArguments: unknown): Escalation {
  const fields =
    typeof callArguments === 'object' && callArguments !== null ? (callArguments as Record<string, unknown>) : {};
  const given = textIn(fields, 'reason')?.toLowerCase().replace(/\W+/g, '_');
  const summary = textIn(fields, 'summary');
  const customerName = textIn(fields, 'customer_name');
  const language = textIn(fields, 'language');
  return {
    trigger: 'tool',
    reason: TOOL_REASONS.find((reason) => reason === given) ?? 'other',
    ...(summary === undefined ? {} : { summary }),
    ...(customerName === undefined ? {} : { customerName }),
    ...(language === undefined || !LANGUAGE_TAG.test(language) ? {} : { language }),
  };
}

function textIn(fields: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const text = fields[name];
  return typeof text === 'string' && text.trim() !== '' ? text.trim() : undefined;
}
