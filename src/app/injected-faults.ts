import type { Clock } from '../base/clock.js';
import type { CallEvent } from '../call/call-events.js';
import type { ActionResult, Fault } from '../console/messages.js';
import type { PhonePages } from '../console/phones.js';
import type { CallbackStore } from '../handover/callbacks.js';
import type { HandoverStore } from '../handover/store.js';
import type { JournalBackend } from '../journal/backend.js';
import type { Logger } from '../telemetry/log.js';
import type { VoiceProvider } from '../voice/session.js';

/**
 * Stands at the edges of a gateway and breaks what passes them, on the operator's request and for one call. Exists only while
 * the carrier is simulated; the gateway's entry brings it in.
 */
export interface InjectedFaults {
  /** Those that exist here. */
  readonly offered: readonly Fault[];
  /** Makes something fail under a call of this process. `impossible`: there is nothing now that could fail. */
  inject(callSid: string, fault: Fault): ActionResult;
  provider(provider: VoiceProvider): VoiceProvider;
  store(store: HandoverStore & CallbackStore): HandoverStore & CallbackStore;
  journal(backend: JournalBackend): JournalBackend;
  /** A stream has come for a call. */
  onStream(callSid: string, stream: { break(): void }): void;
  onCallEvent(event: CallEvent): void;
  close(): void;
}

export interface InjectedFaultsParts {
  clock: Clock;
  /** Kills this process, if another one takes its calls over. */
  kill: (() => void) | undefined;
}

export type OpenInjectedFaults = (parts: InjectedFaultsParts) => Promise<InjectedFaults>;

/** What can be made to fail under the calls of this gateway, the contact centre included. */
export class FaultInjection {
  private readonly faults: InjectedFaults | undefined;
  private readonly phones: PhonePages | undefined;
  private readonly log: Logger;

  /** `faults`: absent if the carrier is not simulated. */
  constructor(options: { faults: InjectedFaults | undefined; phones: PhonePages | undefined; log: Logger }) {
    this.faults = options.faults;
    this.phones = options.phones;
    this.log = options.log;
  }

  get offered(): readonly Fault[] {
    if (this.faults === undefined) return [];
    return [...this.faults.offered, ...(this.phones === undefined ? [] : (['connect-busy'] as const))];
  }

  async inject(callSid: string, fault: Fault): Promise<ActionResult> {
    if (this.faults === undefined || !this.offered.includes(fault)) return 'unknown';
    const result = await this.attempt(this.faults, callSid, fault);
    if (result === 'accepted') this.log.warn({ call_sid: callSid, fault }, 'console fault');
    return result;
  }

  private async attempt(faults: InjectedFaults, callSid: string, fault: Fault): Promise<ActionResult> {
    const result = faults.inject(callSid, fault);
    if (fault !== 'connect-busy' || result !== 'accepted') return result;
    // Only the softphone's calls are dialled through the contact centre of this gateway.
    return (await this.phones?.makeBusy(callSid)) === true ? 'accepted' : 'impossible';
  }
}
