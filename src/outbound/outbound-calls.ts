import { createHmac } from 'node:crypto';
import type { Refusal } from '../call/admission.js';
import type { SharedNotes } from '../journal/shared-notes.js';
import type { Logger } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { TwilioCalls } from '../twilio/calls-api.js';
import { CallProgress, UNANSWERED_AFTER_MS } from './call-progress.js';
import { type CallRecord, isFinal } from './call-record.js';
import { CallRecords } from './call-records.js';
import { CallReports, type LiveCalls } from './call-reports.js';
import type { DoNotCall } from './do-not-call.js';
import { type GuardOptions, type Refused, checkRequest, refused } from './guards.js';
import type { OutboundOutcome } from './outcome.js';
import { CallPlacer } from './place-call.js';
import { type CallRequest, digestOf, readCallRequest } from './request.js';
import { type Limits, Reservations } from './reservations.js';

export interface CallsHere extends LiveCalls {
  /** Why a new call would be refused here. `undefined` if it would not. */
  refusalFor(ownNumber: string): Refusal | undefined;
}

export interface OutboundCallsOptions extends GuardOptions {
  limits: Limits;
  /** Keys of idempotency and numbers stand in names as HMACs with it, the same on all instances. */
  secret: string;
  notes: SharedNotes;
  list: DoNotCall;
  api: TwilioCalls;
  calls: CallsHere;
  isDraining: () => boolean;
  url: (scheme: 'https', path: string) => string;
  log: Logger;
  metrics: Metrics;
}

export type Answer = { is: 'accepted'; id: string } | Refused;

/** Age at which a call without a SID counts as left by the instance that was to make it. */
const LEFT_AFTER_MS = 120_000;

/** Makes calls on request, and knows what became of them. */
export class OutboundCalls {
  /** Takes what Twilio reports. */
  readonly reports: CallReports;
  private readonly options: OutboundCallsOptions;
  private readonly records: CallRecords;
  private readonly reservations: Reservations;
  private readonly placer: CallPlacer;
  private readonly progress: CallProgress;
  private readonly underWay = new Map<string, Promise<void>>();

  constructor(options: OutboundCallsOptions) {
    const { api, calls, clock, limits, log, metrics, notes, secret, url } = options;
    this.options = options;
    this.records = new CallRecords(notes);
    this.reservations = new Reservations({ notes, limits, secret });
    const { records, reservations } = this;
    this.placer = new CallPlacer({
      api,
      clock,
      url,
      sidOf: async (id) => (await records.read(id))?.callSid,
      otherSids: (number) => reservations.sidsOf(number),
      isWanted: async (id) => (await records.read(id))?.isCancelWanted !== true,
    });
    this.progress = new CallProgress({ records, reservations, placer: this.placer, api, clock, log, metrics });
    this.reports = new CallReports({ records, progress: this.progress, calls, api, clock, log });
  }

  /** Makes a call, or says why not. The same key with the same body gets the same answer for a day. */
  async request(json: unknown, key: string): Promise<Answer> {
    const id = this.idOf(key);
    const digest = digestOf(json);
    const known = await this.records.read(id);
    if (known !== undefined) return this.repeated(known, digest);
    const request = readCallRequest(json);
    if (typeof request === 'string') return refused('invalid_request', request);
    const checked = await this.check(request);
    if (checked.is === 'refused') return checked;
    const record = recordOf(request, { ...checked, id, digest, createdAtMs: this.options.clock.epochMs() });
    const reserved = await this.reservations.reserve(id, record.to, record.createdAtMs);
    if (reserved.is === 'refused') return { ...reserved, message: LIMITS[reserved.reason] };
    if (!(await this.records.create(record))) {
      // Another request with the same key came at the same moment, maybe to another instance.
      const first = await this.records.read(id);
      if (first !== undefined && first.to !== record.to)
        await this.reservations.forgetNumber(id, record.to, record.createdAtMs);
      return first === undefined ? refused('unavailable', 'Repeat the request.') : this.repeated(first, digest);
    }
    this.options.log.info({ outbound_id: id }, 'a call was asked for');
    this.begin(record);
    return { is: 'accepted', id };
  }

