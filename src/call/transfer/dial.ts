import { identifyingNumber } from '../../twilio/caller-identity.js';
import type { Verb } from '../../twilio/twiml.js';
import type { BriefingKey } from '../call-state.js';
import type { FailedDial } from './failed-dial-policy.js';
import { PATHS } from '../paths.js';

/** How long the agent's side rings before Twilio reports `no-answer`. The caller hears ringing meanwhile. */
const TIMEOUT_SECONDS = 25;

/** Returns the verb that dials an agent. The whisper is what the called leg alone hears: the token, or who calls. */
export function dialVerb(options: {
  number: string;
  /** `undefined` lets Twilio show the caller's own number. */
  callerId: string | undefined;
  hasWhisper: boolean;
  url: (scheme: 'https', path: string) => string;
}): Verb {
  const { callerId, hasWhisper, number, url } = options;
  return {
    verb: 'dial',
    dial: {
      number,
      callerId,
      timeoutSeconds: TIMEOUT_SECONDS,
      action: url('https', PATHS.dialResult),
      whisperUrl: hasWhisper ? url('https', PATHS.whisper) : undefined,
      statusCallback: url('https', PATHS.legStatus),
    },
  };
}

/**
 * Returns how a dial ended, as a metric label with a closed set of values. `key`: what the person who was briefed did. Twilio's
 * status of a leg that the gateway hung up says less.
 */
export function dialOutcome(
  status: string,
  { bridged, callerGone, key }: { bridged: boolean; callerGone: boolean; key: BriefingKey | undefined },
): string {
  if (bridged) return 'bridged';
  if (callerGone) return 'caller_gone';
  if (key === 'declined' || key === 'no_key') return key;
  switch (status) {
    case 'busy':
    case 'failed':
    case 'canceled':
      return status;
    case 'no-answer':
      return 'no_answer';
    default:
      return 'dropped';
  }
}

/** Returns the kind of failure that `AFTER_FAILED_DIAL` is asked about. */
export function failureOf(outcome: string): FailedDial {
  switch (outcome) {
    case 'busy':
    case 'no_answer':
    case 'dropped':
    case 'declined':
      return outcome;
    // A machine has answered, or a person who did not listen.
    case 'no_key':
      return 'no_answer';
    default:
      return 'failed';
  }
}

/**
 * Returns the caller id for the called leg. `undefined` lets Twilio show the caller's own number. Without that number one of
 * ours takes its place, because Twilio or the called side refuses a dial that has no valid caller id (Twilio: error 13214). In a
 * call that the gateway makes, Twilio would show the gateway's number, and may show the To of the call (Twilio: Dial – callerId).
 */
export function callerIdFor(from: string, ownNumber: string, isOutbound: boolean): string | undefined {
  const number = identifyingNumber(from);
  if (number === undefined) return identifyingNumber(ownNumber);
  return isOutbound ? number : undefined;
}
