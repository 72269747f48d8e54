import { randomUUID } from 'node:crypto';
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { Clock, Timer } from '../../src/base/clock.js';
import { type ConnectionRules, type Failure, connectionRules } from './connection-overrides.js';
import { type Fields, formOf } from './fields.js';
import type { ProblemCode } from './problems.js';
import { type Signer, webhookSignature } from './signing.js';

export type WebhookAnswer =
  { ok: true; status: number; body: string; contentType: string } | { ok: false; what: string; code?: ProblemCode };

/**
 * Returns where a public host really listens, for instance `http://127.0.0.1:8000`. Twilio speaks https and wss to the
 * host; the proxy in front of it need not. `undefined` if no such host exists.
 */
export type Resolve = (publicHost: string) => string | undefined;

export type WebhookMethod = 'GET' | 'POST';

export interface WebhookRequest {
  url: string;
  method: WebhookMethod;
  fields: Fields;
}

const BROKEN_OFF: WebhookAnswer = { ok: false, what: 'the answer was cut off' };

interface OneRequest extends WebhookRequest {
  /** What follows the URL in the signed text. */
  signedFragment: string;
  rules: ConnectionRules;
  deadlineMs: number;
  /** The same for all tries of one request. */
  token: string;
}

type Attempt = WebhookAnswer | 'ct' | 'rt' | 'out-of-time';

/** Sends Twilio's signed requests, within Twilio's limits and the overrides in the fragment of a URL. */
export class WebhookClient {
  private readonly signer: Signer;
  private readonly signsFragment: boolean;
  private readonly resolve: Resolve;
  private readonly clock: Clock;
  private readonly ca: string | undefined;
  private readonly underWay = new Set<ClientRequest>();
  private idleListeners: (() => void)[] = [];
  private pending = 0;
  private closed = false;

  constructor(options: {
    signer: Partial<Signer>;
    signsFragment: boolean;
    resolve: Resolve;
    clock: Clock;
    /** PEM of an authority to trust in addition to the public ones. */
    ca: string | undefined;
  }) {
    this.signer = { authToken: options.signer.authToken, sharedKey: options.signer.sharedKey };
    this.signsFragment = options.signsFragment;
    this.resolve = options.resolve;
    this.clock = options.clock;
    this.ca = options.ca;
  }

  /** Never rejects. */
  async request(request: WebhookRequest): Promise<WebhookAnswer> {
    const rules = connectionRules(request.url);
    if ('code' in rules) return { ok: false, ...rules };
    this.pending++;
    const once: OneRequest = {
      ...request,
      url: request.url.split('#', 1)[0] ?? '',
      signedFragment: this.signsFragment ? new URL(request.url).hash : '',
      rules,
      deadlineMs: this.clock.now() + rules.totalMs,
      token: randomUUID(),
    };
    try {
      for (let retriesLeft = rules.retries; ; retriesLeft--) {
        const result = await this.attempt(once);
        const failure = failureOf(result);
        const isOver = retriesLeft === 0 || failure === undefined || !rules.retryOn.has(failure);
        if (isOver || this.clock.now() >= once.deadlineMs) return answerOf(result, rules);
      }
    } finally {
      this.pending--;
      if (this.pending === 0) for (const listener of this.idleListeners.splice(0)) listener();
    }
  }

  /** Resolves when every request so far has been answered or has failed. */
  whenIdle(): Promise<void> {
    return this.pending === 0
      ? Promise.resolve()
      : new Promise((resolve) => {
          this.idleListeners.push(resolve);
        });
  }

  /** Aborts the requests in flight. Nothing is sent after this. */
  close(): void {
    this.closed = true;
    for (const request of this.underWay) request.destroy();
  }

