import { type Clock, sleep } from '../clock.js';
import type { Logger } from '../log.js';
import { neverSent } from '../never-sent.js';

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

/** A caller waits on it, so an attempt is given up early. */
const ATTEMPT_MS = 3000;
const RETRY_AFTER_MS = 300;

type Attempt = { result: UpdateResult; retry: boolean; status?: number; code?: number };

/** The one request the gateway makes of Twilio: new TwiML for a live call (Twilio: API – Call resource). */
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
      await sleep(clock, RETRY_AFTER_MS);
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

  private async attempt(callSid: string, twiml: string): Promise<Attempt> {
    const { accountSid, authToken, baseUrl, clock } = this.options;
    const abort = new AbortController();
    const deadline = clock.setTimer(ATTEMPT_MS, () => abort.abort());
    try {
      const response = await fetch(`${baseUrl}/2010-04-01/Accounts/${accountSid}/Calls/${callSid}.json`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}` },
        body: new URLSearchParams({ Twiml: twiml }),
        redirect: 'error',
        signal: abort.signal,
      });
      const body = await response.text();
      return judge(response.status, body);
    } catch (error) {
      return { result: neverSent(error) ? 'refused' : 'unknown', retry: neverSent(error) };
    } finally {
      deadline.cancel();
    }
  }
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
