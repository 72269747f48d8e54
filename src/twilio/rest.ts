import { SILENCE_BUDGET } from '../base/silence-budget.js';
import { type Clock, sleep } from '../base/clock.js';
import type { Logger } from '../telemetry/log.js';
import { isConnectFailure } from '../base/connect-failure.js';
import { isOver } from './webhooks.js';

/**
 * What became of a change to a live call. `refused`: it had no effect. `unknown`: no answer came, or one that leaves it
 * open; whether the call was changed shows in what Twilio does next.
 */
export type UpdateResult = 'updated' | 'refused' | 'unknown';

export interface TwilioRestOptions {
  /** `https://api.twilio.com`, or that of another region. */
  baseUrl: string;
  accountSid: string;
  authToken: string;
  clock: Clock;
  log: Logger;
  count: (result: UpdateResult) => void;
}

/** Nobody waits for this one. */
const LOOK_MS = 10_000;

type Attempt = { result: UpdateResult; retry: boolean; status?: number; code?: number };

/** What the gateway asks of Twilio: new TwiML for a live call, and whether a call is over (Twilio: API – Call resource). */
export class TwilioRest {
  private readonly options: TwilioRestOptions;

  constructor(options: TwilioRestOptions) {
    this.options = options;
  }

  /** Twilio stops the call's stream and runs `twiml`. Never rejects; bounded by two attempts of three seconds. */
  async updateCall(callSid: string, twiml: string): Promise<UpdateResult> {
    const { clock, count, log } = this.options;
    let attempt = await this.attempt(callSid, twiml);
    if (attempt.retry) {
      await sleep(clock, SILENCE_BUDGET.twilioUpdateRetryMs);
      const first = attempt;
      attempt = await this.attempt(callSid, twiml);
      // The first may have had its effect, whatever the second was told.
      if (attempt.result === 'refused' && first.result === 'unknown') attempt = { ...attempt, result: 'unknown' };
    }
    const { code, result, status } = attempt;
    if (result !== 'updated') {
      log.warn({ call_sid: callSid, result, status, twilio_error: code }, 'Twilio did not take the change of a call');
    }
    count(result);
    return result;
  }

  /** Whether nobody is on the line any more; undefined: Twilio does not say. Never rejects; one attempt of ten seconds. */
  async isOver(callSid: string): Promise<boolean | undefined> {
    try {
      const { body, status } = await this.request(callSid, LOOK_MS);
      const { status: callStatus } = JSON.parse(body) as { status?: unknown };
      return status === 200 && typeof callStatus === 'string' ? isOver({ callStatus }) : undefined;
    } catch {
      return undefined;
    }
  }

  private async attempt(callSid: string, twiml: string): Promise<Attempt> {
    try {
      const { body, status } = await this.request(
        callSid,
        SILENCE_BUDGET.twilioUpdateMs,
        new URLSearchParams({ Twiml: twiml }),
      );
      return judge(status, body);
    } catch (error) {
      return { result: isConnectFailure(error) ? 'refused' : 'unknown', retry: isConnectFailure(error) };
    }
  }

  /** Shows a call, or changes it. Rejects when no answer comes within `limitMs`. */
  private async request(
    callSid: string,
    limitMs: number,
    change?: URLSearchParams,
  ): Promise<{ status: number; body: string }> {
    const { accountSid, authToken, baseUrl, clock } = this.options;
    const abort = new AbortController();
    const deadline = clock.setTimer(limitMs, () => abort.abort());
    try {
      const response = await fetch(`${baseUrl}/2010-04-01/Accounts/${accountSid}/Calls/${callSid}.json`, {
        method: change === undefined ? 'GET' : 'POST',
        headers: { authorization: basicAuthorization(accountSid, authToken) },
        ...(change === undefined ? {} : { body: change }),
        redirect: 'error',
        signal: abort.signal,
      });
      return { status: response.status, body: await response.text() };
    } finally {
      deadline.cancel();
    }
  }
}

/** The account's own credentials (Twilio: API – authentication). */
export function basicAuthorization(accountSid: string, authToken: string): string {
  return `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`;
}

function judge(status: number, body: string): Attempt {
  if (status >= 200 && status < 300) return { result: 'updated', retry: false, status };
  const code = errorCode(body);
  // 429: "not processed, safe to retry" (Twilio: error 20429). After a 5xx nobody knows; the same TwiML again does no
  // harm, for Twilio runs one document at a time.
  if (status >= 500) return { result: 'unknown', retry: true, status, ...code };
  return { result: 'refused', retry: status === 429, status, ...code };
}

function errorCode(body: string): { code?: number } {
  try {
    const { code } = JSON.parse(body) as { code?: unknown };
    return typeof code === 'number' ? { code } : {};
  } catch {
    return {};
  }
}