  private attempt(once: OneRequest): Promise<Attempt> {
    const { fields, method, signedFragment, token, url } = once;
    const target = new URL(url);
    const address = this.closed ? undefined : this.resolve(target.host);
    if (address === undefined) return Promise.resolve('ct');
    const base = new URL(address);
    const form = formOf(fields).toString();
    const signedUrl = method === 'GET' ? `${url}${target.search === '' ? '?' : '&'}${form}` : url;
    const signedFields = method === 'POST' ? fields : {};
    const signature = webhookSignature(this.signer, signedUrl + signedFragment, signedFields);
    const send = base.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send({
      host: base.hostname,
      port: base.port,
      path: new URL(signedUrl).pathname + new URL(signedUrl).search,
      method,
      // The certificate belongs to the address that is really dialled.
      servername: isIP(base.hostname) === 0 ? base.hostname : '',
      ...(this.ca === undefined ? {} : { ca: this.ca }),
      headers: {
        Host: target.host,
        'User-Agent': 'TwilioProxy/1.1',
        Accept: '*/*',
        // The same for every try of one request (Twilio: Webhooks – connection overrides).
        'I-Twilio-Idempotency-Token': token,
        Connection: 'close',
        ...(method === 'POST' && {
          'Content-Type': 'application/x-www-form-urlencoded; charset=UTF-8',
          'Content-Length': Buffer.byteLength(form),
        }),
        ...signature,
      },
    });
    const result = this.outcomeOf(request, base.protocol === 'https:', once);
    request.end(method === 'POST' ? form : undefined);
    return result;
  }

  private outcomeOf(request: ClientRequest, isSecure: boolean, { deadlineMs, rules }: OneRequest): Promise<Attempt> {
    return new Promise((settle) => {
      let connected = false;
      this.underWay.add(request);
      const finish = (result: Attempt): void => {
        connectTimer.cancel();
        readTimer.cancel();
        deadline.cancel();
        this.underWay.delete(request);
        settle(result);
      };
      const giveUp = (result: Attempt): void => {
        finish(result);
        request.destroy();
      };
      const awaitPart = (late: Attempt): Timer => this.clock.setTimer(rules.readMs, () => giveUp(late));
      let readTimer: Timer = { cancel: () => undefined };
      const connectTimer = this.clock.setTimer(rules.connectMs, () => giveUp('ct'));
      const deadline = this.clock.setTimer(deadlineMs - this.clock.now(), () => giveUp('out-of-time'));
      request.on('socket', (socket) => {
        socket.once(isSecure ? 'secureConnect' : 'connect', () => {
          connected = true;
          connectTimer.cancel();
          readTimer = awaitPart('rt');
        });
      });
      request.on('response', (response) => {
        const awaitNext = (): void => {
          readTimer.cancel();
          // A request is not retried once its answer has begun.
          readTimer = awaitPart(BROKEN_OFF);
        };
        awaitNext();
        response.on('data', awaitNext);
        void readAnswer(response).then(finish);
      });
      request.on('error', () => finish(connected ? { ok: false, what: 'the connection broke' } : 'ct'));
    });
  }
}

/** Returns the failure that a retry policy may name. `undefined` if the request must not be retried. */
function failureOf(result: Attempt): Failure | undefined {
  if (result === 'ct' || result === 'rt') return result;
  if (result === 'out-of-time' || !result.ok) return undefined;
  if (result.status >= 500) return '5xx';
  return result.status >= 400 ? '4xx' : undefined;
}

function answerOf(result: Attempt, { readMs, totalMs }: ConnectionRules): WebhookAnswer {
  if (result === 'ct') return { ok: false, what: 'no connection' };
  if (result === 'rt') return { ok: false, what: `no answer within ${Math.min(readMs, totalMs) / 1000} s` };
  if (result === 'out-of-time') return { ok: false, what: `no answer within ${totalMs / 1000} s` };
  return result;
}

async function readAnswer(response: IncomingMessage): Promise<WebhookAnswer> {
  const parts: Buffer[] = [];
  try {
    for await (const part of response as AsyncIterable<Buffer>) parts.push(part);
  } catch {
    return BROKEN_OFF;
  }
  return {
    ok: true,
    status: response.statusCode ?? 0,
    body: Buffer.concat(parts).toString('utf8'),
    contentType: (response.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '',
  };
}
