import type { WebSocket } from 'ws';

/**
 * The softphone and the agent's desk. They need a simulated carrier, which no file of src/ knows: the gateway's entry brings
 * them in.
 */
export interface Phones {
  /** Takes the connection of a softphone's page: frames of 160 bytes of mu-law every 20 ms, and messages as JSON. */
  onPhone(socket: WebSocket): void;
  /** Takes the connection of a desk's page, which is of the same form. */
  onAgent(socket: WebSocket): void;
  /** Takes note of the gateway's name for the state of a call. */
  onCallState(callSid: string, state: string): void;
  /** Hangs up every call and closes every page's connection. */
  close(): Promise<void>;
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
}

export type OpenPhones = (parts: PhonesParts) => Promise<Phones>;
