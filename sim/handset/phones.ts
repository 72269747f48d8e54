import type { WebSocket } from 'ws';
import { type Clock, systemClock } from '../../src/base/clock.js';
import { type SpeechEngine, openSpeechEngine } from '../../src/speech/engine.js';
import { type AgentSide, type StoreLocation, connectSide } from '../caller/agent-side.js';
import { type HandoverStep, handoverStepOf } from '../connect/handover-steps.js';
import { type Agent, Desk } from '../desk/desk.js';
import type { PhoneEndpoint } from '../twilio/phone.js';
import { GATEWAY_NUMBER, SimulatedAccount } from './simulated-account.js';
import { Handset } from './handset.js';

export interface PhonesOptions {
  /** Returns the host by which Twilio knows the gateway. */
  publicHost: () => string;
  /** Returns where the gateway listens, such as `http://127.0.0.1:8000`. */
  origin: () => string;
  /** Where the gateway's handover records are. */
  store: StoreLocation;
  pepper: string;
  /** The number of the contact centre. No other number can be dialled. */
  connectPhoneNumber: string | undefined;
  /** What happens at a desk, for the caller of this CallSid: `ringing`, `talking`, `ended`. */
  onAgentStep: (callSid: string, step: string) => void;
  /** What happens to the contact in the simulated Connect before an agent has it, for the caller of this CallSid. */
  onContactStep: (callSid: string, step: HandoverStep) => void;
  clock?: Clock;
}

const ACCOUNT_SID = `AC${'0'.repeat(32)}`;

/**
 * The softphone and the agent's desk of the console. A softphone calls the gateway through the simulated carrier; when the
 * gateway dials, the simulated Connect runs the real flow with the real Lambda, and a desk rings.
 */
export class Phones {
  private readonly options: PhonesOptions;
  private readonly handsets = new Set<Handset>();
  private readonly agents = new Set<Agent>();
  /** The caller's CallSid by the CallSid of the leg that was dialled for it. */
  private readonly callers = new Map<string, string>();
  private readonly desk: Desk;
  private connect: AgentSide | undefined;
  private engine: Promise<SpeechEngine> | undefined;
  private readonly outgoing: SimulatedAccount;

  constructor(options: PhonesOptions) {
    this.options = options;
    const { clock = systemClock, origin } = options;
    this.outgoing = new SimulatedAccount({
      accountSid: ACCOUNT_SID,
      clock,
      resolve: origin,
      synthesize: (text) => this.synthesize(text),
      phoneOf: (number, callSid) => this.phoneOf(number, callSid),
      waiting: () => [...this.handsets].find(({ isWaiting }) => isWaiting),
    });
    this.desk = new Desk({
      callerOf: (legCallSid) => this.takeCaller(legCallSid),
      onStep: (callSid, step) => {
        if (step === 'talking') this.handsetOf(callSid)?.onAnswered();
        options.onAgentStep(callSid, step);
      },
      onClose: (agent) => this.agents.delete(agent),
    });
  }

  /** Takes the connection of a softphone's page. */
  onPhone(socket: WebSocket): void {
    const { clock = systemClock, origin, publicHost } = this.options;
    const handset = new Handset(socket, {
      clock,
      accountSid: ACCOUNT_SID,
      to: GATEWAY_NUMBER,
      publicHost,
      origin,
      phoneOf: (number, callSid) => this.phoneOf(number, callSid),
      synthesize: (text) => this.synthesize(text),
      onClose: () => void handset.close().finally(() => this.handsets.delete(handset)),
    });
    this.handsets.add(handset);
  }

  /** Opens the account through which the gateway can call a softphone that waits. */
  account(): Promise<{ baseUrl: string; accountSid: string; authToken: string }> {
    return this.outgoing.open();
  }

  /** Takes the connection of a desk's page. */
  onAgent(socket: WebSocket): void {
    this.agents.add(this.desk.open(socket));
  }

  /** Takes note of the gateway's name for the state of a call. */
  onCallState(callSid: string, state: string): void {
    this.handsetOf(callSid)?.onCallState(state);
  }

  /** The contact centre is busy from now on when the gateway dials it for this call. False if it is no softphone's. */
  makeBusy(callSid: string): boolean {
    const handset = this.handsetOf(callSid);
    if (handset === undefined) return false;
    handset.isConnectBusy = true;
    return true;
  }

  /** Hangs up every call and closes every page's connection. */
  async close(): Promise<void> {
    for (const agent of this.agents) agent.close();
    await Promise.all([...this.handsets].map((handset) => handset.close()));
    await this.outgoing.close();
    await this.connect?.close();
    await (await this.engine)?.close();
  }

  private async synthesize(text: string): Promise<Uint8Array> {
    return (await (this.engine ??= openSpeechEngine())).synthesize(text);
  }

  private takeCaller(legCallSid: string): string | undefined {
    const callSid = this.callers.get(legCallSid);
    this.callers.delete(legCallSid);
    return callSid;
  }

  private handsetOf(callSid: string): Handset | undefined {
    return [...this.handsets].find((handset) => handset.callSid === callSid);
  }

  private phoneOf(number: string, callSid: string): PhoneEndpoint | undefined {
    const { clock = systemClock, connectPhoneNumber, pepper, store } = this.options;
    if (number !== connectPhoneNumber) return undefined;
    this.connect ??= connectSide(store, pepper, clock, {
      onStep: (step, legCallSid) => {
        const callSid = this.callers.get(legCallSid);
        const known = handoverStepOf(step);
        if (callSid !== undefined && known !== undefined) this.options.onContactStep(callSid, known);
      },
      onScreen: () => undefined,
      desk: this.desk,
    });
    const { phone } = this.connect;
    return {
      ring: (leg) => {
        if (this.handsetOf(callSid)?.isConnectBusy === true) {
          leg.reject('busy');
          return;
        }
        this.callers.set(leg.callSid, callSid);
        leg.onHangup(() => this.takeCaller(leg.callSid));
        phone.ring(leg);
      },
    };
  }
}
