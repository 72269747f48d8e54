/** How a call ended that Twilio made, in the words of its status. */
export type Ended = 'completed' | 'busy' | 'no_answer' | 'failed' | 'canceled';

/** Why a request makes no call. Also the `error` of the answer. */
export type RefusalReason =
  | 'unauthorized'
  | 'invalid_request'
  | 'idempotency_conflict'
  | 'invalid_number'
  | 'country_not_allowed'
  | 'premium_number'
  | 'consent_missing'
  | 'time_zone_needed'
  | 'outside_hours'
  | 'do_not_call'
  | 'unknown_assistant'
  | 'number_limit'
  | 'minute_limit'
  | 'call_limit'
  | 'draining'
  | 'unavailable';

/**
 * What became of a request for a call. Each request is counted once: when it is refused or repeated, or else when its call is
 * over. A metric label, so a closed set.
 */
export type OutboundOutcome =
  | Ended
  | RefusalReason
  /** An answering machine or a fax answered. */
  | 'message_left'
  | 'machine'
  | 'fax'
  /** Twilio did not take the call. */
  | 'refused_by_twilio'
  /** It cannot be known whether Twilio took the call, and it was given up. */
  | 'lost'
  /** The request repeated an earlier one and got its answer. */
  | 'repeated';
