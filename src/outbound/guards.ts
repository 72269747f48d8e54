import type { Clock } from '../base/clock.js';
import { identifyingNumber } from '../twilio/caller-identity.js';
import { type Hours, isTimeZone, isWithin, nextWithin, zoneOf } from './calling-hours.js';
import { countryOf } from './countries.js';
import type { RefusalReason } from './outcome.js';
import { isPremium } from './premium.js';
import type { CallRequest } from './request.js';

/** Why a request makes no call. `message` has no value of the request in it. */
export interface Refused {
  is: 'refused';
  reason: RefusalReason;
  message: string;
  /** When the same request would pass, in epoch milliseconds. */
  notBeforeMs?: number;
  retryAfterMs?: number;
}

export interface GuardOptions {
  /** The number that calls if the request names none. */
  ownNumber: string | undefined;
  /** Countries that may be called. `undefined`: that of the calling number. */
  countries: readonly string[] | undefined;
  /** `undefined`: at any hour. */
  hours: Hours | undefined;
  requiresConsent: boolean;
  clock: Clock;
  /** Whether there is such an assistant for calls from this number, and it can introduce itself. */
  hasAssistant: (from: string, name: string | undefined) => boolean;
}

/** Checks what can be known of a request without asking anybody. Returns the numbers of the call, or why there is none. */
export function checkRequest(
  request: CallRequest,
  options: GuardOptions,
): Refused | { is: 'ok'; from: string; to: string } {
  const { countries, hasAssistant, ownNumber, requiresConsent } = options;
  const to = identifyingNumber(request.to);
  if (to === undefined)
    return refused('invalid_number', '"to" is no telephone number in E.164 form, like +12025550123.');
  const from = identifyingNumber(request.from ?? ownNumber ?? '');
  if (from === undefined)
    return refused(
      'invalid_number',
      request.from === undefined
        ? 'No number calls: set TWILIO_PHONE_NUMBER, or name one of the account in "from".'
        : '"from" is no telephone number in E.164 form.',
    );
  if (from === to) return refused('invalid_number', 'A number cannot call itself.');
  const country = countryOf(to);
  const allowed = countries ?? [countryOf(from)];
  if (country === undefined || !allowed.includes(country))
    return refused('country_not_allowed', 'Numbers of this country may not be called. See OUTBOUND_COUNTRIES.');
  if (isPremium(to)) return refused('premium_number', 'A call to this number costs more than one to a telephone.');
  if (requiresConsent && request.consent === undefined)
    return refused(
      'consent_missing',
      '"consent" with "basis" and "reference" is required. See OUTBOUND_REQUIRE_CONSENT.',
    );
  if (!hasAssistant(from, request.assistant))
    return refused(
      'unknown_assistant',
      'There is no such assistant, or it has no words in its language to introduce itself with.',
    );
  return checkHours(request, country, options) ?? { is: 'ok', from, to };
}

function checkHours(
  { time_zone: given }: CallRequest,
  country: string,
  { clock, hours }: GuardOptions,
): Refused | undefined {
  if (given !== undefined && !isTimeZone(given))
    return refused('invalid_request', '"time_zone" is no time zone like Europe/Berlin.');
  if (hours === undefined) return undefined;
  const nowMs = clock.epochMs();
  const zone = given ?? zoneOf(country, nowMs);
  if (zone === undefined)
    return refused('time_zone_needed', 'The country has several time zones. Name that of the person in "time_zone".');
  if (isWithin(hours, zone, nowMs)) return undefined;
  return {
    ...refused('outside_hours', 'It is too early or too late there. See OUTBOUND_HOURS.'),
    notBeforeMs: nextWithin(hours, zone, nowMs),
  };
}

export function refused(reason: RefusalReason, message: string): Refused {
  return { is: 'refused', reason, message };
}
