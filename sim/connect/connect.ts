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
  /** Called for each step of the flow. Its time counts from the answer. */
  onStep?: (step: FlowStep) => void;
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
      onStep: (step) => onStep?.({ ...step, atMs: step.atMs - startedMs }),
      onMessage: onSaid,
    };
    const end = await new FlowRunner(services, contact).run(flow);
    if (typeof end === 'object') {
      input.toQueue();
      await this.toAgent(end.queue, services, contact, presence);
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
    const { agentAnswersAfterMs = 1000, agentTalksMs = 1500, onAgentScreen, onTalk, onWhisper, queues } = this.options;
    await presence.pause(agentAnswersAfterMs);
    if (presence.isGone) return;
    onAgentScreen?.({
      contactId: contact.contactId,
      customerNumber: contact.customerNumber,
      queue: queues.get(queue)?.name ?? queue,
      priority: contact.priority,
      view: await this.openGuide(services, contact, presence),
      attributes: { ...contact.attributes },
    });
    const whisper = this.flowOf(contact, 'AgentWhisper');
    const heard = (text: string, voice: string): void => onWhisper?.(text, voice);
    if (whisper !== undefined) await new FlowRunner({ ...services, onMessage: heard }, contact).run(whisper);
    if (presence.isGone) return;
    // While the carrier still plays digits to this leg alone, the agent cannot hear the caller.
    await presence.bridged;
    if (!presence.isGone) onTalk?.();
    await presence.pause(agentTalksMs);
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
