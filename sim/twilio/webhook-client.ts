import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { Clock } from '../../src/clock.js';
import { type Fields, formOf } from './fields.js';
import { signWebhook } from './signing.js';

/** Twilio: Webhooks – connection overrides, defaults. One more try when no connection comes about. */
const BUDGET_MS = 15_000;
const CONNECT_MS = 5000;
const TRIES = 2;

export type WebhookAnswer =
  { ok: true; status: number; body: string; contentType: string } | { ok: false; what: string };

/**
 * Where a public host really listens, for instance `http://127.0.0.1:8000`: Twilio speaks https and wss to it, the proxy
 * in front of it need not. Undefined: nobody has that name.
 */
export type Resolve = (publicHost: string) => string | undefined;

export type WebhookMethod = 'GET' | 'POST';

export interface WebhookRequest {
  url: string;
  method: WebhookMethod;
  fields: Fields;
}

type Attempt = WebhookAnswer | 'no-connection' | 'out-of-time';

/** Makes Twilio's signed requests, within Twilio's limits. */
export class WebhookClient {
  private readonly authToken: string | undefined;
  private readonly resolve: Resolve;
  private readonly clock: Clock;
  private readonly ca: string | undefined;
  private readonly underWay = new Set<ClientRequest>();
  private idleListeners: (() => void)[] = [];
  private pending = 0;
  private closed = false;

  constructor(options: {
    authToken: string | undefined;
    resolve: Resolve;
    clock: Clock;
    /** PEM of an authority to trust beside the known ones. */
    ca: string | undefined;
  }) {
    this.authToken = options.authToken;
    this.resolve = options.resolve;
    this.clock = options.clock;
    this.ca = options.ca;
  }

  /** Never rejects. */
  async request(request: WebhookRequest): Promise<WebhookAnswer> {
    this.pending++;
    const deadlineMs = this.clock.now() + BUDGET_MS;
    try {
      for (let attempt = 1; attempt <= TRIES; attempt++) {
        const result = await this.attempt(request, deadlineMs);
        if (result === 'out-of-time') return { ok: false, what: 'no answer within 15 s' };
        if (result !== 'no-connection') return result;
      }
      return { ok: false, what: 'no connection' };
    } finally {
      this.pending--;
      if (this.pending === 0) for (const listener of this.idleListeners.splice(0)) listener();
    }
  }

  /** Resolves once every request made so far has been answered or given up. */
  whenIdle(): Promise<void> {
    return this.pending === 0
      ? Promise.resolve()
      : new Promise((resolve) => {
          this.idleListeners.push(resolve);
        });
  }

  /** Breaks off what is under way; nothing is sent any more. */
  close(): void {
    this.closed = true;
    for (const request of this.underWay) request.destroy();
  }

  private attempt({ fields, method, url }: WebhookRequest, deadlineMs: number): Promise<Attempt> {
    const target = new URL(url);
    const address = this.closed ? undefined : this.resolve(target.host);
    if (address === undefined) return Promise.resolve('no-connection');
    const base = new URL(address);
    const form = formOf(fields).toString();
    const signedUrl = method === 'GET' ? `${url}${target.search === '' ? '?' : '&'}${form}` : url;
    const signature =
      this.authToken === undefined ? {} : { 'X-Twilio-Signature': this.sign(signedUrl, method, fields) };
    const send = base.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send({
      host: base.hostname,
      port: base.port,
      path: new URL(signedUrl).pathname + new URL(signedUrl).search,
      method,
      // The certificate is that of the place where the host really listens.
      servername: isIP(base.hostname) === 0 ? base.hostname : '',
      ...(this.ca === undefined ? {} : { ca: this.ca }),
      headers: {
        Host: target.host,
        'User-Agent': 'TwilioProxy/1.1',
        Accept: '*/*',
        Connection: 'close',
        ...(method === 'POST' && {
          'Content-Type': 'application/x-www-form-urlencoded; charset=UTF-8',
          'Content-Length': Buffer.byteLength(form),
        }),
        ...signature,
      },
    });
    const result = this.outcomeOf(request, base.protocol === 'https:', deadlineMs);
    request.end(method === 'POST' ? form : undefined);
    return result;
  }

  private sign(url: string, method: WebhookMethod, fields: Fields): string {
    return signWebhook(this.authToken ?? '', url, method === 'POST' ? fields : {});
  }

  private outcomeOf(request: ClientRequest, isSecure: boolean, deadlineMs: number): Promise<Attempt> {
    return new Promise((settle) => {
      let connected = false;
      this.underWay.add(request);
      const finish = (result: Attempt): void => {
        connectTimer.cancel();
        deadline.cancel();
        this.underWay.delete(request);
        settle(result);
      };
      const giveUp = (result: Attempt): void => {
        finish(result);
        request.destroy();
      };
      const connectTimer = this.clock.setTimer(CONNECT_MS, () => giveUp('no-connection'));
      const deadline = this.clock.setTimer(deadlineMs - this.clock.now(), () => giveUp('out-of-time'));
      request.on('socket', (socket) => {
        socket.once(isSecure ? 'secureConnect' : 'connect', () => {
          connected = true;
          connectTimer.cancel();
        });
      });
      request.on('response', (response) => {
        void readAnswer(response).then(finish);
      });
      request.on('error', () => finish(connected ? { ok: false, what: 'the connection broke' } : 'no-connection'));
    });
  }
}

async function readAnswer(response: IncomingMessage): Promise<WebhookAnswer> {
  const parts: Buffer[] = [];
  try {
    for await (const part of response as AsyncIterable<Buffer>) parts.push(part);
  } catch {
    return { ok: false, what: 'the answer broke off' };
  }
  return {
    ok: true,
    status: response.statusCode ?? 0,
    body: Buffer.concat(parts).toString('utf8'),
    contentType: (response.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '',
  };
}
