import type { WebSocket } from 'ws';
import type { AgentDesk, QueuedContact } from '../connect/connect.js';
import { LiveSocket } from './live-socket.js';

/** How a contact ended for the agent who had it. */
type Outcome = 'agent-hung-up' | 'caller-hung-up' | 'answered-elsewhere';

/** A contact in the queue, or with an agent. */
interface Waiting extends QueuedContact {
  /** The CallSid of the caller's own leg. */
  callSid: string;
  agent: Agent | undefined;
  hasRung: boolean;
  isOver: boolean;
  done: () => void;
}

export type DeskStep = 'ringing' | 'talking' | 'ended';

export interface DeskOptions {
  /** Returns the CallSid of the caller who is at the other end of a leg. */
  callerOf: (legCallSid: string) => string | undefined;
  /** It rings for the caller of this CallSid, an agent has answered, or has hung up. */
  onStep: (callSid: string, step: DeskStep) => void;
  onClose: (agent: Agent) => void;
}

/** The queue of the simulated Connect, and the people who answer it. A contact rings at every free desk, the oldest first. */
export class Desk implements AgentDesk {
  private readonly options: DeskOptions;
  private readonly agents = new Set<Agent>();
  private readonly queue: Waiting[] = [];

  constructor(options: DeskOptions) {
    this.options = options;
  }

  /** Opens a desk for an agent with this page. */
  open(socket: WebSocket): Agent {
    const agent = new Agent(socket, {
      onAnswer: () => this.answer(agent),
      onClose: () => {
        this.agents.delete(agent);
        this.options.onClose(agent);
      },
    });
    this.agents.add(agent);
    agent.wait();
    this.offer();
    return agent;
  }

  serve(contact: QueuedContact): Promise<void> {
    const callSid = this.options.callerOf(contact.leg.callSid) ?? contact.leg.callSid;
    return new Promise((done) => {
      const waiting: Waiting = { ...contact, callSid, agent: undefined, hasRung: false, isOver: false, done };
      waiting.leg.onHangup(() => this.end(waiting, 'caller-hung-up'));
      waiting.leg.onHeard((mulaw) => waiting.agent?.hear(mulaw));
      this.queue.push(waiting);
      this.offer();
    });
  }

  /** Lets the oldest contact that nobody has taken ring at every free desk. */
  private offer(): void {
    const next = this.queue.find(({ agent }) => agent === undefined);
    if (next === undefined) return;
    for (const agent of this.agents) {
      if (!agent.isFree) continue;
      agent.ring(next.callSid, next);
      if (!next.hasRung) this.options.onStep(next.callSid, 'ringing');
      next.hasRung = true;
    }
  }

  private answer(agent: Agent): void {
    const contact = this.queue.find((each) => each.agent === undefined && each.callSid === agent.ringsFor);
    if (contact === undefined) return;
    contact.agent = agent;
    agent.talk({
      speak: (mulaw) => contact.leg.speak(mulaw),
      hangup: () => this.end(contact, 'agent-hung-up'),
    });
    for (const other of this.agents) if (other.ringsFor === contact.callSid) other.over('answered-elsewhere');
    this.options.onStep(contact.callSid, 'talking');
    this.offer();
  }

  private end(contact: Waiting, outcome: Outcome): void {
    if (contact.isOver) return;
    contact.isOver = true;
    this.queue.splice(this.queue.indexOf(contact), 1);
    if (contact.agent !== undefined) {
      contact.agent.over(outcome);
      this.options.onStep(contact.callSid, 'ended');
    } else for (const agent of this.agents) if (agent.ringsFor === contact.callSid) agent.over(outcome);
    // Hangs up the leg.
    contact.done();
    this.offer();
  }
}

/** What an agent has while they talk. */
interface Conversation {
  speak(mulaw: Uint8Array): void;
  hangup(): void;
}

type AgentState =
  { name: 'waiting' } | { name: 'ringing'; callSid: string } | ({ name: 'talking' } & Conversation) | { name: 'ended' };

/** One agent with their page. */
export class Agent {
  private readonly page: LiveSocket;
  private state: AgentState = { name: 'waiting' };

  constructor(socket: WebSocket, listener: { onAnswer: () => void; onClose: () => void }) {
    this.page = new LiveSocket(socket, {
      onMessage: ({ type }) => {
        if (type === 'answer') listener.onAnswer();
        else if (type === 'hangup') this.hangup();
      },
      onFrame: (frame) => {
        if (this.state.name === 'talking') this.state.speak(frame);
      },
      onClose: () => {
        // The contact that rings here rings at the other desks, too, and waits if there is none.
        listener.onClose();
        this.hangup();
      },
    });
  }

  /** After a call the agent is free, too: the next one rings at once. */
  get isFree(): boolean {
    return this.state.name === 'waiting' || this.state.name === 'ended';
  }

  /** The CallSid of the caller for whom it rings here. */
  get ringsFor(): string | undefined {
    return this.state.name === 'ringing' ? this.state.callSid : undefined;
  }

  wait(): void {
    this.enter({ name: 'waiting' });
  }

  ring(callSid: string, { screen: { attributes, customerNumber, queue, view }, whisper }: QueuedContact): void {
    this.enter({ name: 'ringing', callSid }, { callSid, attributes, customerNumber, queue, view, whisper });
  }

  talk(conversation: Conversation): void {
    this.enter({ name: 'talking', ...conversation });
  }

  hear(mulaw: Uint8Array): void {
    this.page.play(mulaw);
  }

  over(outcome: Outcome): void {
    this.enter({ name: 'ended' }, { outcome });
  }

  close(): void {
    this.page.close();
  }

  private hangup(): void {
    if (this.state.name === 'talking') this.state.hangup();
  }

  private enter(state: AgentState, more: Readonly<Record<string, unknown>> = {}): void {
    this.state = state;
    this.page.tell({ type: 'status', state: state.name, ...more });
  }
}
