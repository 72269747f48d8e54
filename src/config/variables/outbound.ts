import { callingHours, countries, credentials, flag, text, whole } from '../formats.js';
import { secret, variable } from './variable.js';

export const OUTBOUND = {
  OUTBOUND_API_TOKENS: secret({
    about:
      'Comma-separated bearer tokens of the programs that may have calls made by POST /api/calls. Unset: no calls are made.',
    schema: credentials,
  }),
  OUTBOUND_COUNTRIES: variable({
    about:
      'Comma-separated countries that may be called, like US,CA (ISO 3166). Unset: the country of the number that calls.',
    schema: countries,
  }),
  OUTBOUND_HOURS: variable({
    about:
      "Hours in which calls are made, like 09:00-20:00, on the clock of the person called. The request's time_zone says where that is; without it the country's only zone. Unset: at any hour.",
    schema: callingHours,
  }),
  OUTBOUND_CALLS_PER_MINUTE: variable({
    default: '30',
    about: 'Maximum number of calls made within any minute, by all instances that share a Redis.',
    schema: whole(1, 6000),
  }),
  OUTBOUND_CALLS_PER_NUMBER: variable({
    default: '10',
    about: 'Maximum number of calls to one number within 24 hours, by all instances that share a Redis.',
    schema: whole(1, 1000),
  }),
  OUTBOUND_MAX_CALLS: variable({
    default: '10',
    about:
      'Maximum number of calls at the same time that the gateway has made, by all instances that share a Redis. Keep it below MAX_CONCURRENT_CALLS, so that callers find room.',
    schema: whole(1, 10_000),
  }),
  OUTBOUND_REQUIRE_CONSENT: variable({
    default: 'true',
    about: 'true: a request must say on which consent the call rests, by its basis and a reference.',
    schema: flag,
  }),
  OUTBOUND_LIST_PEPPER: secret({
    about:
      'Secret with which the do-not-call list hides its numbers. Unset: HANDOVER_TOKEN_PEPPER. Set it to the old pepper before that is changed, or the list cannot be read.',
    schema: text,
  }),
} as const;
