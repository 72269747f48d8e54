import type { Clock } from '../base/clock.js';
import type { CallEvent } from '../call/call-events.js';
import type { OutboundFacts } from '../call/call-facts.js';
import type { Logger } from '../telemetry/log.js';
import type { TwilioCalls } from '../twilio/calls-api.js';
import type { Verb } from '../twilio/twiml.js';
import type { VoiceWebhook } from '../twilio/webhooks.js';
import type { CallProgress } from './call-progress.js';
import { type CallRecord, isFinal, isLater, isOutboundStatus } from './call-record.js';
import type { CallRecords } from './call-records.js';
import { MachineWatch } from './machine-watch.js';

/** The calls of this process, as far as those that the gateway makes need them. */
export interface LiveCalls {
  has(callSid: string): boolean;
  outgoing(webhook: VoiceWebhook, facts: OutboundFacts): Promise<readonly Verb[]>;
  /** Twilio has detected what has answered. */
  answeredBy(callSid: string, answeredBy: string): void;
  callStatus(webhook: VoiceWebhook): undefined;
  /** The answer about a call that nothing is known of. */
  lastResort(webhook: VoiceWebhook): readonly Verb[];
}

export interface CallReportsOptions {
  records: CallRecords;
  progress: CallProgress;
  calls: LiveCalls;
  api: TwilioCalls;
  clock: Clock;
  log: Logger;
}

/** Takes what Twilio reports about the calls that the gateway makes. Each report carries the id of its call. */
export class CallReports {
  private readonly options: CallReportsOptions;
  private readonly machines: MachineWatch;

  constructor(options: CallReportsOptions) {
    const { calls, clock, records } = options;
    this.options = options;
    this.machines = new MachineWatch({
      clock,
      read: async (id) => (await records.read(id))?.answeredBy,
      onAnswer: (callSid, answeredBy) => calls.answeredBy(callSid, answeredBy),
    });
  }

  /** Twilio asks what to do with a call that was answered. */
  async onAnswered(webhook: VoiceWebhook): Promise<readonly Verb[]> {
    const { calls, log } = this.options;
    const record = await this.heardOf(webhook);
    const isOurs = record?.callSid === webhook.callSid;
    const isWanted =
      isOurs && record.isCancelWanted !== true && (!isFinal(record.status) || calls.has(webhook.callSid));
    if (isWanted) return calls.outgoing(webhook, factsOf(record));
    // The journal does not answer, and another instance made the call.
    if (record === undefined) return calls.lastResort(webhook);
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
    if (isOurs || record === undefined) return;
    // A call that had been given up, or a second one. It must not ring on.
    log.warn({ call_sid: webhook.callSid }, 'Twilio makes a call that is not wanted any more; it is ended');
    await api.end(webhook.callSid);
  }

  /** Twilio reports what has answered. */
  async onMachine(webhook: VoiceWebhook): Promise<undefined> {
    const answeredBy = /^[a-z_]{1,30}$/.exec(webhook.form.get('AnsweredBy') ?? '')?.[0];
    if (answeredBy === undefined) return;
    const { calls, records } = this.options;
    if (calls.has(webhook.callSid)) calls.answeredBy(webhook.callSid, answeredBy);
    await this.quietly(webhook, () =>
      records.change(idIn(webhook), (record) =>
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
    if (id !== undefined && event.outcome !== 'moved') this.options.progress.endedHere(id);
  }

  close(): void {
    this.machines.close();
  }

  /** Takes note of what a webhook says of its call. Returns the call, from memory if the journal does not answer. */
  private async heardOf(webhook: VoiceWebhook): Promise<CallRecord | undefined> {
    const { progress, records } = this.options;
    const { callSid, callStatus, form } = webhook;
    const seconds = Number(form.get('CallDuration') ?? NaN);
    const change = await this.quietly(webhook, () =>
      progress.change(idIn(webhook), (record) => {
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
    return change?.after ?? records.lastKnown(idIn(webhook));
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
}

function idIn({ form }: VoiceWebhook): string {
  return form.get('outbound_id') ?? '';
}

function factsOf({ assistant, context, id, machine }: CallRecord): OutboundFacts {
  return {
    id,
    machine,
    ...(assistant === undefined ? {} : { assistant }),
    ...(context === undefined ? {} : { context: JSON.stringify(context) }),
  };
}
