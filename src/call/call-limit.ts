import type { Clock, Timer } from '../base/clock.js';
import type { Escalation } from '../escalation/escalation.js';
import type { CallStateMachine } from './call-state.js';

/** Delay before the limit is checked again, if it ran out while the call was between two streams. */
const AGAIN_MS = 1000;

/** Transfers a caller to an agent who has talked to the assistant for the maximum time. */
export class CallLimit {
  private readonly options: {
    clock: Clock;
    machine: CallStateMachine;
    escalate: (escalation: Escalation) => void;
  };
  private timer: Timer;

  /** `leftMs`: the time that the call has left. */
  constructor(options: CallLimit['options'], leftMs: number) {
    this.options = options;
    this.timer = this.checkIn(Math.max(0, leftMs));
  }

  close(): void {
    this.timer.cancel();
  }

  private checkIn(delayMs: number): Timer {
    return this.options.clock.setTimer(delayMs, () => this.check());
  }

  private check(): void {
    const { escalate, machine } = this.options;
    const { name } = machine.state;
    // The line is that of a stopping gateway: a colleague continues from here.
    if (name === 'talking') escalate({ trigger: 'stopping', reason: 'call_limit' });
    // Between two streams, or during a goodbye that the caller may interrupt.
    else if (name !== 'ended' && name !== 'dialling' && name !== 'recording') this.timer = this.checkIn(AGAIN_MS);
  }
}
