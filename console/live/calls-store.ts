import { type Signal, batch, signal } from '@preact/signals';
import type { LiveMessage } from './events-socket.js';
import { gatewayNow, noteGatewayTime } from './gateway-clock.js';
import type { CallRow } from '../../src/console/messages.js';

/** A call as the page has it. */
export interface LiveCall {
  call: CallRow;
  /** Since when the caller has heard nothing and said nothing, on the gateway's clock. `undefined` if that is not so. */
  quietSinceMs: number | undefined;
  isGone: boolean;
}

/** A call that comes from another instance may have been escalated long ago. */
const JUST_MS = 5000;

function escalatedAgoMs({ escalation, startedAt }: CallRow): number {
  return escalation === null ? Number.POSITIVE_INFINITY : gatewayNow() - startedAt - escalation.atMs;
}

/** The calls of all instances, each with a signal of its own, so that a change redraws one row. */
export class CallsStore {
  /** Changes with every message. */
  readonly version = signal(0);
  readonly calls = new Map<string, Signal<LiveCall>>();
  /** Called with each turn whose latency the page has not seen yet. */
  onTurn: ((latencyMs: number) => void) | undefined;
  /** Called with each call that has ended or gone elsewhere. */
  onGone: ((call: CallRow) => void) | undefined;
  /** Called with each call that has just been escalated. */
  onEscalated: ((call: CallRow) => void) | undefined;

  apply(messages: readonly LiveMessage[]): void {
    batch(() => {
      for (const message of messages) this.take(message);
      this.version.value++;
    });
  }

  get(callSid: string): Signal<LiveCall> | undefined {
    return this.calls.get(callSid);
  }

  private take(message: LiveMessage): void {
    switch (message.event) {
      case 'snapshot': {
        noteGatewayTime(message.data.now);
        const live = new Set(message.data.calls.map(({ callSid }) => callSid));
        for (const callSid of this.calls.keys()) if (!live.has(callSid)) this.drop(callSid);
        for (const call of message.data.calls) this.put(call, false);
        return;
      }
      case 'batch':
        noteGatewayTime(message.data.now);
        for (const call of message.data.calls) this.put(call, true);
        for (const callSid of message.data.gone) this.drop(callSid);
        return;
      case 'timeline':
      case 'bye':
        return;
    }
  }

  /** `isNew`: whether a call that was not known began just now, and not before the page was opened. */
  private put(call: CallRow, isNew: boolean): void {
    const quietSinceMs = call.quietForMs > 0 ? gatewayNow() - call.quietForMs : undefined;
    const known = this.calls.get(call.callSid);
    const before = known?.value.call;
    if (call.lastTurnMs !== null && before?.lastTurnMs !== call.lastTurnMs) this.onTurn?.(call.lastTurnMs);
    const isJustEscalated = before === undefined ? isNew && escalatedAgoMs(call) < JUST_MS : before.escalation === null;
    if (call.escalation !== null && isJustEscalated) this.onEscalated?.(call);
    const next = { call, quietSinceMs, isGone: false };
    if (known === undefined) this.calls.set(call.callSid, signal(next));
    else known.value = next;
  }

  private drop(callSid: string): void {
    const known = this.calls.get(callSid);
    if (known === undefined) return;
    this.calls.delete(callSid);
    known.value = { ...known.value, quietSinceMs: undefined, isGone: true };
    this.onGone?.(known.value.call);
  }
}
