import type { Verb } from '../../twilio/twiml.js';
import type { FailedDial } from './failed-dial-policy.js';
import { PATHS } from '../paths.js';

const TIMEOUT_SECONDS = 25;

/** Rings a human. The whisper plays the token to the called leg alone; without a record there is none. */
export function dialVerb(options: {
  number: string;
  /** Undefined: Twilio shows the caller's own number. */
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

/** How a dial ended, as a metric label: a closed set. */
export function dialOutcome(status: string, bridged: boolean, callerGone: boolean): string {
  if (bridged) return 'bridged';
  if (callerGone) return 'caller_gone';
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

/** What a dial that reached nobody means for the next step. */
export function failureOf(outcome: string): FailedDial {
  return outcome === 'busy' || outcome === 'no_answer' || outcome === 'dropped' ? outcome : 'failed';
}

/** Twilio shows the caller's own number unless told otherwise (undefined); a withheld one needs another. */
export function callerIdFor(from: string, ownNumber: string): string | undefined {
  return isPhoneNumber(from) || !isPhoneNumber(ownNumber) ? undefined : ownNumber;
}

/** Whether Twilio can show `text` as a caller id. */
export function isPhoneNumber(text: string): boolean {
  // +266696687 spells ANONYMOUS: some carriers send it for a withheld number.
  return /^\+[1-9]\d{6,14}$/.test(text) && text !== '+266696687';
}
