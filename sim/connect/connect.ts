import { randomUUID } from 'node:crypto';
import type { Clock } from '../../src/base/clock.js';
import type { IncomingLeg, PhoneEndpoint } from '../twilio/phone.js';
import { DigitInput } from './digit-input.js';
import type { Flow } from './flow.js';
import { type FlowContact, newContact } from './flow-contact.js';
import type { LambdaFunction } from './flow-lambda.js';
import { FlowRunner, type FlowServices, type FlowStep } from './flow-runner.js';
import type { GuideView } from './guide-view.js';
import { Presence } from './presence.js';

/** What the agent has when the call arrives. */
export interface AgentScreen {
  contactId: string;
  /** The number that Connect itself shows, regardless of the contact's attributes. */
  customerNumber: string;
  queue: string;
  priority: string;
  /** The view of the guide, which is all that the agent sees of the attributes. `undefined` without a guide. */
  view: GuideView | undefined;
  /** What an agent application of one's own could read of the contact. No agent sees them otherwise. */
  attributes: Readonly<Record<string, string>>;
}

/** A contact that a flow has put into a queue. */
export interface QueuedContact {
  screen: AgentScreen;
  /** What the agent is told before the caller. */
  whisper: string;
  /** The line to the caller. */
  leg: IncomingLeg;
}

/** What a flow leaves behind once its contact is in a queue. */
interface WaitingContact {
  services: FlowServices;
  contact: FlowContact;
  presence: Presence;
  leg: IncomingLeg;
}

/** People who answer. */
export interface AgentDesk {
  /** Offers the contact to an agent. Resolves when the agent has hung up, or the caller is gone. */
  serve(contact: QueuedContact): Promise<void>;
}

export interface SimulatedConnectOptions {
  /** The flow of the number that was called. */
  flow: Flow;
  /** The other flows by ARN. */
  flows: ReadonlyMap<string, Flow>;
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
  buffersTones?: boolean;
  takesEmptyAttributes?: boolean;
  /** Called for each step of the flow. Its time counts from the answer. `legCallSid`: the leg of the contact. */
  onStep?: (step: FlowStep, legCallSid: string) => void;
  /** Called when the agent accepts the contact. */
  onAgentScreen?: (screen: AgentScreen) => void;
  /** The agent hears `text` before the caller. */
  onWhisper?: (text: string, voice: string) => void;
  /** The flow says something to the caller. */
  onSaid?: (text: string, voice: string) => void;
  /** The agent has heard the whisper, and hears the caller from now on. */
  onTalk?: () => void;
  /** Called for each digit that reaches the flow of the queue. */
  onQueueDigit?: () => void;
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
    const { answersAfterMs = 300, clock, onQueueDigit } = this.options;
    const presence = new Presence(clock);
    const input = new DigitInput(clock);
    leg.onDigit((digit) => {
      const before = input.inQueue;
      input.press(digit);
      if (input.inQueue > before) onQueueDigit?.();
    });
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
    const { buffersTones = true, clock, flow, lambda, lambdaClock = clock, onStep, queues } = this.options;
    const { onSaid = () => undefined, takesEmptyAttributes = false } = this.options;
    const startedMs = clock.now();
    const contact = newContact({
      contactId: randomUUID(),
      customerNumber: leg.from,
      systemNumber: leg.to,
      isGone: () => presence.isGone,
      pause: (delayMs) => presence.pause(delayMs),
    });
    const services: FlowServices = {
      clock,
      lambdaClock,
      input,
      buffersTones,
      lambda,
      queues,
      takesEmptyAttributes,
      onStep: (step) => onStep?.({ ...step, atMs: step.atMs - startedMs }, leg.callSid),
      onMessage: onSaid,
    };
    const end = await new FlowRunner(services, contact).run(flow);
    if (typeof end === 'object') {
      input.toQueue();
      const { desk } = this.options;
      if (desk === undefined) await this.toAgent(end.queue, services, contact, presence);
      else await this.toDesk(desk, end.queue, { services, contact, presence, leg });
    }
    if (!presence.isGone) leg.hangup();
  }

  /** Transfers the contact to an agent of the queue, who sees the guide, hears the whisper, talks, and hangs up. */
  private async toAgent(
    queue: string,
    services: FlowServices,
    contact: FlowContact,
    presence: Presence,
  ): Promise<void> {
    const { agentAnswersAfterMs = 1000, agentTalksMs = 1500, onAgentScreen, onTalk, onWhisper } = this.options;
    await presence.pause(agentAnswersAfterMs);
    if (presence.isGone) return;
    onAgentScreen?.(await this.screenOf(queue, services, contact, presence));
    await this.whisper(services, contact, onWhisper);
    if (presence.isGone) return;
    // While the carrier still plays digits to this leg alone, the agent cannot hear the caller.
    await presence.bridged;
    if (!presence.isGone) onTalk?.();
    await presence.pause(agentTalksMs);
  }

  /** Offers the contact to people. They read the whisper, so nobody waits for it to be spoken. */
  private async toDesk(
    desk: AgentDesk,
    queue: string,
    { services, contact, presence, leg }: WaitingContact,
  ): Promise<void> {
    // While the carrier still plays digits to this leg alone, an agent would hear nobody.
    await presence.bridged;
    const screen = await this.screenOf(queue, services, contact, presence);
    let whisper = '';
    const silent = { ...contact, pause: () => Promise.resolve() };
    await this.whisper(services, silent, (text) => (whisper += text));
    if (!presence.isGone) await desk.serve({ screen, whisper, leg });
  }

  private async whisper(
    services: FlowServices,
    contact: FlowContact,
    onWhisper?: (text: string, voice: string) => void,
  ): Promise<void> {
    const flow = this.flowOf(contact, 'AgentWhisper');
    const onMessage = (text: string, voice: string): void => onWhisper?.(text, voice);
    if (flow !== undefined) await new FlowRunner({ ...services, onMessage }, contact).run(flow);
  }

  private async screenOf(
    queue: string,
    services: FlowServices,
    contact: FlowContact,
    presence: Presence,
  ): Promise<AgentScreen> {
    const { queues } = this.options;
    return {
      contactId: contact.contactId,
      customerNumber: contact.customerNumber,
      queue: queues.get(queue)?.name ?? queue,
      priority: contact.priority,
      view: await this.openGuide(services, contact, presence),
      attributes: { ...contact.attributes },
    };
  }

  /**
   * Starts the guide of the contact, which is a contact of its own with the same attributes. Resolves with the first view that
   * it shows. The agent leaves it open until the call is over.
   */
  private openGuide(services: FlowServices, contact: FlowContact, presence: Presence): Promise<GuideView | undefined> {
    const guide = this.flowOf(contact, 'DefaultAgentUI');
    if (guide === undefined) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const showView: FlowServices['showView'] = async (view) => {
        resolve(view);
        await presence.left;
        return 'Back';
      };
      void new FlowRunner({ ...services, showView }, { ...contact }).run(guide).then(() => resolve(undefined));
    });
  }

  private flowOf(contact: FlowContact, event: string): Flow | undefined {
    return this.options.flows.get(contact.hooks[event] ?? '');
  }
}
