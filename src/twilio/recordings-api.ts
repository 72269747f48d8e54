import { z } from 'zod';
import type { Clock } from '../base/clock.js';
import { isConnectFailure } from '../base/connect-failure.js';
import { SILENCE_BUDGET } from '../base/silence-budget.js';
import { type TwilioAccount, askTwilio, twilioErrorIn } from './rest-request.js';

// Starts, pauses, continues and stops the recording of a live call over Twilio's REST API (Twilio: API – Recording resource).

/** What Twilio replaces a pause with, or whether it leaves the pause out (Twilio: Recording – PauseBehavior). */
export type PauseBehavior = 'silence' | 'skip';

/** What the gateway asks a recording to be. */
export type RecordingChange = 'paused' | 'in-progress' | 'stopped';

/** A recording as Twilio shows it. */
export interface ShownRecording {
  sid: string;
  /** `over`: it can no longer be changed, and nothing more is recorded. */
  is: 'in-progress' | 'paused' | 'over';
}

/**
 * What became of a request. `refused`: it had no effect, and the same request would have none again. `not-processed`: Twilio has not
 * looked at it. `gone`: there is no such recording, or its call is over. `unknown`: it may have been carried out.
 */
export type RecordingResult =
  | { is: 'done'; recording: ShownRecording }
  | { is: 'refused' | 'gone'; status: number; code: number | undefined }
  | { is: 'not-processed' }
  | { is: 'unknown' };

export interface TwilioRecordingsOptions {
  account: TwilioAccount;
  clock: Clock;
  pauseBehavior: PauseBehavior;
  /** Where Twilio reports what becomes of a recording. */
  statusUrl: () => string;
  /** Sends the requests. Default: `fetch` of Node. */
  fetch?: typeof fetch | undefined;
}

/** Stands for the recording that is active, if its SID is not known (Twilio: Recording – update). */
const CURRENT = 'Twilio.CURRENT';
/** Maximum size of an answer. A recording has about 1 kB. */
const MAX_ANSWER_BYTES = 256 * 1024;
/** Twilio answers 21220 if the call or the recording is not in progress. */
const NOT_IN_PROGRESS = 21220;

const recordingSchema = z.object({ sid: z.string().regex(/^RE[0-9a-zA-Z]{1,62}$/), status: z.string() });
const listSchema = z.object({ recordings: z.array(recordingSchema) });

export class TwilioRecordings {
  private readonly options: TwilioRecordingsOptions;

  constructor(options: TwilioRecordingsOptions) {
    this.options = options;
  }

  /** Starts a recording with one channel for each side. One attempt. Never rejects. */
  start(callSid: string): Promise<RecordingResult> {
    const form = new URLSearchParams({
      RecordingChannels: 'dual',
      RecordingStatusCallback: this.options.statusUrl(),
      RecordingStatusCallbackMethod: 'POST',
    });
    for (const event of ['in-progress', 'completed', 'absent']) form.append('RecordingStatusCallbackEvent', event);
    return this.change(callSid, '', form);
  }

  /** Changes a recording, or the active one if its SID is not known. One attempt. Never rejects. */
  update(callSid: string, sid: string | undefined, status: RecordingChange): Promise<RecordingResult> {
    const form = new URLSearchParams({ Status: status });
    if (status === 'paused') form.set('PauseBehavior', this.options.pauseBehavior);
    return this.change(callSid, `/${sid ?? CURRENT}`, form);
  }

  /** Returns the recordings of a call. `undefined` if Twilio does not tell. Never rejects. */
  async list(callSid: string): Promise<readonly ShownRecording[] | undefined> {
    try {
      const { json, status } = await this.ask(callSid, '');
      const parsed = listSchema.safeParse(json);
      return status === 200 && parsed.success ? parsed.data.recordings.map(shown) : undefined;
    } catch {
      return undefined;
    }
  }

  /** Where Twilio keeps a recording. Nobody gets it there without the account's credentials. */
  urlOf(sid: string): string {
    const { accountSid, baseUrl } = this.options.account;
    return `${baseUrl}/2010-04-01/Accounts/${accountSid}/Recordings/${sid}`;
  }

  private async change(callSid: string, path: string, form: URLSearchParams): Promise<RecordingResult> {
    try {
      const { json, status } = await this.ask(callSid, path, form);
      if (status >= 200 && status < 300) {
        const parsed = recordingSchema.safeParse(json);
        return parsed.success ? { is: 'done', recording: shown(parsed.data) } : { is: 'unknown' };
      }
      // Twilio: error 20429, "not processed, safe to retry". After 408 or a 5xx the change may have been made.
      if (status === 429) return { is: 'not-processed' };
      if (status === 408 || status >= 500) return { is: 'unknown' };
      const code = twilioErrorIn(json);
      // 409 says that another state was expected, and does not say which one there is.
      if (status === 409) return { is: 'unknown' };
      return { is: status === 404 || code === NOT_IN_PROGRESS ? 'gone' : 'refused', status, code };
    } catch (error) {
      return { is: isConnectFailure(error) ? 'not-processed' : 'unknown' };
    }
  }

  private ask(callSid: string, path: string, form?: URLSearchParams): ReturnType<typeof askTwilio> {
    const { account, clock, fetch: send } = this.options;
    return askTwilio({
      account,
      path: `Calls/${callSid}/Recordings${path}.json`,
      form,
      limitMs: SILENCE_BUDGET.recordingChangeMs,
      maxBytes: MAX_ANSWER_BYTES,
      clock,
      fetch: send,
    });
  }
}

/** A status that the documentation does not name may be one of a recording that still runs. */
function shown({ sid, status }: z.output<typeof recordingSchema>): ShownRecording {
  if (status === 'paused') return { sid, is: 'paused' };
  const isOver = ['stopped', 'processing', 'completed', 'absent', 'deleted', 'failed'].includes(status);
  return { sid, is: isOver ? 'over' : 'in-progress' };
}
