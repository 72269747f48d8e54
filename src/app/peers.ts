import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { SpanPlace } from '../telemetry/span.js';
import type { VoiceWebhook } from '../twilio/webhooks.js';

/** Whether new calls are accepted, as /ready reports it. */
export interface Readiness {
  status: string;
  isReady: boolean;
  calls: number;
  workers?: number;
}

/** The other processes behind this one's port. Each has its own calls, but a request may reach any of them. */
export interface Peers {
  /** The name of this process. It is part of the URLs of its streams, because an upgrade request names no call. */
  readonly name: string;
  /**
   * Asks for the answer to a webhook about a call that this process does not have. `by: 'peer'`: another process has
   * answered. `by: 'asker'`: this process must answer itself. `hasRoom`: whether this process would accept the call if
   * it is new. `link`: what the request belongs to in another system's trace. Never rejects.
   */
  answer(
    path: string,
    callSid: string,
    webhook: VoiceWebhook,
    hasRoom: boolean,
    link?: SpanPlace,
  ): Promise<{ by: 'asker' } | { by: 'peer'; twiml: string | undefined }>;
  /** Hands an upgrade request with its connection to the process `worker`. */
  passUpgrade(worker: string, request: IncomingMessage, socket: Socket, head: Buffer): void;
  /** Returns the readiness of all processes together. */
  readiness(): Promise<Readiness>;
  /** Returns the metrics of all processes together, as Prometheus text. */
  metrics(): Promise<string>;
}
