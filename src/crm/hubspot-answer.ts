import { type ErrorCode, TandemError } from '../base/errors.js';
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

/**
 * Statuses that pass by waiting (HubSpot: error handling). A lock lasts two seconds. A request that timed out may have been
 * read and carried out; one that is locked or too early was not.
 */
const PASSING: ReadonlyMap<number, { why: string; waitMs: number; mayBeDone: boolean }> = new Map([
  [408, { why: 'it ran out of time for the request', waitMs: 0, mayBeDone: true }],
  [423, { why: 'other changes lock it for some seconds', waitMs: 2000, mayBeDone: false }],
  [425, { why: 'it does not take the request so early', waitMs: 0, mayBeDone: false }],
]);
const MIGRATING = 477;

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
  const reply = `answered ${request} with ${[String(status), ...identity(parsed)].join(' ')}`;
  if (status === 429) return throttled(`${reply}.`, headers, fieldOf(parsed, 'policyName'));
  if (status === MIGRATING) return migrating(reply, headers);
  const passing = PASSING.get(status);
  if (passing !== undefined) {
    const { mayBeDone, waitMs, why } = passing;
    return {
      ...failed('HUBSPOT_BUSY', `${reply}: ${why}.`, mayBeDone),
      waitMs: Math.max(waitMs, retryAfterMs(headers)),
    };
  }
  // Any 5xx can come after the object was written: from a proxy that gave up, or from HubSpot itself.
  if (status >= 500) return failed('HUBSPOT_FAILED', `${reply}.`, true);
  return { ...failed('HUBSPOT_REFUSED', `${reply}.`, false), again: 'never' };
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
  return { ...failed('HUBSPOT_THROTTLED', what, false), waitMs: retryAfterMs(headers) };
}

/** HubSpot is moving the account to another place, which takes up to a day (HubSpot: error handling, 477). */
function migrating(reply: string, headers: Headers): HubSpotFailure {
  const minutes = Math.ceil(retryAfterMs(headers) / 60_000);
  const until = minutes > 0 ? `, for about ${minutes} more minutes` : '';
  const what = `${reply}: it is moving the account between its data centres${until}.`;
  return { ...failed('HUBSPOT_MIGRATING', what, false), again: 'never' };
}

/** Returns 0 without the header, or if it does not hold seconds. */
function retryAfterMs(headers: Headers): number {
  const seconds = Number(headers.get('retry-after') ?? '0');
  return seconds > 0 && Number.isFinite(seconds) ? seconds * 1000 : 0;
}

function identity(body: unknown): string[] {
  const category = fieldOf(body, 'category');
  const correlation = fieldOf(body, 'correlationId');
  return [
    ...(/^[A-Z_]{1,64}$/.test(category) ? [category] : []),
    ...(/^[0-9a-f-]{8,64}$/i.test(correlation) ? [`(correlation ${correlation})`] : []),
  ];
}

function failed(code: Extract<ErrorCode, `HUBSPOT_${string}`>, what: string, mayBeDone: boolean): HubSpotFailure {
  return { is: 'failed', error: new TandemError(code, `HubSpot ${what}`), again: 'later', mayBeDone, waitMs: 0 };
}

function parse(body: string | undefined): unknown {
  try {
    return body === undefined ? undefined : JSON.parse(body);
  } catch {
    return undefined;
  }
}
