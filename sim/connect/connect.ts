import { randomUUID } from 'node:crypto';
import type { Clock } from '../../src/base/clock.js';
import type { IncomingLeg, PhoneEndpoint } from '../twilio/phone.js';
import { DigitInput } from './digit-input.js';
import type { Flow } from './flow.js';
import { type FlowContact, FlowRunner, type FlowServices, type FlowStep, type LambdaFunction } from './flow-runner.js';
import { Presence } from './presence.js';

/** What the agent sees when the call arrives. */
export interface AgentScreen {
  contactId: string;
  /** The number that Connect itself shows, regardless of the contact's attributes. */
  customerNumber: string;
  queue: string;
  attributes: Readonly<Record<string, string>>;
  /** What the agent hears before the caller. */
  whisper: string;
}

/** A contact that a flow has put into a queue. */
export interface QueuedContact {
  screen: AgentScreen;
  /** The line to the caller. */
  leg: IncomingLeg;
}

/** People who answer. */
export interface AgentDesk {
  /** Offers the contact to an agent. Resolves when the agent has hung up, or the caller is gone. */
  serve(contact: QueuedContact): Promise<void>;
}

export interface SimulatedConnectOptions {
  flow: Flow;
  whisperFlow: Flow;
  lambda: LambdaFunction;
  /** The queues by ARN, with their name and whether they accept more callers. */
  queues: ReadonlyMap<string, { name: string; hasRoom: boolean }>;
  clock: Clock;
  /** See {@link FlowServices}. */
  lambdaClock?: Clock;
  answersAfterMs?: number;
  agentAnswersAfterMs?: number;
  /** How long the agent and the caller talk before the agent hangs up. */
  agentTalksMs?: number;
  /** See {@link FlowServices}. */
  takesEmptyAttributes?: boolean;
  /** Called for each step of the flow. Its time counts from the answer. */
  onStep?: (step: FlowStep) => void;
  onAgentScreen?: (screen: AgentScreen) => void;
  /** Where people answer. By default a simulated agent does. */
  desk?: AgentDesk | undefined;
}

/**
 * A simulated Amazon Connect. It answers its number, runs the contact flow on the tones it hears, and finds an agent.
 */
export class SimulatedConnect implements PhoneEndpoint {
  private readonly options: SimulatedConnectOptions;

  constructor(options: SimulatedConnectOptions) {
    this.options = options;
  }

  ring(leg: IncomingLeg): void {
    const { answersAfterMs = 300, clock } = this.options;
    const presence = new Presence(clock);
    const input = new DigitInput(clock);
    leg.onDigit((digit) => input.press(digit));
    leg.onBridged(() => presence.bridge());
    leg.onHangup(() => {
      presence.leave();
      input.close();
    });
    void presence.pause(answersAfterMs).then(() => {
      if (presence.isGone) return;
      leg.answer();
      void this.handle(leg, input, presence);
    });
  }

  private async handle(leg: IncomingLeg, input: DigitInput, presence: Presence): Promise<void> {
    const { clock, flow, lambda, lambdaClock = clock, onStep, queues, takesEmptyAttributes = false } = this.options;
    const startedMs = clock.now();
    const contact: FlowContact = {
      contactId: randomUUID(),
      customerNumber: leg.from,
      systemNumber: leg.to,
      attributes: {},
      isGone: () => presence.isGone,
      pause: (delayMs) => presence.pause(delayMs),
    };
    const services: FlowServices = {
      clock,
      lambdaClock,
      input,
      lambda,
      queues,
      takesEmptyAttributes,
      onStep: (step) => onStep?.({ ...step, atMs: step.atMs - startedMs }),
      onMessage: () => undefined,
    };
    const end = await new FlowRunner(services, contact).run(flow);
    if (typeof end === 'object') {
      const { desk } = this.options;
      if (desk === undefined) await this.toAgent(end.queue, services, contact, presence);
      else {
        // While the carrier still plays digits to this leg alone, an agent would hear nobody.
        await presence.bridged;
        const screen = await this.screenOf(end.queue, services, contact, () => Promise.resolve());
        if (!presence.isGone) await desk.serve({ screen, leg });
      }
    }
    if (!presence.isGone) leg.hangup();
  }

  /** Transfers the contact to an agent of the queue, who hears the whisper, sees the screen, talks, and hangs up. */
  private async toAgent(
    queue: string,
    services: FlowServices,
    contact: FlowContact,
    presence: Presence,
  ): Promise<void> {
    const { agentAnswersAfterMs = 1000, agentTalksMs = 1500, onAgentScreen } = this.options;
    await presence.pause(agentAnswersAfterMs);
    if (presence.isGone) return;
    const screen = await this.screenOf(queue, services, contact, (delayMs) => presence.pause(delayMs));
    if (presence.isGone) return;
    onAgentScreen?.(screen);
    // While the carrier still plays digits to this leg alone, the agent cannot hear the caller.
    await presence.bridged;
    await presence.pause(agentTalksMs);
  }

  /** `pause` waits while the whisper is spoken. */
  private async screenOf(
    queue: string,
    services: FlowServices,
    contact: FlowContact,
    pause: FlowContact['pause'],
  ): Promise<AgentScreen> {
    const { queues, whisperFlow } = this.options;
    let whisper = '';
    const heard = { ...services, onMessage: (text: string) => (whisper += text) };
    await new FlowRunner(heard, { ...contact, pause }).run(whisperFlow);
    return {
      contactId: contact.contactId,
      customerNumber: contact.customerNumber,
      queue: queues.get(queue)?.name ?? queue,
      attributes: { ...contact.attributes },
      whisper,
    };
  }
}
