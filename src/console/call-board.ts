import type { Clock } from '../base/clock.js';
import type { CallEvent } from '../call/call-events.js';
import { CallRecord } from './call-record.js';
import { noteEvent } from './note-event.js';
import { maskedNumber } from './masked-number.js';
import type { ContactStep, CallLists, CallRow, CallWithEvents, ConsoleEvent, OperatorRequest } from './messages.js';

/** Maximum number of ended calls that are kept. */
const MAX_RECENT = 50;

/** Called when a call's row may have changed, and with the event that is new or has changed. */
export type BoardListener = (callSid: string, event: ConsoleEvent | undefined) => void;

/**
 * Keeps what the console shows of this process's calls: those that live, and the last that ended. It listens to the calls and
 * never asks them. Numbers are masked and words left out here, so that nothing behind it has them.
 */
export class CallBoard {
  /** Set while somebody watches. Otherwise a change costs only its entry. */
  onChange: BoardListener | undefined;
  private readonly options: {
    clock: Clock;
    /** Returns the name of this process. */
    instance: () => string;
    /** Tells this process from an earlier one of the same name, in the ids of events. */
    run?: string;
    /** Whether words and whole numbers may be shown. */
    showsTranscripts: boolean;
    /** Whether there is a tape of a call. By default there is none. */
    hasTape?: (callSid: string) => boolean;
  };
  private readonly live = new Map<string, CallRecord>();
  /** Oldest first. */
  private readonly ended = new Map<string, CallRecord>();

  constructor(options: CallBoard['options']) {
    this.options = options;
  }

  /** The CallSids of the live calls. */
  get callSids(): string[] {
    return [...this.live.keys()];
  }

  /** The live calls, and those that ended here. A call that another instance has taken over has not ended. */
  get lists(): CallLists {
    const calls = [...this.live.values()].map(({ row }) => row);
    const recent = [...this.ended.values()].map(({ row }) => row).filter(({ outcome }) => outcome !== 'moved');
    return { calls, recent: recent.reverse() };
  }

  /** Returns the row of a live call. `undefined` if there is none. */
  row(callSid: string): CallRow | undefined {
    return this.live.get(callSid)?.row;
  }

  /** Returns a call, live or ended, with its events. `undefined` if it is not known here. */
  find(callSid: string): CallWithEvents | undefined {
    const record = this.recordOf(callSid);
    return record === undefined ? undefined : { call: record.row, events: [...record.events] };
  }

  /** Notes an action of the operator. */
  operated(callSid: string, request: OperatorRequest): void {
    const { action } = request;
    const fault = action === 'fault' ? { fault: request.fault } : {};
    this.recordOf(callSid)?.add({ kind: 'operator', action, ...fault });
  }

  /** Notes what happens at an agent's desk. */
  agentStepped(callSid: string, step: string): void {
    this.recordOf(callSid)?.add({ kind: 'agent', step });
  }

  /** Notes what happens to the contact in the contact centre. */
  contactStepped(callSid: string, step: ContactStep): void {
    this.recordOf(callSid)?.add({ kind: 'handover', ...step });
  }

  /** Notes a line of the call's log. */
  logged(callSid: string, level: string, msg: string): void {
    this.recordOf(callSid)?.add({ kind: 'log', level, msg });
  }

  onCallEvent(event: CallEvent): void {
    const { callSid } = event;
    if (event.type === 'started') this.start(event);
    const record = this.live.get(callSid);
    if (record === undefined) return;
    noteEvent(record, event);
    if (event.type === 'ended') this.end(callSid, record);
    this.onChange?.(callSid, undefined);
  }

  private recordOf(callSid: string): CallRecord | undefined {
    return this.live.get(callSid) ?? this.ended.get(callSid);
  }

  private start(event: Extract<CallEvent, { type: 'started' }>): void {
    const { callSid, from, outboundId, provider, startedAtMs, to, turns } = event;
    const { clock, hasTape = () => false, instance, run = '', showsTranscripts } = this.options;
    const known = this.ended.get(callSid);
    this.ended.delete(callSid);
    known?.revive(event);
    const record =
      known ??
      new CallRecord({
        facts: {
          callSid,
          instance: instance(),
          ...directed(outboundId !== undefined, showsTranscripts ? from : maskedNumber(from), to),
          startedAtMs,
          provider,
          turns,
        },
        clock,
        run,
        showsWords: showsTranscripts,
        hasTape: () => hasTape(callSid),
        onEvent: (changed) => this.onChange?.(callSid, changed),
      });
    this.live.set(callSid, record);
  }

  private end(callSid: string, record: CallRecord): void {
    this.live.delete(callSid);
    this.ended.set(callSid, record);
    const [oldest] = this.ended.keys();
    if (oldest !== undefined && this.ended.size > MAX_RECENT) this.ended.delete(oldest);
  }
}

/** `person` is the caller, or the one whom the gateway has called. */
function directed(
  isOutbound: boolean,
  person: string,
  own: string,
): { direction: 'inbound' | 'outbound'; from: string; to: string } {
  return isOutbound
    ? { direction: 'outbound', from: own, to: person }
    : { direction: 'inbound', from: person, to: own };
}
