import { readBounded } from '../base/bounded-body.js';
import type { Clock } from '../base/clock.js';

/** Whose requests are made, and where Twilio's REST API is. */
export interface TwilioAccount {
  baseUrl: string;
  accountSid: string;
  authToken: string;
}

export interface RestRequest {
  account: TwilioAccount;
  /** What follows the account's own path, like `Calls.json`. */
  path: string;
  /** What is posted. Absent: the resource is read. */
  form?: URLSearchParams | undefined;
  limitMs: number;
  maxBytes: number;
  clock: Clock;
  /** Sends the request. Default: `fetch` of Node. */
  fetch?: typeof fetch | undefined;
}

/**
 * Asks Twilio's REST API once (Twilio: API – requests). Resolves with the status and the parsed body, which is `undefined` if it is
 * too long or no JSON. Rejects if no answer comes within `limitMs`.
 */
export async function askTwilio(request: RestRequest): Promise<{ status: number; json: unknown }> {
  const { account, clock, form, limitMs, maxBytes, path } = request;
  const { accountSid, authToken, baseUrl } = account;
  const abort = new AbortController();
  const deadline = clock.setTimer(limitMs, () => abort.abort());
  try {
    const response = await (request.fetch ?? fetch)(`${baseUrl}/2010-04-01/Accounts/${accountSid}/${path}`, {
      method: form === undefined ? 'GET' : 'POST',
      headers: { authorization: basicAuthorization(accountSid, authToken) },
      ...(form === undefined ? {} : { body: form }),
      redirect: 'error',
      signal: abort.signal,
    });
    const text = (await readBounded(response, maxBytes))?.toString('utf8') ?? '';
    return { status: response.status, json: jsonOf(text) };
  } finally {
    deadline.cancel();
  }
}

/** Returns the header for the account's own credentials (Twilio: API – authentication). */
export function basicAuthorization(accountSid: string, authToken: string): string {
  return `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`;
}

/** Returns Twilio's error code in the body of an answer. `undefined` if it has none. */
export function twilioErrorIn(json: unknown): number | undefined {
  const { code } = (typeof json === 'object' && json !== null ? json : {}) as { code?: unknown };
  return typeof code === 'number' ? code : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
