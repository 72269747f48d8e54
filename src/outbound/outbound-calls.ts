import { createHmac } from 'node:crypto';
import type { Timer } from '../base/clock.js';
import type { Refusal } from '../call/admission.js';
import type { CallEvent } from '../call/call-events.js';
import type { OutboundFacts } from '../call/call-facts.js';
import type { SharedNotes } from '../journal/shared-notes.js';
import type { Logger } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { TwilioCalls } from '../twilio/calls-api.js';
import type { Verb } from '../twilio/twiml.js';
import type { VoiceWebhook } from '../twilio/webhooks.js';
import { type CallRecord, isFinal, isLater, isMachine, isOutboundStatus } from './call-record.js';
import { CallRecords, type RecordChange } from './call-records.js';
import type { DoNotCall } from './do-not-call.js';
import { type GuardOptions, type Refused, checkRequest, refused } from './guards.js';
import { MachineWatch } from './machine-watch.js';
import type { OutboundOutcome } from './outcome.js';
import { CallPlacer, type Placed, RING_SECONDS } from './place-call.js';
import { type CallRequest, digestOf, readCallRequest } from './request.js';
import { type Limits, Reservations } from './reservations.js';

/** The calls of this process, as far as those that the gateway makes need them. */
export interface CallsHere {
  has(callSid: string): boolean;
  outgoing(webhook: VoiceWebhook, facts: OutboundFacts): Promise<readonly Verb[]>;
  /** Twilio has detected what has answered. */
  answeredBy(callSid: string, answeredBy: string): void;
  callStatus(webhook: VoiceWebhook): undefined;
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

/** How long after its last ring an unanswered call is asked about, if Twilio has not reported its end. */
const UNANSWERED_AFTER_MS = (RING_SECONDS + 60) * 1000;
/** How long after its end here a call is asked about, if Twilio has not reported that. */
const ENDED_AFTER_MS = 20_000;
/** Age at which a call without a SID counts as left by the instance that was to make it. */
const LEFT_AFTER_MS = 120_000;

/** Makes calls on request, and knows what became of them. */
export class OutboundCalls {
  private readonly options: OutboundCallsOptions;
  private readonly records: CallRecords;
  private readonly reservations: Reservations;
  private readonly placer: CallPlacer;
  private readonly machines: MachineWatch;
  private readonly underWay = new Map<string, Promise<void>>();
  private readonly timers = new Set<Timer>();

  constructor(options: OutboundCallsOptions) {
    const { api, calls, clock, limits, notes, secret, url } = options;
    this.options = options;
    this.records = new CallRecords(notes);
    this.reservations = new Reservations({ notes, limits, secret });
    this.placer = new CallPlacer({
      api,
      clock,
      url,
      sidOf: async (id) => (await this.records.read(id))?.callSid,
      otherSids: (number) => this.reservations.sidsOf(number),
      isWanted: async (id) => (await this.records.read(id))?.isCancelWanted !== true,
    });
    this.machines = new MachineWatch({
      clock,
      read: async (id) => (await this.records.read(id))?.answeredBy,
      onAnswer: (callSid, answeredBy) => calls.answeredBy(callSid, answeredBy),
    });
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
    const isOverdue = record.callSid === undefined ? ageMs > LEFT_AFTER_MS : ageMs > UNANSWERED_AFTER_MS;
    if (isOverdue) await this.refresh(id);
    return isOverdue ? this.records.read(id) : record;
  }

  /** Ends a call, whether it is queued, rings or talks. Returns it as it is then. `undefined` if it is not known. */
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
    this.options.metrics.outboundCalls.inc({ outcome });
  }

  /** Twilio asks what to do with a call that was answered. */
  async onAnswered(webhook: VoiceWebhook): Promise<readonly Verb[]> {
    const { calls, log } = this.options;
    const record = await this.heardOf(webhook);
    const isOurs = record?.callSid === webhook.callSid;
    const isWanted =
      isOurs && record.isCancelWanted !== true && (!isFinal(record.status) || calls.has(webhook.callSid));
    if (isWanted) return calls.outgoing(webhook, factsOf(record));
    log.warn({ call_sid: webhook.callSid }, 'a call was answered that is not wanted any more; it is ended');
    return [{ verb: 'hangup' }];
  }

