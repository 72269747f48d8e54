import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { ContactStep } from './messages.js';

/** The pages that have a telephone: the softphone and the agent's desk. */
export type PhonePage = 'phone' | 'agent';

/** An account of the simulated carrier, as Twilio's REST API takes it. */
export interface SimulatedAccount {
  baseUrl: string;
  accountSid: string;
  authToken: string;
}

/** Where the console's pages find their telephone: in this process, or in the primary of a cluster. */
export interface PhonePages {
  /** Takes the connection of a page. Its request has passed the guard. */
  take(page: PhonePage, request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Takes note of the gateway's name for the state of a call. */
  onCallState(callSid: string, state: string): void;
  /** The contact centre is busy from now on when the gateway dials it for this call. False if it is no softphone's. */
  makeBusy(callSid: string): boolean | Promise<boolean>;
  /** Resolves with the account of the simulated carrier, through which calls are made. Absent if there is none. */
  account?: (() => Promise<SimulatedAccount>) | undefined;
  /** Hangs up every call and closes every page's connection. */
  close(): Promise<void>;
}

/**
 * The softphone and the agent's desk. They need a simulated carrier, which no file of src/ knows: the gateway's entry brings
 * them in.
 */
export interface Phones extends Omit<PhonePages, 'take'> {
  /** Takes the connection of a softphone's page: frames of 160 bytes of mu-law every 20 ms, and messages as JSON. */
  onPhone(socket: WebSocket): void;
  /** Takes the connection of a desk's page, which is of the same form. */
  onAgent(socket: WebSocket): void;
}

/** What the phones need to know of the gateway. */
export interface PhonesParts {
  /** Returns the host by which Twilio knows the gateway. */
  publicHost: () => string;
  /** Returns where the gateway listens, such as `http://127.0.0.1:8000`. */
  origin: () => string;
  /** Where the gateway's handover records are. */
  store: { dynamodb_endpoint: string; table: string };
  pepper: string;
  connectPhoneNumber: string | undefined;
  /** Called with what happens at a desk, for the caller of this CallSid: `ringing`, `talking`, `ended`. */
  onAgentStep: (callSid: string, step: string) => void;
  /** Called with what happens to the contact before an agent has it, for the caller of this CallSid. */
  onContactStep: (callSid: string, step: ContactStep) => void;
}

export type OpenPhones = (parts: PhonesParts) => Promise<Phones>;
