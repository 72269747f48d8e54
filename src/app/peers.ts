import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { VoiceWebhook } from '../twilio/webhooks.js';

/** Whether new calls are taken, as /ready says it. */
export interface Readiness {
  status: string;
  isReady: boolean;
  calls: number;
  workers?: number;
}

/** The other processes behind this one's port. Each has calls of its own, and requests reach any of them. */
export interface Peers {
  /** Of this process; in the URLs of its streams, because an upgrade says nothing else about whose it is. */
  readonly name: string;
  /**
   * The answer of the process that has the call, which is not known here. `by: 'asker'`: this one is to give it.
   * `hasRoom`: this one would take the call, if it is new. Never rejects.
   */
  answer(
    path: string,
    callSid: string,
    webhook: VoiceWebhook,
    hasRoom: boolean,
  ): Promise<{ by: 'asker' } | { by: 'peer'; twiml: string | undefined }>;
  /** Gives the connection away, unanswered. */
  passUpgrade(worker: string, request: IncomingMessage, socket: Socket, head: Buffer): void;
  /** Of all of them together. */
  readiness(): Promise<Readiness>;
  /** Of all of them together, as Prometheus text. */
  metrics(): Promise<string>;
}
