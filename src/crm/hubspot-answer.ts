import { TandemError } from '../base/errors.js';
import { isConnectFailure } from '../base/connect-failure.js';

/** What one request came to. */
export type HubSpotAnswer = { is: 'ok'; body: unknown } | HubSpotFailure;

export interface HubSpotFailure {
  is: 'failed';
  error: TandemError;
  /** `never`: the same request will fail again, now or for the rest of the day. */
  again: 'never' | 'later';
  /** HubSpot may have done what it was asked, though it did not say so. */
  mayBeDone: boolean;
  /** HubSpot asks to wait this long; 0 when it does not say. */
  waitMs: number;
}

/** Answers that HubSpot itself gives before it has written anything; others come from what stands in front of it. */
const NOTHING_DONE: ReadonlySet<number> = new Set([500, 501, 503]);

/**
 * An answer of HubSpot in our words. Of an error's body only what cannot hold personal data is kept: its category and
 * the correlation id that HubSpot's support asks for.
 */
export function readAnswer(request: string, status: number, headers: Headers, body: string): HubSpotAnswer {
  const parsed = parse(body);
  if (status >= 200 && status < 300) {
    return parsed === undefined ? failed('HUBSPOT_FAILED', `${request} was answered without JSON.`, true) : ok(parsed);
  }
  const what = `${request} got ${[String(status), ...identity(parsed)].join(' ')}.`;
  if (status === 429) return throttled(what, headers, fieldOf(parsed, 'policyName'));
  if (status >= 500) return failed('HUBSPOT_FAILED', what, !NOTHING_DONE.has(status));
  return { ...failed('HUBSPOT_REFUSED', what, false), again: 'never' };
}

/** No answer came. */
export function readSilence(request: string, error: unknown): HubSpotFailure {
  return failed('HUBSPOT_UNREACHABLE', `${request} got no answer.`, !isConnectFailure(error));
}

/** The text of a field, or empty. */
export function fieldOf(value: unknown, name: string): string {
  const field = memberOf(value, name);
  return typeof field === 'string' ? field : '';
}

export function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** HubSpot: API usage guidelines – a daily limit resets at midnight in the account's time zone, the others in seconds. */
function throttled(what: string, headers: Headers, policy: string): HubSpotFailure {
  const isDaily = policy === '' ? headers.get('x-hubspot-ratelimit-daily-remaining') === '0' : policy === 'DAILY';
  if (isDaily) return { ...failed('HUBSPOT_DAILY_LIMIT', what, false), again: 'never' };
  const seconds = Number(headers.get('retry-after') ?? '0');
  return { ...failed('HUBSPOT_THROTTLED', what, false), waitMs: seconds > 0 ? seconds * 1000 : 0 };
}

function identity(body: unknown): string[] {
  const category = fieldOf(body, 'category');
  const correlation = fieldOf(body, 'correlationId');
  return [
    ...(/^[A-Z_]{1,64}$/.test(category) ? [category] : []),
    ...(/^[0-9a-f-]{8,64}$/i.test(correlation) ? [`(correlation ${correlation})`] : []),
  ];
}

function ok(body: unknown): HubSpotAnswer {
  return { is: 'ok', body };
}

function failed(
  code: 'HUBSPOT_UNREACHABLE' | 'HUBSPOT_THROTTLED' | 'HUBSPOT_DAILY_LIMIT' | 'HUBSPOT_FAILED' | 'HUBSPOT_REFUSED',
  what: string,
  mayBeDone: boolean,
): HubSpotFailure {
  return { is: 'failed', error: new TandemError(code, `HubSpot ${what}`), again: 'later', mayBeDone, waitMs: 0 };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
