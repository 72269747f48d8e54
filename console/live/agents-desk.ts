import { batch, signal } from '@preact/signals';
import { type MicrophoneFault, Telephone } from '../audio/telephone.js';
import { CallStore } from './call-store.js';
import { receiveEvents } from './events-socket.js';
import { type PhoneMessage, PhoneSocket } from './phone-socket.js';

export type DeskState = 'waiting' | 'ringing' | 'talking' | 'ended';

interface GuideItem {
  label: string;
  value: string;
  /** Where the value leads. Empty if nowhere. */
  url: string;
}

/** What the flow's guide shows. */
export interface GuideView {
  heading: string;
  description: string;
  bar: readonly GuideItem[];
  sections: readonly { heading: string; items: readonly GuideItem[] }[];
}

/** What the simulated Connect tells the agent of a contact. */
export interface Contact {
  callSid: string;
  customerNumber: string;
  queue: string;
  whisper: string;
  /** `undefined` without a guide. */
  view?: GuideView;
  attributes: Readonly<Record<string, string>>;
}

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 8000;

/** The agent's side of a handover: one contact at a time. */
export class AgentsDesk {
  readonly state = signal<DeskState>('waiting');
  readonly contact = signal<Contact | undefined>(undefined);
  readonly outcome = signal<string | undefined>(undefined);
  readonly error = signal<MicrophoneFault | undefined>(undefined);
  readonly isMuted = signal(false);
  readonly isAnswering = signal(false);
  /** Whether the desk has its line, so that it can ring. */
  readonly isConnected = signal(false);
  readonly talkingSinceMs = signal<number | undefined>(undefined);
  /** The call of the contact. */
  readonly call = signal<CallStore | undefined>(undefined);
  private telephone: Telephone | undefined;
  private socket: PhoneSocket | undefined;
  private delayMs = FIRST_DELAY_MS;
  private stopEvents: () => void = receiveEvents(undefined, () => undefined);

  /** Opens the desk, and opens it again whenever its connection is lost. */
  open(): void {
    this.socket = new PhoneSocket('agent', {
      onMessage: (message) => this.onMessage(message),
      onFrame: (frame) => this.telephone?.play(frame),
      onLost: () => {
        this.isConnected.value = false;
        this.end('lost');
        setTimeout(() => this.open(), this.delayMs);
        this.delayMs = Math.min(this.delayMs * 2, MAX_DELAY_MS);
      },
    });
  }

  async answer(): Promise<void> {
    if (this.state.value !== 'ringing' || this.isAnswering.value) return;
    this.isAnswering.value = true;
    this.error.value = undefined;
    try {
      const telephone = await Telephone.open((frame) => this.socket?.send(frame));
      this.telephone = telephone;
      telephone.mute(this.isMuted.value);
      // Without a microphone the agent can at least listen.
      this.error.value = await telephone.openMicrophone();
    } catch {
      // The browser has no sound for this page now. It rings on, here and at the other desks.
      this.error.value = 'failed';
      return;
    } finally {
      this.isAnswering.value = false;
    }
    if (this.state.peek() === 'ringing') this.socket?.tell({ type: 'answer' });
    else this.putDown();
  }

  hangup(): void {
    this.socket?.tell({ type: 'hangup' });
  }

  toggleMute(): void {
    this.isMuted.value = !this.isMuted.value;
    this.telephone?.mute(this.isMuted.value);
  }

  private onMessage({ outcome, state, type, ...contact }: PhoneMessage): void {
    if (type !== 'status') return;
    this.delayMs = FIRST_DELAY_MS;
    batch(() => {
      this.isConnected.value = true;
      if (state === 'ended') this.end(typeof outcome === 'string' ? outcome : '');
      else this.state.value = state as DeskState;
      if (state === 'ringing') this.ring(contact as unknown as Contact);
      if (state === 'talking') this.talkingSinceMs.value = performance.now();
    });
  }

  private ring(contact: Contact): void {
    this.outcome.value = undefined;
    this.error.value = undefined;
    this.contact.value = contact;
    const store = new CallStore(contact.callSid);
    this.call.value = store;
    this.stopEvents();
    this.stopEvents = receiveEvents(contact.callSid, (messages) => store.apply(messages));
  }

  private end(outcome: string): void {
    if (this.state.value === 'waiting') return;
    this.state.value = 'ended';
    this.outcome.value = outcome;
    this.putDown();
  }

  private putDown(): void {
    this.telephone?.close();
    this.telephone = undefined;
  }
}
