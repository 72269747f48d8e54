import type { Hours } from '../outbound/calling-hours.js';
import type { Values } from './variables.js';

/** The calls that the gateway makes. */
export interface OutboundConfig {
  tokens: readonly string[];
  /** `undefined`: that of the number that calls. */
  countries: readonly string[] | undefined;
  /** `undefined`: at any hour. */
  hours: Hours | undefined;
  limits: { perMinute: number; perNumber: number; atOnce: number };
  requiresConsent: boolean;
  /** `undefined`: the pepper of handovers. */
  listPepper: string | undefined;
}

/** `undefined` if the gateway makes no calls. */
export function outboundOf(values: Values): OutboundConfig | undefined {
  const tokens = values.OUTBOUND_API_TOKENS ?? [];
  if (tokens.length === 0) return undefined;
  return {
    tokens,
    countries: values.OUTBOUND_COUNTRIES,
    hours: values.OUTBOUND_HOURS,
    limits: {
      perMinute: values.OUTBOUND_CALLS_PER_MINUTE,
      perNumber: values.OUTBOUND_CALLS_PER_NUMBER,
      atOnce: values.OUTBOUND_MAX_CALLS,
    },
    requiresConsent: values.OUTBOUND_REQUIRE_CONSENT,
    listPepper: values.OUTBOUND_LIST_PEPPER,
  };
}
