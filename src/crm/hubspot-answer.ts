import { TandemError } from '../base/errors.js';
import { isConnectFailure } from '../base/connect-failure.js';

/** The result of one request to HubSpot. */
export type HubSpotAnswer = { is: 'ok'; body: unknown } | HubSpotFailure;

export interface HubSpotFailure {
  is: 'failed';
  error: TandemError;
  /** Whether a retry can succeed. `never` means that it fails again, now or for the rest of the day. */
  again: 'never' | 'later';
  /** Whether HubSpot may have carried the request out without confirming it. */
  mayBeDone: boolean;
  /** Delay before a retry that HubSpot asks for. 0 if it does not ask. */
  waitMs: number;
}

/** Statuses that HubSpot itself returns before it writes anything. Other 5xx statuses come from a proxy in front of it. */
const NOTHING_DONE: ReadonlySet<number> = new Set([500, 501, 503]);

/**
 * Classifies an answer of HubSpot. `body` is `undefined` if it was too long to read. Keeps of an error's body only what
 * cannot hold personal data: the category, and the correlation id that HubSpot's support asks for.
 */
export function readAnswer(
  request: string,
  { body, headers, status }: { status: number; headers: Headers; body: string | undefined },
  isUsable: (body: unknown) => boolean,
): HubSpotAnswer {
  const parsed = parse(body);
  if (status >= 200 && status < 300) {
    const what = body === undefined ? 'with too long a body' : 'without JSON';
    if (parsed === undefined) return failed('HUBSPOT_FAILED', `answered ${request} ${what}.`, true);
    // HubSpot may have done it. Without an id nothing can be tied to it, and a link to it leads nowhere.
    if (!isUsable(parsed)) return failed('HUBSPOT_FAILED', `answered ${request} without the ids it asks for.`, true);
    return { is: 'ok', body: parsed };
  }
  const what = `answered ${request} with ${[String(status), ...identity(parsed)].join(' ')}.`;
  if (status === 429) return throttled(what, headers, fieldOf(parsed, 'policyName'));
  if (status >= 500) return failed('HUBSPOT_FAILED', what, !NOTHING_DONE.has(status));
  return { ...failed('HUBSPOT_REFUSED', what, false), again: 'never' };
}

/** Classifies a request without an answer. */
export function readSilence(request: string, error: unknown): HubSpotFailure {
  return failed('HUBSPOT_UNREACHABLE', `did not answer ${request}.`, !isConnectFailure(error));
}

/** Returns the text of a field, or an empty string. */
export function fieldOf(value: unknown, name: string): string {
  const field = memberOf(value, name);
  return typeof field === 'string' ? field : '';
}

export function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** The daily limit resets at midnight in the account's time zone, the others in seconds (HubSpot: API usage guidelines). */
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

function failed(
  code: 'HUBSPOT_UNREACHABLE' | 'HUBSPOT_THROTTLED' | 'HUBSPOT_DAILY_LIMIT' | 'HUBSPOT_FAILED' | 'HUBSPOT_REFUSED',
  what: string,
  mayBeDone: boolean,
): HubSpotFailure {
  return { is: 'failed', error: new TandemError(code, `HubSpot ${what}`), again: 'later', mayBeDone, waitMs: 0 };
}

function parse(body: string | undefined): unknown {
  try {
    return body === undefined ? undefined : JSON.parse(body);
  } catch {
    return undefined;
  }
}
