import { batch, computed, signal } from '@preact/signals';
import type { CallRow, CallWithEvents, ConsoleEvent } from '../../src/console/messages.js';
import { read } from './api.js';
import type { LiveMessage } from './events-socket.js';
import { gatewayNow, noteGatewayTime } from './gateway-clock.js';

/** One opened call: its row, and what happened on it. */
export class CallStore {
  readonly callSid: string;
  /** `undefined` until it is known. */
  readonly call = signal<CallRow | undefined>(undefined);
  readonly isUnknown = signal(false);
  /** Whether the gateway knew the call once, and was restarted since. */
  readonly isForgotten = signal(false);
  /** Since when the caller has heard nothing and said nothing, on the gateway's clock. */
  readonly quietSinceMs = signal<number | undefined>(undefined);
  /** In order of time. */
  readonly events = signal<readonly ConsoleEvent[]>([]);
  /** Whether the row and the events are known, so that the page has its places from the first moment on. */
  readonly isReady = computed(() => this.call.value !== undefined && this.hasEvents.value);
  readonly isOver = computed(() => this.call.value?.endedAt !== undefined);
  private readonly hasEvents = signal(false);
  /** On the gateway's clock. */
  private forgottenAtMs: number | undefined;

  /** Whether the call comes from a tape, so that no gateway is behind it. */
  readonly isTape: boolean;

  constructor(callSid: string, isTape = false) {
    this.callSid = callSid;
    this.isTape = isTape;
  }

  /** Reads the call as a whole, also one that has ended. */
  async load(): Promise<void> {
    const { body, status } = await read<CallWithEvents>(`calls/${this.callSid}`);
    batch(() => {
      if (status === 404 && this.call.value === undefined) this.isUnknown.value = true;
      if (status === 404 && this.call.value !== undefined) this.forget();
      if (body === undefined) return;
      this.take(body.call);
      this.hasEvents.value = true;
      // The gateway forgets the words of a call that has ended. An operator who has them on the screen keeps them there.
      if (this.events.value.length === 0) this.events.value = body.events;
    });
  }

  apply(messages: readonly LiveMessage[]): void {
    batch(() => {
      for (const message of messages) this.takeMessage(message);
    });
  }

  /** Returns how long the call has lasted, or lasted, in milliseconds. */
  lengthMs(): number {
    const call = this.call.value;
    return call === undefined ? 0 : Math.max(0, (call.endedAt ?? this.forgottenAtMs ?? gatewayNow()) - call.startedAt);
  }

  private takeMessage(message: LiveMessage): void {
    switch (message.event) {
      case 'snapshot':
      case 'batch': {
        noteGatewayTime(message.data.now);
        const row = message.data.calls.find(({ callSid }) => callSid === this.callSid);
        if (row !== undefined) this.take(row);
        const isGone =
          message.event === 'batch'
            ? message.data.gone.includes(this.callSid)
            : row === undefined && !this.isOver.value;
        if (isGone) void this.load();
        return;
      }
      case 'timeline':
        // Also after a loss of the connection: of what an instance knew that is gone, only this page still has the events.
        this.events.value = merged(this.events.value, message.data.events);
        this.hasEvents.value = true;
        return;
      case 'bye':
        return;
    }
  }

  /** What is on the page stays there, and stands still. */
  private forget(): void {
    if (this.isForgotten.value || this.isOver.value) return;
    this.forgottenAtMs = gatewayNow();
    this.isForgotten.value = true;
    this.quietSinceMs.value = undefined;
  }

  private take(call: CallRow): void {
    this.isUnknown.value = false;
    this.isForgotten.value = false;
    this.forgottenAtMs = undefined;
    this.call.value = call;
    this.quietSinceMs.value = call.quietForMs > 0 ? gatewayNow() - call.quietForMs : undefined;
  }
}

/** Puts changed events in the place of those with the same id, and new ones where their time is. */
export function merged(known: readonly ConsoleEvent[], changed: readonly ConsoleEvent[]): readonly ConsoleEvent[] {
  const byId = new Map(known.map((event) => [event.id, event]));
  for (const event of changed) byId.set(event.id, event);
  return [...byId.values()].sort((a, b) => a.atMs - b.atMs);
}
