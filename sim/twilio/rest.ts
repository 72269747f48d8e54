import { timingSafeEqual } from 'node:crypto';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sleep } from '../../src/clock.js';
import { callResource } from './call-resource.js';
import { type RestError, updateCall } from './call-update.js';
import { CarrierCall } from './carrier-call.js';
import type { Carrier } from './carrier.js';

export interface RestOptions {
  /** API keys (SID → secret) beside the account's own SID and auth token. */
  apiKeys?: Readonly<Record<string, string>>;
  /** How long each answer takes, on the carrier's network clock. */
  latencyMs?: number;
  /** More requests than this at once get 20429; no limit by default. */
  maxConcurrent?: number;
}

const CALL_PATH = /^\/2010-04-01\/Accounts\/([^/]+)\/Calls\/([^/]+)\.json$/;
const MAX_BODY_BYTES = 64 * 1024;

/** Twilio's REST API for the calls of one carrier, as far as a gateway needs it: show a call, change it, end it. */
export class RestApi {
  private readonly carrier: Carrier;
  private readonly options: RestOptions;
  private readonly server: Server;
  private underWay = 0;
  private refusals = 0;

  constructor(carrier: Carrier, options: RestOptions = {}) {
    this.carrier = carrier;
    this.options = options;
    this.server = createServer((request, response) => {
      void this.answer(request, response);
    });
  }

  /** Listens on a free port of this machine; gives the address to use instead of `https://api.twilio.com`. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => {
      this.server.listen(0, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The next `count` requests get 20429, as in a burst of the account's other traffic; they have no effect. */
  refuseNext(count: number): void {
    this.refusals = count;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const concurrent = ++this.underWay;
    response.setHeader('Twilio-Concurrent-Requests', String(concurrent));
    try {
      const { latencyMs = 0 } = this.options;
      if (latencyMs > 0) await sleep(this.carrier.networkClock, latencyMs);
      const result = await this.handle(request, concurrent);
      if (result instanceof CarrierCall) send(response, 200, callResource(result));
      else sendError(response, result);
    } catch {
      response.destroy();
    } finally {
      this.underWay--;
    }
  }

  private async handle(request: IncomingMessage, concurrent: number): Promise<RestError | CarrierCall> {
    const { maxConcurrent = Number.POSITIVE_INFINITY } = this.options;
    if (this.refusals > 0 || concurrent > maxConcurrent) {
      this.refusals = Math.max(0, this.refusals - 1);
      return { status: 429, code: 20429, message: 'Too Many Requests' };
    }
    if (!this.isAuthorized(request.headers.authorization)) return { status: 401, code: 20003, message: 'Authenticate' };
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const [, accountSid = '', callSid = ''] = CALL_PATH.exec(path) ?? [];
    const call = accountSid === this.carrier.options.accountSid ? this.carrier.find(callSid) : undefined;
    if (call === undefined)
      return { status: 404, code: 20404, message: `The requested resource ${path} was not found` };
    switch (request.method) {
      case 'GET':
        return call;
      case 'POST': {
        const form = await readForm(request);
        return (form === undefined ? NOT_A_FORM : updateCall(call, form)) ?? call;
      }
      default:
        return { status: 405, code: 20004, message: 'Method not allowed' };
    }
  }

  private isAuthorized(header: string | undefined): boolean {
    const { accountSid, authToken } = this.carrier.options;
    const accounts = Object.entries({
      ...this.options.apiKeys,
      ...(authToken === undefined ? {} : { [accountSid]: authToken }),
    });
    const given = Buffer.from(header ?? '');
    return accounts.some(([name, secret]) => {
      const expected = Buffer.from(`Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`);
      return expected.length === given.length && timingSafeEqual(expected, given);
    });
  }
}

const NOT_A_FORM: RestError = { status: 400, code: 20001, message: 'The body is not an urlencoded form' };

async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    sizeBytes += part.length;
    if (sizeBytes > MAX_BODY_BYTES) return undefined;
    parts.push(part);
  }
  if (type !== 'application/x-www-form-urlencoded') return undefined;
  return new URLSearchParams(Buffer.concat(parts).toString('utf8'));
}

function sendError(response: ServerResponse, { code, message, status }: RestError): void {
  if (status === 401) response.setHeader('WWW-Authenticate', 'Basic realm="Twilio API"');
  send(response, status, { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status });
}

function send(response: ServerResponse, status: number, body: Record<string, unknown>): void {
  response.writeHead(status, { 'Content-Type': 'application/json;charset=utf-8' });
  response.end(JSON.stringify(body));
}
