/**
 * The values of the labels of counters and gauges, which are closed sets. There is a series for each of them from the start,
 * with the value 0, because an alert on a rise does not see a series whose first value is already 1. A test holds the lists
 * against the types that the code counts with.
 */
export const LABEL_VALUES = {
  callsInState: { state: ['ringing', 'talking', 'leaving', 'redirecting', 'parted', 'dialling', 'recording'] },
  capacity: { limit: ['concurrent_calls', 'memory_bytes'] },
  sessions: {
    outcome: [
      'handed_over',
      'caller_hung_up',
      'caller_silent',
      'operator_hung_up',
      'completed',
      'no_human',
      'message_taken',
      'callback_promised',
      'refused_busy',
      'refused_by_hook',
      'message_left',
      'machine',
      'moved',
      'abandoned',
    ],
  },
  handovers: {
    outcome: ['bridged', 'caller_gone', 'busy', 'no_answer', 'failed', 'canceled', 'dropped', 'declined', 'no_key'],
  },
  briefings: { outcome: ['spoken', 'taken', 'declined', 'no_key'] },
  messages: { kind: ['message', 'callback', 'voicemail'], outcome: ['kept', 'lost'] },
  restUpdates: { result: ['updated', 'refused', 'unknown'] },
  availabilityChecks: { result: ['reachable', 'unavailable', 'unknown', 'late'] },
  resumes: { cause: ['stream_lost', 'stream_refused', 'dial_failed', 'instance_lost', 'moved'] },
  refusedRequests: {
    reason: [
      'method',
      'not-a-form',
      'too-large',
      'signature',
      'no-call-sid',
      'wrong-account',
      'aborted',
      'unknown-path',
      'stream-path',
      'stream-signature',
      'stream-start',
      'console-access',
      'console-token',
    ],
  },
  streamAnomalies: {
    kind: [
      'binary',
      'not-json',
      'not-an-object',
      'unknown-event',
      'malformed-connected',
      'malformed-start',
      'malformed-media',
      'malformed-dtmf',
      'malformed-mark',
      'wrong-stream-sid',
      'out-of-order',
      'unknown-mark',
      'backlog',
    ],
  },
  outboundCalls: {
    outcome: [
      'completed',
      'message_left',
      'machine',
      'fax',
      'busy',
      'no_answer',
      'failed',
      'canceled',
      'refused_by_twilio',
      'lost',
      'repeated',
      'unauthorized',
      'invalid_request',
      'idempotency_conflict',
      'invalid_number',
      'country_not_allowed',
      'premium_number',
      'consent_missing',
      'time_zone_needed',
      'outside_hours',
      'do_not_call',
      'unknown_assistant',
      'number_limit',
      'minute_limit',
      'call_limit',
      'draining',
      'unavailable',
    ],
  },
  refusedCalls: { reason: ['stopping', 'call_limit', 'overload', 'provider_limit'] },
  streamFaults: { fault: ['no_media', 'marks_overdue'] },
  processorErrors: {
    processor: [
      'gate',
      'voice',
      'transcript',
      'escalation',
      'keypad',
      'tools',
      'playout',
      'pipeline',
      'bridge',
      'stream',
      'session',
      'timer',
      'listener',
      'departure',
      'extension',
      'process',
    ],
  },
  assistantChanges: {
    kind: ['assistant', 'language'],
    outcome: ['switched', 'invalid', 'too_many', 'unreachable', 'lost', 'left'],
  },
  toolFaults: { fault: ['schema', 'failed', 'timeout', 'output', 'unanswered'] },
  tokens: { direction: ['input', 'output'] },
  callContext: { outcome: ['known', 'partial', 'nothing', 'late', 'failed'] },
  callEvents: { outcome: ['delivered', 'dead', 'lost'] },
  hubspotHandovers: { outcome: ['complete', 'partial', 'failed', 'dropped', 'abandoned'] },
  journalWrites: { outcome: ['written', 'failed', 'fenced', 'dropped'] },
  journalClaims: { outcome: ['claimed', 'absent', 'unreadable', 'unavailable'] },
} as const;

/** Reasons that a model may name, and an operator. */
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
  'other',
] as const;

/** The pairs of trigger and reason of an escalation. Most triggers have one reason. */
export const ESCALATIONS = [
  { trigger: 'phrase', reason: 'requested_human' },
  { trigger: 'keypad', reason: 'requested_human' },
  { trigger: 'misunderstanding', reason: 'not_understood' },
  { trigger: 'anger', reason: 'angry_caller' },
  { trigger: 'silence', reason: 'caller_silent' },
  { trigger: 'failure', reason: 'assistant_failed' },
  { trigger: 'stopping', reason: 'stopping' },
  { trigger: 'stopping', reason: 'call_limit' },
  { trigger: 'hook', reason: 'put_through' },
  ...NAMED_REASONS.map((reason) => ({ trigger: 'tool', reason }) as const),
  ...NAMED_REASONS.map((reason) => ({ trigger: 'operator', reason }) as const),
] as const;

/** What may become of a call of a tool of an MCP server. */
export const MCP_OUTCOMES = ['answered', 'error', 'failed', 'timeout', 'unavailable', 'abandoned'] as const;

/** What any provider may do against its contract. */
export const PROVIDER_FAULTS = [
  'unknown-event',
  'malformed-event',
  'open-failed',
  'method-failed',
  'close-failed',
  'bad-property',
] as const;

/** The anomalies of the providers that are built in. */
export const PROVIDER_ANOMALIES = {
  openai: [
    'binary',
    'not-json',
    'malformed-event',
    'unknown-event',
    'error-event',
    'unknown-response',
    'response-overlap',
    'response-failed',
    'request-lost',
    'text-answer',
    'empty-answer',
    'cut-answer',
    'bad-tool-arguments',
    'transcription-failed',
    'transcription-blind',
    'caller-audio-dropped',
    'unsupported-audio',
    'event-failed',
  ],
  nova: [
    'malformed-event',
    'unknown-event',
    'unknown-content',
    'unmatched-text',
    'silent-turn',
    'unknown-tool-call',
    'repeated-tool-call',
    'unreadable-tool-call',
    'audio-dropped',
    'transcription-blind',
    'event-failed',
  ],
  local: ['recognition-failed', 'failed-answer', 'empty-answer', 'cut-answer', 'bad-tool-arguments'],
} as const;

/** Returns every combination of the values of some labels. */
export function combinations(values: Readonly<Record<string, readonly string[]>>): Record<string, string>[] {
  return Object.entries(values).reduce<Record<string, string>[]>(
    (sets, [label, all]) => sets.flatMap((set) => all.map((value) => ({ ...set, [label]: value }))),
    [{}],
  );
}
