import type { BackendWrite, HeldData } from '../journal/backend.js';
import type { Figures } from '../telemetry/figures.js';
import type { MetricObject } from '../telemetry/metric-object.js';
import type { SpanPlace } from '../telemetry/span.js';
import type {
  InstanceAnswers,
  InstanceQuestion,
  InstanceUpdate,
  Opened,
  WrongToken,
} from '../console/other-instances.js';
import type { ContactStep } from '../console/messages.js';
import type { PhonePage, SimulatedAccount } from '../console/phones.js';
import type { Readiness } from '../app/peers.js';

/** A validated webhook on its way to the worker that has the call. */
export interface PassedWebhook {
  path: string;
  callSid: string;
  /** The form as Twilio sent it. */
  form: string;
  /** Whether the worker that received the webhook would take the call if it is new. */
  hasRoom: boolean;
  /** What the request belongs to in another system's trace. */
  link?: SpanPlace | undefined;
}

/** A webhook that the primary passes to a worker. */
export interface GivenWebhook extends Pick<PassedWebhook, 'path' | 'form' | 'link'> {
  /** Whether the worker may decline because the call is new, so that the primary asks another one. */
  mayDecline: boolean;
}

export type GivenAnswer = { declined: true } | { declined: false; twiml: string | undefined };

/** `asker`: the worker that received the webhook answers it. `peer`: another worker has answered it. */
export type WebhookAnswer = { by: 'asker' } | { by: 'peer'; twiml: string | undefined };

/** An upgrade request that has been checked. Its connection is sent along. */
export interface PassedRequest {
  method: string;
  url: string;
  headers: Record<string, string | string[] | undefined>;
  head: Buffer;
}

/** The upgrade request of a stream. */
export interface PassedUpgrade extends PassedRequest {
  /** The name of the worker that announced the stream. */
  worker: string;
}

/** The upgrade request of a page with a telephone. */
export interface PassedPhonePage extends PassedRequest {
  page: PhonePage;
}

/** A worker's place among the others. */
export interface Place {
  name: string;
  /** Starts at 0. */
  index: number;
  workers: number;
  /** The store that the primary opened. `undefined` means the configured one. */
  storeUrl: string | undefined;
  /** The key for the journal in the primary's memory, in base64. Not used if a journal is configured. */
  journalKey: string;
  /** Whether the primary has the softphone and the agent's desk. */
  hasPhones: boolean;
}

/** A question of a worker's console to all others. */
export interface AskedOthers {
  question: InstanceQuestion;
  /** Maximum wait for the answers. */
  limitMs: number;
}

/** Finish the calls, then exit. */
export interface DrainOrder {
  /** Maximum time. */
  seconds: number;
  /** Whether calls that do not finish in time may move to another process. */
  canMove: boolean;
}

type Tell<Asked> = { asked: Asked; answer: unknown };

/** What workers ask or tell the primary. */
export type ToPrimary = {
  hello: { asked: undefined; answer: Place };
  listening: Tell<{ port: number }>;
  webhook: { asked: PassedWebhook; answer: WebhookAnswer };
  upgrade: Tell<PassedUpgrade>;
  /** The worker has the call from now on. */
  'call-started': Tell<string>;
  /** The worker leaves the call to any other worker. */
  'call-moving': Tell<string>;
  'call-ended': Tell<string>;
  'phone-page': Tell<PassedPhonePage>;
  /** For the softphone of the call. Told only if there are phones. */
  'call-state': Tell<{ callSid: string; state: string }>;
  /** The contact centre is busy for this call. False if it is no softphone's. */
  'make-busy': { asked: string; answer: boolean };
  /** The account of the simulated carrier. `undefined` if there is none. */
  'phone-account': { asked: undefined; answer: SimulatedAccount | undefined };
  readiness: { asked: undefined; answer: Readiness };
  metrics: { asked: undefined; answer: string };
  /** What a worker that ends has still to report to CloudWatch. */
  'last-figures': Tell<Figures>;
  /** Somebody watches the calls of all workers here, or does not any more. */
  'console-watch': Tell<{ opened: Opened }>;
  'console-update': Tell<InstanceUpdate>;
  /** This worker was sent a wrong token. */
  'console-wrong-token': Tell<WrongToken>;
  'console-ask': { asked: AskedOthers; answer: InstanceAnswers<unknown> };
  /** The operator stops the whole cluster. */
  'console-stop': Tell<undefined>;
  'journal-write': { asked: BackendWrite; answer: number | 'fenced' };
  'journal-claim': { asked: { callSid: string; owner: string }; answer: HeldData | undefined };
  'journal-read': { asked: { callSid: string }; answer: HeldData | undefined };
};

/** What the primary asks or tells workers. */
export type ToWorker = {
  webhook: { asked: GivenWebhook; answer: GivenAnswer };
  upgrade: Tell<PassedUpgrade>;
  /** What happens at an agent's desk, for the caller of a call of this worker. */
  'agent-step': Tell<{ callSid: string; step: string }>;
  /** What happens to the contact in the simulated contact centre. */
  'contact-step': Tell<{ callSid: string; step: ContactStep }>;
  metrics: { asked: undefined; answer: MetricObject[] };
  /** `undefined` if nothing is reported to CloudWatch. */
  figures: { asked: undefined; answer: Figures | undefined };
  /** What is watched on the other workers. */
  'console-watched': Tell<{ opened: Opened }>;
  'console-update': Tell<{ instance: string; update: InstanceUpdate }>;
  /** Another worker was sent a wrong token. */
  'console-wrong-token': Tell<WrongToken>;
  /** The process of this worker is gone. */
  'console-lost': Tell<string>;
  'console-ask': { asked: InstanceQuestion; answer: unknown };
  /** May be told again, with less time. */
  drain: Tell<DrainOrder>;
};
