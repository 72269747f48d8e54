import type { Logger } from '../../telemetry/log.js';
import type { OutboundFacts } from '../call-facts.js';
import type { CallState, CallStateMachine } from '../call-state.js';
import type { Departure } from './departure.js';

/** States in which a call is not with an agent or a recorder, and not over. */
const CAN_END: ReadonlySet<CallState['name']> = new Set<CallState['name']>(['ringing', 'talking', 'leaving', 'parted']);

export interface AnsweringMachineOptions {
  machine: CallStateMachine;
  departure: Departure;
  log: Logger;
  /** What follows if a machine has answered. */
  wanted: OutboundFacts['machine'];
  /** What a machine is told. `undefined` if there are no words for it; then the call ends. */
  message: string | undefined;
}

/**
 * What the gateway does when Twilio has detected what has answered its call. The assistant talks meanwhile, so that a person
 * does not wait. A machine is reported when it has finished speaking (Twilio: AMD – DetectMessageEnd).
 */
export class AnsweringMachine {
  private readonly options: AnsweringMachineOptions;
  private by: string | undefined;
  private owesMessage = false;

  constructor(options: AnsweringMachineOptions) {
    this.options = options;
  }

  /** `by`: Twilio's word for what has answered. Only the first report counts. */
  answered(by: string): void {
    if (this.by !== undefined) return;
    this.by = by;
    const { log, message, wanted } = this.options;
    log.info({ answered_by: by }, 'Twilio reports what has answered');
    const isFax = by === 'fax';
    if (!isFax && !by.startsWith('machine_')) return;
    if (isFax || wanted === 'hangup' || (wanted === 'message' && message === undefined)) this.hangUp();
    else if (wanted === 'message') this.leaveMessage();
  }

  /** A stream has opened, so that something can be said. */
  onStream(): void {
    if (this.owesMessage) this.leaveMessage();
  }

  private leaveMessage(): void {
    const { departure, machine, message } = this.options;
    this.owesMessage = machine.state.name === 'ringing';
    if (!this.owesMessage && message !== undefined) departure.lastWords(message, 'message_left');
  }

  private hangUp(): void {
    const { departure, machine } = this.options;
    if (!CAN_END.has(machine.state.name)) return;
    departure.part({ exit: { to: 'nobody', outcome: 'machine' }, announce: undefined });
  }
}
