import { type Clock, sleep } from '../base/clock.js';
import { PATHS } from '../call/paths.js';
import type { CreateResult, ListedCall } from '../twilio/calls-api.js';
import type { CallRecord } from './call-record.js';

/** What became of a call that was to be made. `lost`: Twilio may have made it, and it cannot be found. */
export type Placed =
  | { is: 'created'; callSid: string }
  | { is: 'refused'; code: number | undefined }
  | { is: 'lost' }
  | { is: 'not-wanted' };

/** How long the telephone rings. Most answering machines answer before. */
export const RING_SECONDS = 40;
/** Delays before a request is repeated that Twilio has not looked at. */
const AGAIN_AFTER_MS = [1000, 2000, 4000, 8000];
/** Delays before each look for a call whose answer was lost. Twilio's list may be behind. */
const LOOK_AFTER_MS = [1000, 3000, 6000];
/** Maximum number of requests of which it is not known what became. */
const MAX_UNKNOWN = 2;
/** Directions of calls that no program has made over REST. What Twilio does not say may be one that has. */
const OTHER_DIRECTIONS: ReadonlySet<string> = new Set(['inbound', 'outbound-dial']);
/** How far Twilio's clock may be behind this one. */
const CLOCK_SKEW_MS = 30_000;

export interface PlaceCallOptions {
  api: {
    create(form: URLSearchParams): Promise<CreateResult>;
    list(from: string, to: string): Promise<readonly ListedCall[] | undefined>;
  };
  clock: Clock;
  url: (scheme: 'https', path: string) => string;
  /** Returns the SID that a callback of Twilio has named for this call, whose URL holds its id. */
  sidOf: (id: string) => Promise<string | undefined>;
  /** Returns the SIDs of other calls to the number. */
  otherSids: (number: string) => Promise<ReadonlySet<string>>;
  /** Whether the call is still wanted. */
  isWanted: (id: string) => Promise<boolean>;
}

/**
 * Has Twilio make a call. Twilio takes no idempotency key, so a request whose answer was lost is never repeated before it is
 * known that it made no call: by the callbacks, which carry the id of the call, and by Twilio's list.
 */
export class CallPlacer {
  private readonly options: PlaceCallOptions;

  constructor(options: PlaceCallOptions) {
    this.options = options;
  }

  async place(record: CallRecord): Promise<Placed> {
    const { api, clock, isWanted } = this.options;
    const form = this.formOf(record);
    let waits = 0;
    for (let unknown = 0; unknown < MAX_UNKNOWN;) {
      if (!(await isWanted(record.id))) return { is: 'not-wanted' };
      const sinceMs = clock.epochMs();
      const created = await api.create(form);
      if (created.is === 'created') return created;
      if (created.is === 'refused') return { is: 'refused', code: created.code };
      if (created.is === 'not-processed') {
        const delayMs = AGAIN_AFTER_MS[waits++];
        if (delayMs === undefined) return { is: 'refused', code: undefined };
        await sleep(clock, delayMs);
        continue;
      }
      unknown++;
      const found = await this.lookFor(record, sinceMs);
      if (found !== undefined) return found;
    }
    return { is: 'lost' };
  }

  /** Looks for a call whose answer was lost. `undefined` if it was certainly not made. */
  async lookFor(record: CallRecord, sinceMs: number): Promise<Placed | undefined> {
    const { clock, sidOf } = this.options;
    let isCertain = false;
    for (const delayMs of LOOK_AFTER_MS) {
      await sleep(clock, delayMs);
      const callSid = await sidOf(record.id);
      if (callSid !== undefined) return { is: 'created', callSid };
      const candidates = await this.candidates(record, sinceMs);
      const [only] = candidates ?? [];
      if (candidates?.length === 1 && only !== undefined) return { is: 'created', callSid: only };
      isCertain = candidates?.length === 0;
    }
    return isCertain ? undefined : { is: 'lost' };
  }

  /** Returns the calls that may be this one. `undefined` if Twilio does not tell. */
  private async candidates({ from, to }: CallRecord, sinceMs: number): Promise<readonly string[] | undefined> {
    const { api, otherSids } = this.options;
    const [listed, others] = await Promise.all([api.list(from, to), otherSids(to)]);
    return listed
      ?.filter(
        ({ callSid, createdAtMs, direction }) =>
          !OTHER_DIRECTIONS.has(direction) &&
          !others.has(callSid) &&
          (createdAtMs ?? sinceMs) >= sinceMs - CLOCK_SKEW_MS,
      )
      .map(({ callSid }) => callSid);
  }

  private formOf({ from, id, to }: CallRecord): URLSearchParams {
    const url = (path: string): string => this.options.url('https', `${path}?id=${id}`);
    const form = new URLSearchParams({
      To: to,
      From: from,
      Url: url(PATHS.outbound),
      Method: 'POST',
      FallbackUrl: this.options.url('https', PATHS.fallback),
      FallbackMethod: 'POST',
      StatusCallback: url(PATHS.outboundStatus),
      StatusCallbackMethod: 'POST',
      Timeout: String(RING_SECONDS),
      // The assistant talks at once, while Twilio listens beside it. Otherwise the person would hear seconds of silence.
      MachineDetection: 'DetectMessageEnd',
      AsyncAmd: 'true',
      AsyncAmdStatusCallback: url(PATHS.outboundMachine),
      AsyncAmdStatusCallbackMethod: 'POST',
    });
    for (const event of ['initiated', 'ringing', 'answered', 'completed']) form.append('StatusCallbackEvent', event);
    return form;
  }
}