  /** Returns a call. `undefined` if it is not known, or was asked for more than a day ago. */
  async find(id: string): Promise<CallRecord | undefined> {
    const record = await this.records.read(id);
    if (record === undefined || isFinal(record.status) || this.underWay.has(id)) return record;
    const ageMs = this.options.clock.epochMs() - record.createdAtMs;
    const isOverdue = ageMs > (record.callSid === undefined ? LEFT_AFTER_MS : UNANSWERED_AFTER_MS);
    if (isOverdue) await this.progress.refresh(id);
    return isOverdue ? this.records.read(id) : record;
  }

  /**
   * Ends a call, whether it is queued, rings or talks. Returns it as it is then, and whether Twilio has confirmed it. `undefined` if it
   * is not known.
   */
  async cancel(id: string): Promise<{ record: CallRecord; isDone: boolean } | undefined> {
    const change = await this.records.change(id, (record) =>
      isFinal(record.status) ? record : { ...record, isCancelWanted: true },
    );
    if (change === undefined) return undefined;
    const record = change.after;
    if (isFinal(record.status) || record.callSid === undefined) return { record, isDone: true };
    return { record, isDone: await this.options.api.end(record.callSid) };
  }

  /** Counts what became of a request. */
  count(outcome: OutboundOutcome): void {
    this.progress.count(outcome);
  }

  /** Resolves when every call that was accepted has been made or given up. */
  async settled(): Promise<void> {
    await Promise.all(this.underWay.values());
  }

  close(): void {
    this.reports.close();
    this.progress.close();
  }

  private async check(request: CallRequest): Promise<Refused | { is: 'ok'; from: string; to: string }> {
    const { calls, isDraining, list } = this.options;
    if (isDraining()) return refused('draining', 'This instance is stopping. Repeat the request.');
    const checked = checkRequest(request, this.options);
    if (checked.is === 'refused') return checked;
    const full = calls.refusalFor(checked.from);
    if (full !== undefined)
      return { ...refused('call_limit', 'The gateway has no room for a call now.'), retryAfterMs: 30_000 };
    if (await list.has(checked.to)) return refused('do_not_call', 'This person does not want to be called.');
    return checked;
  }

  private repeated(record: CallRecord, digest: string): Answer {
    if (record.digest !== digest)
      return refused('idempotency_conflict', 'The Idempotency-Key was used for another request within the last day.');
    this.count('repeated');
    return { is: 'accepted', id: record.id };
  }

  /** The id follows from the key, so that every instance finds the call of a repeated request. */
  private idOf(key: string): string {
    return createHmac('sha256', this.options.secret).update(`outbound-id:${key}`).digest('hex').slice(0, 32);
  }

  private begin(record: CallRecord): void {
    const { id } = record;
    const work = this.placer
      .place(record)
      .then((placed) => this.progress.placed(id, placed))
      .catch((error: unknown) => {
        this.options.log.error({ err: error, outbound_id: id }, 'a call could not be made as planned');
      })
      .finally(() => this.underWay.delete(id));
    this.underWay.set(id, work);
  }
}

const LIMITS = {
  number_limit: 'This number is being called, or was called too often within a day.',
  minute_limit: 'Too many calls within a minute. See OUTBOUND_CALLS_PER_MINUTE.',
  call_limit: 'Too many calls at once. See OUTBOUND_MAX_CALLS.',
} as const;

function recordOf(
  { assistant, consent, context, machine }: CallRequest,
  known: Pick<CallRecord, 'createdAtMs' | 'digest' | 'from' | 'id' | 'to'>,
): CallRecord {
  const { createdAtMs, digest, from, id, to } = known;
  return { id, digest, createdAtMs, to, from, assistant, consent, context, machine, status: 'queued' };
}
