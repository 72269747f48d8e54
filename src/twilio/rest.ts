import { SILENCE_BUDGET } from '../base/silence-budget.js';
import { type Clock, sleep } from '../base/clock.js';
import type { Logger } from '../telemetry/log.js';
import { isConnectFailure } from '../base/connect-failure.js';
import { askTwilio, twilioErrorIn } from './rest-request.js';
import { isOver } from './webhooks.js';

/**
 * The result of changing a live call. `refused`: the change had no effect. `unknown`: no answer came, or one that does
 * not tell. What Twilio does next shows whether the call was changed.
 */
export type UpdateResult = 'updated' | 'refused' | 'unknown';

export interface TwilioRestOptions {
  /** `https://api.twilio.com`, or the URL of another region. */
  baseUrl: string;
  accountSid: string;
  authToken: string;
  clock: Clock;
  log: Logger;
  count: (result: UpdateResult) => void;
  /** Sends the requests. Default: `fetch` of Node. */
  fetch?: typeof fetch;
}

/** Maximum time to ask whether a call is over. No caller waits for the answer. */
const IS_OVER_MS = 10_000;
/** Maximum size of an answer. A call has about 2 kB. */
const MAX_ANSWER_BYTES = 64 * 1024;

type Attempt = { result: UpdateResult; retry: boolean; status?: number; code?: number };

/** Changes live calls and asks whether a call is over, over Twilio's REST API (Twilio: API – Call resource). */
export class TwilioRest {
  private readonly options: TwilioRestOptions;

  constructor(options: TwilioRestOptions) {
    this.options = options;
  }

  /** Makes Twilio stop the call's stream and run `twiml`. At most two attempts of three seconds. Never rejects. */
  async updateCall(callSid: string, twiml: string): Promise<UpdateResult> {
    const { clock, count, log } = this.options;
    let attempt = await this.attempt(callSid, twiml);
    if (attempt.retry) {
      await sleep(clock, SILENCE_BUDGET.twilioUpdateRetryMs);
      const first = attempt;
      attempt = await this.attempt(callSid, twiml);
      // The first attempt may have changed the call even if Twilio refused the second.
      if (attempt.result === 'refused' && first.result === 'unknown') attempt = { ...attempt, result: 'unknown' };
    }
    const { code, result, status } = attempt;
    if (result !== 'updated') {
      log.warn(
        { call_sid: callSid, result, status, twilio_error: code },
        'Twilio did not confirm the change of a live call',
      );
    }
    count(result);
    return result;
  }

  /** Whether the call is over. `undefined` if Twilio does not tell. One attempt of ten seconds. Never rejects. */
  async isOver(callSid: string): Promise<boolean | undefined> {
    try {
      const { json, status } = await this.request(callSid, IS_OVER_MS);
      const { status: callStatus } = json as { status?: unknown };
      return status === 200 && typeof callStatus === 'string' ? isOver({ callStatus }) : undefined;
    } catch {
      return undefined;
    }
  }

  private async attempt(callSid: string, twiml: string): Promise<Attempt> {
    try {
      const { json, status } = await this.request(
        callSid,
        SILENCE_BUDGET.twilioUpdateMs,
        new URLSearchParams({ Twiml: twiml }),
      );
      return judge(status, json);
    } catch (error) {
      return { result: isConnectFailure(error) ? 'refused' : 'unknown', retry: isConnectFailure(error) };
    }
  }

  /** Reads a call, or changes it if `change` is set. Rejects when no answer comes within `limitMs`. */
  private request(callSid: string, limitMs: number, change?: URLSearchParams): ReturnType<typeof askTwilio> {
    const { clock, fetch: send } = this.options;
    return askTwilio({
      account: this.options,
      path: `Calls/${callSid}.json`,
      form: change,
      limitMs,
      maxBytes: MAX_ANSWER_BYTES,
      clock,
      fetch: send,
    });
  }
}

function judge(status: number, json: unknown): Attempt {
  if (status >= 200 && status < 300) return { result: 'updated', retry: false, status };
  const given = twilioErrorIn(json);
  const code = given === undefined ? {} : { code: given };
  // 429: "not processed, safe to retry" (Twilio: error 20429). After a 5xx the change may have been made. Sending the
  // same TwiML again does no harm, because Twilio runs one document at a time.
  if (status >= 500) return { result: 'unknown', retry: true, status, ...code };
  return { result: 'refused', retry: status === 429, status, ...code };
}
