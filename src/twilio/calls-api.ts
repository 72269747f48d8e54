import { z } from 'zod';
import type { Clock } from '../base/clock.js';
import { isConnectFailure } from '../base/connect-failure.js';
import { type TwilioAccount, askTwilio, twilioErrorIn } from './rest-request.js';

// Makes calls, and asks about them, over Twilio's REST API (Twilio: API – Call resource).

/**
 * What became of a request to make a call. `not-processed`: Twilio has not looked at it. `unknown`: it may have been carried out.
 */
export type CreateResult =
  | { is: 'created'; callSid: string }
  | { is: 'refused'; status: number; code: number | undefined }
  | { is: 'not-processed' }
  | { is: 'unknown' };

/** A call as Twilio shows it. */
export interface ListedCall {
  callSid: string;
  status: string;
  direction: string;
  /** When it was created, in epoch milliseconds. `undefined` while Twilio does not say. */
  createdAtMs: number | undefined;
  answeredBy: string | undefined;
  seconds: number | undefined;
}

export interface TwilioCallsOptions {
  /** Resolves with where the API is, and whose calls are made. */
  account: () => Promise<TwilioAccount>;
  clock: Clock;
  /** Sends the requests. Default: `fetch` of Node. */
  fetch?: typeof fetch | undefined;
}

/** Maximum time of one request. Nobody waits on a telephone for it. */
const LIMIT_MS = 10_000;
/** Maximum size of an answer. A call has about 2 kB. */
const MAX_ANSWER_BYTES = 256 * 1024;
const LISTED = 20;

const callSchema = z.object({
  sid: z.string().regex(/^CA[0-9a-zA-Z]{1,62}$/),
  status: z.string().catch(''),
  direction: z.string().catch(''),
  date_created: z.string().nullish().catch(undefined),
  answered_by: z.string().nullish().catch(undefined),
  duration: z.union([z.string(), z.number()]).nullish().catch(undefined),
});
const listSchema = z.object({ calls: z.array(callSchema) });

/** Twilio's REST API, as far as it makes calls. */
export class TwilioCalls {
  private readonly options: TwilioCallsOptions;

  constructor(options: TwilioCallsOptions) {
    this.options = options;
  }

  /** Makes a call, in one attempt. Never rejects. */
  async create(form: URLSearchParams): Promise<CreateResult> {
    try {
      const { json, status } = await this.request('', form);
      if (status >= 200 && status < 300) {
        const call = callSchema.safeParse(json);
        return call.success ? { is: 'created', callSid: call.data.sid } : { is: 'unknown' };
      }
      // Twilio: error 20429, "not processed, safe to retry". After 408 or a 5xx the call may have been made.
      if (status === 429) return { is: 'not-processed' };
      if (status === 408 || status >= 500) return { is: 'unknown' };
      return { is: 'refused', status, code: twilioErrorIn(json) };
    } catch (error) {
      return { is: isConnectFailure(error) ? 'not-processed' : 'unknown' };
    }
  }

  /** Returns the latest calls between two numbers. `undefined` if Twilio does not tell. Never rejects. */
  async list(from: string, to: string): Promise<readonly ListedCall[] | undefined> {
    try {
      const query = new URLSearchParams({ To: to, From: from, PageSize: String(LISTED) });
      const { json, status } = await this.request(`.json?${query.toString()}`);
      const parsed = listSchema.safeParse(json);
      return status === 200 && parsed.success ? parsed.data.calls.map(listedOf) : undefined;
    } catch {
      return undefined;
    }
  }

  /** Returns a call. `undefined` if Twilio does not tell. Never rejects. */
  async read(callSid: string): Promise<ListedCall | undefined> {
    try {
      const { json, status } = await this.request(`/${callSid}.json`);
      const parsed = callSchema.safeParse(json);
      return status === 200 && parsed.success ? listedOf(parsed.data) : undefined;
    } catch {
      return undefined;
    }
  }

  /** Ends a call, whether it rings or talks. Resolves with whether it is over or about to be. Never rejects. */
  async end(callSid: string): Promise<boolean> {
    try {
      // Twilio: "completed" hangs up a call even if it is in progress, and cancels one that rings.
      const { json, status } = await this.request(`/${callSid}.json`, new URLSearchParams({ Status: 'completed' }));
      // Twilio: error 21220, the call is over already.
      return (status >= 200 && status < 300) || twilioErrorIn(json) === CALL_IS_OVER;
    } catch {
      return false;
    }
  }

  private async request(path: string, form?: URLSearchParams): Promise<{ status: number; json: unknown }> {
    const { account, clock, fetch: send } = this.options;
    return askTwilio({
      account: await account(),
      path: `Calls${path === '' ? '.json' : path}`,
      form,
      limitMs: LIMIT_MS,
      maxBytes: MAX_ANSWER_BYTES,
      clock,
      fetch: send,
    });
  }
}

const CALL_IS_OVER = 21220;

function listedOf(call: z.output<typeof callSchema>): ListedCall {
  const createdAtMs = Date.parse(call.date_created ?? '');
  const seconds = Number(call.duration ?? NaN);
  return {
    callSid: call.sid,
    status: call.status,
    direction: call.direction,
    createdAtMs: Number.isFinite(createdAtMs) ? createdAtMs : undefined,
    answeredBy: call.answered_by ?? undefined,
    seconds: Number.isFinite(seconds) ? seconds : undefined,
  };
}