  /** Twilio reports how far a call has come. */
  async onStatus(webhook: VoiceWebhook): Promise<undefined> {
    const { api, calls, log } = this.options;
    const record = await this.heardOf(webhook);
    calls.callStatus(webhook);
    if (!isOutboundStatus(webhook.callStatus) || isFinal(webhook.callStatus)) return;
    const isOurs = record?.callSid === webhook.callSid && record.isCancelWanted !== true && !isFinal(record.status);
    if (isOurs) return;
    // A call that had been given up, or a second one. It must not ring on.
    log.warn({ call_sid: webhook.callSid }, 'Twilio makes a call that is not wanted any more; it is ended');
    await api.end(webhook.callSid);
  }

  /** Twilio reports what has answered. */
  async onMachine(webhook: VoiceWebhook): Promise<undefined> {
    const answeredBy = /^[a-z_]{1,30}$/.exec(webhook.form.get('AnsweredBy') ?? '')?.[0];
    if (answeredBy === undefined) return;
    const { calls } = this.options;
    if (calls.has(webhook.callSid)) calls.answeredBy(webhook.callSid, answeredBy);
    await this.quietly(webhook, () =>
      this.records.change(idIn(webhook), (record) =>
        record.callSid === webhook.callSid ? { ...record, answeredBy: record.answeredBy ?? answeredBy } : record,
      ),
    );
  }

  /** Follows the calls of this process. */
  onCallEvent(event: CallEvent): void {
    if (event.type === 'started' && event.outboundId !== undefined)
      this.machines.begin(event.callSid, event.outboundId);
    if (event.type !== 'ended') return;
    const id = this.machines.end(event.callSid);
    if (id !== undefined && event.outcome !== 'moved') this.refreshLater(id, ENDED_AFTER_MS);
  }

  /** Resolves when every call that was accepted has been made or given up. */
  async settled(): Promise<void> {
    await Promise.all(this.underWay.values());
  }

  close(): void {
    this.machines.close();
    for (const timer of this.timers) timer.cancel();
    this.timers.clear();
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
    const work = this.place(record)
      .catch((error: unknown) => {
        this.options.log.error({ err: error, outbound_id: id }, 'a call could not be made as planned');
      })
      .finally(() => this.underWay.delete(id));
    this.underWay.set(id, work);
  }

  private async place(record: CallRecord): Promise<void> {
    await this.afterPlacing(record.id, await this.placer.place(record));
  }

  private async afterPlacing(id: string, placed: Placed): Promise<void> {
    switch (placed.is) {
      case 'created':
        await this.onCreated(id, placed.callSid);
        return;
      case 'refused':
        await this.change(id, (record) => ({
          ...record,
          status: 'failed',
          reason: 'refused_by_twilio',
          ...(placed.code === undefined ? {} : { twilioError: placed.code }),
        }));
        return;
      case 'lost':
        await this.change(id, (record) =>
          record.callSid === undefined ? { ...record, status: 'failed', reason: 'lost' } : record,
        );
        return;
      case 'not-wanted':
        await this.change(id, (record) => ({ ...record, status: 'canceled' }));
        return;
    }
  }

  private async onCreated(id: string, callSid: string): Promise<void> {
    const { api, clock, log } = this.options;
    const change = await this.change(id, (record) => ({ ...record, callSid: record.callSid ?? callSid }));
    const record = change?.after;
    if (record === undefined) return;
    log.info({ outbound_id: id, call_sid: callSid }, 'Twilio makes a call');
    await this.reservations.noteSid(id, record.to, callSid, clock.epochMs());
    if (record.callSid !== callSid || record.isCancelWanted === true) await api.end(callSid);
    this.refreshLater(id, UNANSWERED_AFTER_MS);
  }

  /** Takes note of what a webhook says of its call. Returns the call, from memory if the journal does not answer. */
  private async heardOf(webhook: VoiceWebhook): Promise<CallRecord | undefined> {
    const { callSid, callStatus, form } = webhook;
    const seconds = Number(form.get('CallDuration') ?? NaN);
    const change = await this.quietly(webhook, () =>
      this.change(idIn(webhook), (record) => {
        // One that was given up stays so.
        if ((record.callSid ?? callSid) !== callSid || record.reason !== undefined) return record;
        const isNews = isOutboundStatus(callStatus) && isLater(callStatus, record.status);
        return {
          ...record,
          callSid,
          ...(isNews ? { status: callStatus } : {}),
          ...(isNews && isFinal(callStatus) && Number.isFinite(seconds) ? { seconds } : {}),
        };
      }),
    );
    return change?.after ?? this.records.lastKnown(idIn(webhook));
  }

