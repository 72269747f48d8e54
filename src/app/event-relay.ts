import type { CallEvent, CallEventListener } from '../call/call-events.js';
import type { CallIds } from '../telemetry/call-ids.js';
import { FirstOfKind } from '../telemetry/first-of-kind.js';
import type { Logger } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';

export interface EventRelayOptions {
  /** Learns the ids of every call, for the log. */
  ids: CallIds | undefined;
  log: Logger;
  metrics: Metrics;
}

/** Passes the events of all calls to those who listen. A listener that fails costs only its event. */
export class EventRelay {
  private readonly options: EventRelayOptions;
  private readonly listeners = new Set<CallEventListener>();
  private readonly anomalies = new FirstOfKind();

  constructor(options: EventRelayOptions) {
    this.options = options;
  }

  /** Calls `listener` with every event from now on. Returns a function that stops it. */
  watch(listener: CallEventListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  emit(event: CallEvent): void {
    const { ids, log, metrics } = this.options;
    if (ids !== undefined) noteIds(ids, event);
    for (const listener of this.listeners) {
      try {
        listener(event);
      } catch (error) {
        metrics.processorErrors.inc({ processor: 'listener' });
        if (this.anomalies.isFirst(event.callSid, 'listener'))
          log.error({ err: error, call_sid: event.callSid, event: event.type }, 'a listener of call events failed');
      }
    }
  }
}

/** Notes the ids that an event tells, so that every later line of the call has them. */
function noteIds(ids: CallIds, event: CallEvent): void {
  const { callSid, type } = event;
  if (type === 'started' || type === 'ended-elsewhere')
    ids.note(callSid, { conversation_id: event.conversationId, trace_id: event.trace?.id });
  else if (type === 'stream-started') ids.note(callSid, { stream_sid: event.streamSid });
  else if (type === 'handover-prepared' || type === 'dialling') ids.note(callSid, { handover_id: event.handoverId });
  if (type === 'ended' || type === 'ended-elsewhere') ids.end(callSid);
}
