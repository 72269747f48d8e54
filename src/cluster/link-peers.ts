import { SILENCE_BUDGET } from '../base/silence-budget.js';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Peers, Readiness } from '../app/peers.js';
import type { SpanPlace } from '../telemetry/span.js';
import type { VoiceWebhook } from '../twilio/webhooks.js';
import type { Link } from './link.js';
import { stopReading } from './pass-socket.js';
import type { ToPrimary, ToWorker, WebhookAnswer } from './protocol.js';

const READINESS_MS = 2000;
const METRICS_MS = 5000;

/** Lets a worker reach the other workers, through the primary. */
export class LinkPeers implements Peers {
  readonly name: string;
  private readonly link: Link<ToPrimary, ToWorker>;

  constructor(name: string, link: Link<ToPrimary, ToWorker>) {
    this.name = name;
    this.link = link;
  }

  async answer(
    path: string,
    callSid: string,
    { form }: VoiceWebhook,
    hasRoom: boolean,
    link?: SpanPlace,
  ): Promise<WebhookAnswer> {
    try {
      return await this.link.ask(
        'webhook',
        { path, callSid, form: form.toString(), hasRoom, link },
        SILENCE_BUDGET.workerAnswerMs,
      );
    } catch {
      return { by: 'asker' };
    }
  }

  passUpgrade(worker: string, request: IncomingMessage, socket: Socket, head: Buffer): void {
    stopReading(socket);
    const { headers, method = 'GET', url = '/' } = request;
    this.link.tell('upgrade', { worker, method, url, headers, head }, socket, () => socket.destroy());
  }

  readiness(): Promise<Readiness> {
    return this.link.ask('readiness', undefined, READINESS_MS);
  }

  metrics(): Promise<string> {
    return this.link.ask('metrics', undefined, METRICS_MS);
  }
}