  private async quietly<T>(webhook: VoiceWebhook, action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      const { log } = this.options;
      log.error({ err: error, call_sid: webhook.callSid }, 'the journal did not take a report about an outbound call');
      return undefined;
    }
  }

  /** Changes a call. The one instance whose change ends it counts that, and releases what it took of the limits. */
  private async change(id: string, change: (record: CallRecord) => CallRecord): Promise<RecordChange | undefined> {
    const nowMs = this.options.clock.epochMs();
    const done = await this.records.change(id, (record) => {
      const next = change(record);
      return isFinal(next.status) && !isFinal(record.status) ? { ...next, endedAtMs: nowMs } : next;
    });
    if (done !== undefined && isFinal(done.after.status) && !isFinal(done.before.status)) await this.finish(done.after);
    return done;
  }

  private async finish(record: CallRecord): Promise<void> {
    const { clock, log } = this.options;
    const { callSid, id, to, twilioError } = record;
    const outcome = outcomeOf(record);
    this.count(outcome);
    log.info({ outbound_id: id, call_sid: callSid, outcome, twilio_error: twilioError }, 'an outbound call is over');
    // A call that never was does not count for its number.
    if (outcome === 'refused_by_twilio' || (callSid === undefined && outcome === 'canceled'))
      await this.reservations.forget(id, to, clock.epochMs());
    else await this.reservations.release(id, to, clock.epochMs());
  }

  private refreshLater(id: string, delayMs: number): void {
    const timer = this.options.clock.setTimer(delayMs, () => {
      this.timers.delete(timer);
      void this.refresh(id).catch((error: unknown) => {
        this.options.log.warn({ err: error, outbound_id: id }, 'an outbound call could not be asked about');
      });
    });
    this.timers.add(timer);
  }

  /** Asks Twilio about a call whose end was not reported. */
  private async refresh(id: string): Promise<void> {
    const { api } = this.options;
    const record = await this.records.read(id);
    if (record === undefined || isFinal(record.status)) return;
    if (record.callSid === undefined) {
      // The instance that was to make it is gone. Whether Twilio was asked is not known, so it is not made now.
      const found = await this.placer.lookFor(record, record.createdAtMs);
      await this.afterPlacing(id, found ?? { is: 'lost' });
      return;
    }
    const seen = await api.read(record.callSid);
    const status = seen?.status ?? '';
    if (!isOutboundStatus(status)) return;
    await this.change(id, (current) => ({
      ...current,
      ...(isLater(status, current.status) ? { status } : {}),
      ...(seen?.seconds === undefined ? {} : { seconds: seen.seconds }),
    }));
  }
}

const LIMITS = {
  number_limit: 'This number is being called, or was called too often within a day.',
  minute_limit: 'Too many calls within a minute. See OUTBOUND_CALLS_PER_MINUTE.',
  call_limit: 'Too many calls at once. See OUTBOUND_MAX_CALLS.',
} as const;

function idIn({ form }: VoiceWebhook): string {
  return form.get('outbound_id') ?? '';
}

function recordOf(
  { assistant, consent, context, machine }: CallRequest,
  known: Pick<CallRecord, 'createdAtMs' | 'digest' | 'from' | 'id' | 'to'>,
): CallRecord {
  const { createdAtMs, digest, from, id, to } = known;
  return { id, digest, createdAtMs, to, from, assistant, consent, context, machine, status: 'queued' };
}

function factsOf({ assistant, context, id, machine }: CallRecord): OutboundFacts {
  return {
    id,
    machine,
    ...(assistant === undefined ? {} : { assistant }),
    ...(context === undefined ? {} : { context: JSON.stringify(context) }),
  };
}

function outcomeOf({ answeredBy, machine, reason, status }: CallRecord): OutboundOutcome {
  if (reason !== undefined) return reason;
  if (status === 'completed') {
    if (answeredBy === 'fax') return 'fax';
    if (isMachine(answeredBy) && machine !== 'talk') return machine === 'message' ? 'message_left' : 'machine';
    return 'completed';
  }
  return status === 'no-answer' ? 'no_answer' : (status as 'busy' | 'failed' | 'canceled');
}
