import { randomUUID } from 'node:crypto';
import { type Clock, sleep } from '../../src/clock.js';
import type { IncomingLeg, PhoneEndpoint } from '../twilio/phone.js';
import { DigitInput } from './digit-input.js';
import type { Flow } from './flow.js';
import { type FlowContact, FlowRunner, type FlowStep, type LambdaFunction } from './flow-runner.js';

/** What the agent sees when the call is put through. */
export interface AgentScreen {
  contactId: string;
  queue: string;
  attributes: Readonly<Record<string, string>>;
  /** What the agent hears before the caller. */
  whisper: string;
}

export interface SimulatedConnectOptions {
  flow: Flow;
  whisperFlow: Flow;
  lambda: LambdaFunction;
  /** Queue ARN → name and whether it takes more callers. */
  queues: ReadonlyMap<string, { name: string; hasRoom: boolean }>;
  clock: Clock;
  answersAfterMs?: number;
  agentAnswersAfterMs?: number;
  /** How long the agent and the caller talk before the agent hangs up. */
  agentTalksMs?: number;
  onStep?: (step: FlowStep) => void;
  onAgentScreen?: (screen: AgentScreen) => void;
}

/** A simulated Amazon Connect: answers its number, runs the contact flow on the tones it hears, and finds an agent. */
export class SimulatedConnect implements PhoneEndpoint {
  private readonly options: SimulatedConnectOptions;

  constructor(options: SimulatedConnectOptions) {
    this.options = options;
  }

  ring(leg: IncomingLeg): void {
    const { answersAfterMs = 300, clock } = this.options;
    clock.setTimer(answersAfterMs, () => {
      leg.answer();
      void this.handle(leg);
    });
  }

  private async handle(leg: IncomingLeg): Promise<void> {
    const {
      agentAnswersAfterMs = 1000,
      agentTalksMs = 1500,
      clock,
      flow,
      lambda,
      onAgentScreen,
      onStep,
      queues,
      whisperFlow,
    } = this.options;
    const input = new DigitInput(clock);
    let gone = false;
    const bridged = new Promise<void>((resolve) => leg.onBridged(resolve));
    leg.onDigit((digit) => input.press(digit));
    leg.onHangup(() => {
      gone = true;
      input.close();
    });
    const contact: FlowContact = {
      contactId: randomUUID(),
      customerNumber: leg.from,
      systemNumber: leg.to,
      attributes: {},
      isGone: () => gone,
    };
    const services = { clock, input, lambda, queues, onStep: onStep ?? (() => undefined), onMessage: () => undefined };
    const end = await new FlowRunner(services, contact).run(flow);
    if (typeof end === 'string') {
      leg.hangup();
      return;
    }
    await sleep(clock, agentAnswersAfterMs);
    if (gone) return;
    let whisper = '';
    await new FlowRunner({ ...services, onMessage: (text) => (whisper += text) }, contact).run(whisperFlow);
    onAgentScreen?.({
      contactId: contact.contactId,
      queue: queues.get(end.queue)?.name ?? end.queue,
      attributes: { ...contact.attributes },
      whisper,
    });
    // The caller is joined once the carrier has played all its digits, which may be after the agent is there.
    await Promise.race([bridged, sleep(clock, BRIDGE_EXPECTED_MS)]);
    await sleep(clock, agentTalksMs);
    leg.hangup();
  }
}

/** An agent whose caller is not there by then hangs up. */
const BRIDGE_EXPECTED_MS = 30_000;
