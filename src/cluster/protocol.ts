import type { BackendWrite, HeldData } from '../journal/backend.js';
import type { MetricObject } from '../telemetry/metric-object.js';
import type { Readiness } from '../app/peers.js';

/** A webhook that has been checked, on its way to the process that has the call. */
export interface PassedWebhook {
  path: string;
  callSid: string;
  /** The form as Twilio sent it. */
  form: string;
  /** The process that asked would take the call, if it is a new one. */
  hasRoom: boolean;
}

/** A webhook that the primary has given to a process. */
export interface GivenWebhook extends Pick<PassedWebhook, 'path' | 'form'> {
  /** The call is new, and another process may be asked if this one has no room for it. */
  mayDecline: boolean;
}

export type GivenAnswer = { declined: true } | { declined: false; twiml: string | undefined };

/** Who answers a webhook: the process that asked, or another, which has. */
export type WebhookAnswer = { by: 'asker' } | { by: 'peer'; twiml: string | undefined };

/** A stream's request for an upgrade; the connection comes with it. */
export interface PassedUpgrade {
  /** Of the worker that announced the stream. */
  worker: string;
  method: string;
  url: string;
  headers: Record<string, string | string[] | undefined>;
  head: Buffer;
}

/** A worker's place among the others. */
export interface Place {
  name: string;
  /** From 0. */
  index: number;
  workers: number;
  /** The store that the primary opened; undefined: as configured. */
  storeUrl: string | undefined;
  /** For the journal in the primary's memory, in base64. Not used where the journal is configured. */
  journalKey: string;
}

type Tell<Asked> = { asked: Asked; answer: unknown };

/** What workers ask the primary. */
export type ToPrimary = {
  hello: { asked: undefined; answer: Place };
  listening: Tell<{ port: number }>;
  webhook: { asked: PassedWebhook; answer: WebhookAnswer };
  upgrade: Tell<PassedUpgrade>;
  /** A call is this worker's from now on; it is anybody's; it is over. */
  'call-started': Tell<string>;
  'call-moving': Tell<string>;
  'call-ended': Tell<string>;
  readiness: { asked: undefined; answer: Readiness };
  metrics: { asked: undefined; answer: string };
  'journal-write': { asked: BackendWrite; answer: number | 'fenced' };
  'journal-claim': { asked: { callSid: string; owner: string }; answer: HeldData | undefined };
  'journal-read': { asked: { callSid: string }; answer: HeldData | undefined };
};

/** What the primary asks workers. */
export type ToWorker = {
  webhook: { asked: GivenWebhook; answer: GivenAnswer };
  upgrade: Tell<PassedUpgrade>;
  metrics: { asked: undefined; answer: MetricObject[] };
  /** Finish calls, then exit. `canMove`: those that do not finish may go on in another process. */
  drain: Tell<{ canMove: boolean }>;
};
