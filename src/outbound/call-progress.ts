import type { Clock, Timer } from '../base/clock.js';
import type { Logger } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { TwilioCalls } from '../twilio/calls-api.js';
import { type CallRecord, isFinal, isLater, isMachine, isOutboundStatus } from './call-record.js';
import type { CallRecords, RecordChange } from './call-records.js';
import type { OutboundOutcome } from './outcome.js';
import { type CallPlacer, type Placed, RING_SECONDS } from './place-call.js';
import type { Reservations } from './reservations.js';

export interface CallProgressOptions {
  records: CallRecords;
  reservations: Reservations;
  placer: CallPlacer;
  api: TwilioCalls;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
}

/** How long after its last ring an unanswered call is asked about, if Twilio has not reported its end. */
export const UNANSWERED_AFTER_MS = (RING_SECONDS + 60) * 1000;
/** How long after its end here a call is asked about, if Twilio has not reported that. */
const ENDED_AFTER_MS = 20_000;

/** Follows each call from the request to its end, which is counted once over all instances. */
export class CallProgress {
  private readonly options: CallProgressOptions;
  private readonly timers = new Set<Timer>();

  constructor(options: CallProgressOptions) {
    this.options = options;
  }

  /** Counts what became of a request. */
  count(outcome: OutboundOutcome): void {
    this.options.metrics.outboundCalls.inc({ outcome });
  }

  /**
   * Changes a call. The one instance whose change ends it counts that, and releases what it took of the limits. `undefined` if there
   * is no such call.
   */
  async change(id: string, change: (record: CallRecord) => CallRecord): Promise<RecordChange | undefined> {
    const { clock, records } = this.options;
    const nowMs = clock.epochMs();
    const done = await records.change(id, (record) => {
      const next = change(record);
      return isFinal(next.status) && !isFinal(record.status) ? { ...next, endedAtMs: nowMs } : next;
    });
    if (done !== undefined && isFinal(done.after.status) && !isFinal(done.before.status)) await this.finish(done.after);
    return done;
  }

  /** Twilio was asked for the call. */
  async placed(id: string, placed: Placed): Promise<void> {
    switch (placed.is) {
      case 'created':
        await this.created(id, placed.callSid);
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

  /** The call is over here, and Twilio will report that. */
  endedHere(id: string): void {
    this.refreshLater(id, ENDED_AFTER_MS);
  }

  /** Asks Twilio about a call whose end was not reported. */
  async refresh(id: string): Promise<void> {
    const { api, placer, records } = this.options;
    const record = await records.read(id);
    if (record === undefined || isFinal(record.status)) return;
    if (record.callSid === undefined) {
      // The instance that was to make it is gone. Whether Twilio was asked is not known, so it is not made now.
      const found = await placer.lookFor(record, record.createdAtMs);
      await this.placed(id, found ?? { is: 'lost' });
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

  close(): void {
    for (const timer of this.timers) timer.cancel();
    this.timers.clear();
  }

  private async created(id: string, callSid: string): Promise<void> {
    const { api, clock, log, reservations } = this.options;
    const change = await this.change(id, (record) => ({ ...record, callSid: record.callSid ?? callSid }));
    const record = change?.after;
    if (record === undefined) return;
    log.info({ outbound_id: id, call_sid: callSid }, 'Twilio makes a call');
    await reservations.noteSid(id, record.to, callSid, clock.epochMs());
    if (record.callSid !== callSid || record.isCancelWanted === true) await api.end(callSid);
    this.refreshLater(id, UNANSWERED_AFTER_MS);
  }

  private async finish(record: CallRecord): Promise<void> {
    const { clock, log, reservations } = this.options;
    const { callSid, id, to, twilioError } = record;
    const outcome = outcomeOf(record);
    this.count(outcome);
    log.info({ outbound_id: id, call_sid: callSid, outcome, twilio_error: twilioError }, 'an outbound call is over');
    // A call that never was does not count for its number.
    const neverWas = outcome === 'refused_by_twilio' || (callSid === undefined && outcome === 'canceled');
    if (neverWas) await reservations.forget(id, to, clock.epochMs());
    else await reservations.release(id, to, clock.epochMs());
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
