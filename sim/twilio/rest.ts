import { timingSafeEqual } from 'node:crypto';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sleep } from '../../src/base/clock.js';
import { callResource } from './call-resource.js';
import { type RestError, updateCall } from './call-update.js';
import type { CarrierCall } from './carrier-call.js';
import type { Carrier } from './carrier.js';
import { callList } from './call-list.js';
import { createCall } from './create-call.js';
import { type IncomingNumber, numberList } from './number-resource.js';
import { findRecording, recordingList, startRecording, updateRecording } from './recording-requests.js';

export interface RestOptions {
  /** API keys (SID → secret) that are accepted in addition to the account's own SID and auth token. */
  apiKeys?: Readonly<Record<string, string>>;
  /** Delay before each answer, on the carrier's network clock. */
  latencyMs?: number;
  /** Maximum number of concurrent requests. Requests above it get 20429. No limit by default. */
  maxConcurrent?: number;
  /** The account's phone numbers. */
  numbers?: readonly IncomingNumber[];
  /** Error codes by number, for numbers that the account may not call. */
  refusedNumbers?: Readonly<Record<string, number>>;
}

/**
 * What happens to a request whose answer does not arrive. `before`: it is lost on its way, and has no effect. `after`: it has
 * its effect, and the answer is lost. `hang`: it has its effect, and the answer never comes.
 */
export type LostAnswer = 'before' | 'after' | 'hang';

type Resource = Record<string, unknown>;

const CALL_PATH = /^\/2010-04-01\/Accounts\/([^/]+)\/Calls\/([^/]+)\.json$/;
const CALLS_PATH = /^\/2010-04-01\/Accounts\/([^/]+)\/Calls\.json$/;
const RECORDINGS_PATH = /^\/2010-04-01\/Accounts\/([^/]+)\/Calls\/([^/]+)\/Recordings(?:\/([^/]+))?\.json$/;
const NUMBERS_PATH = /^\/2010-04-01\/Accounts\/([^/]+)\/IncomingPhoneNumbers\.json$/;
const MAX_BODY_BYTES = 64 * 1024;
const NOT_ALLOWED: RestError = { status: 405, code: 20004, message: 'Method not allowed' };
const NOT_A_FORM: RestError = { status: 400, code: 20001, message: 'The body is not an urlencoded form' };

/**
 * Twilio's REST API for one carrier, as far as a gateway needs it. It shows, lists, makes, changes and ends calls, records
 * them, and shows the settings of a phone number.
 */
export class RestApi {
  private readonly carrier: Carrier;
  private readonly options: RestOptions;
  private readonly server: Server;
  /** Number of requests that have arrived. */
  asked = 0;
  private underWay = 0;
  private refusals = 0;
  private losses: LostAnswer[] = [];
  private failures: RestError[] = [];

  constructor(carrier: Carrier, options: RestOptions = {}) {
    this.carrier = carrier;
    this.options = options;
    this.server = createServer((request, response) => {
      void this.answer(request, response);
    });
  }

  /** Listens on a free port of this machine. Resolves with the address to use instead of `https://api.twilio.com`. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => {
      this.server.listen(0, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /**
   * Refuses the next `count` requests with 20429, as in a burst of the account's other traffic. They have no effect.
   */
  refuseNext(count: number): void {
    this.refusals = count;
  }

  /** Loses the answers to the next requests that make or change a call, one way each. */
  loseNext(...ways: LostAnswer[]): void {
    this.losses = ways;
  }

  /** Answers the next requests that make or change something with these errors. They have no effect. */
  failNext(...errors: RestError[]): void {
    this.failures = errors;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.asked++;
    const concurrent = ++this.underWay;
    response.setHeader('Twilio-Concurrent-Requests', String(concurrent));
    try {
      const { latencyMs = 0 } = this.options;
      if (latencyMs > 0) await sleep(this.carrier.networkClock, latencyMs);
      const lost = request.method === 'POST' ? this.losses.shift() : undefined;
      if (lost === 'before') {
        response.destroy();
        return;
      }
      const result = await this.handle(request, concurrent);
      if (lost === 'hang') return;
      if (lost === 'after') response.destroy();
      else if ('resource' in result) send(response, isCreated(request) ? 201 : 200, result.resource);
      else sendError(response, result);
    } catch {
      response.destroy();
    } finally {
      this.underWay--;
    }
  }

  private async handle(request: IncomingMessage, concurrent: number): Promise<RestError | { resource: Resource }> {
    const { maxConcurrent = Number.POSITIVE_INFINITY } = this.options;
    if (this.refusals > 0 || concurrent > maxConcurrent) {
      this.refusals = Math.max(0, this.refusals - 1);
      return { status: 429, code: 20429, message: 'Too Many Requests' };
    }
    if (!this.isAuthorized(request.headers.authorization)) return { status: 401, code: 20003, message: 'Authenticate' };
    const failure = request.method === 'POST' ? this.failures.shift() : undefined;
    if (failure !== undefined) return failure;
    const { pathname: path, searchParams } = new URL(request.url ?? '/', 'https://api.twilio.com');
    const { accountSid } = this.carrier.options;
    if (NUMBERS_PATH.exec(path)?.[1] === accountSid) {
      if (request.method !== 'GET') return NOT_ALLOWED;
      const { numbers = [] } = this.options;
      const now = this.carrier.clock.epochMs();
      return { resource: numberList(accountSid, numbers, searchParams.get('PhoneNumber'), now) };
    }
    if (CALLS_PATH.exec(path)?.[1] === accountSid) {
      if (request.method === 'GET') return { resource: callList(accountSid, this.carrier.all, searchParams) };
      return this.create(request);
    }
    const [, account, callSid = '', recordingSid] = CALL_PATH.exec(path) ?? RECORDINGS_PATH.exec(path) ?? [];
    const call = account === accountSid ? this.carrier.find(callSid) : undefined;
    if (call === undefined) return notFound(path);
    return RECORDINGS_PATH.test(path)
      ? this.handleRecording(request, call, path, recordingSid)
      : this.handleCall(request, call);
  }

  private async handleRecording(
    request: IncomingMessage,
    call: CarrierCall,
    path: string,
    sid: string | undefined,
  ): Promise<RestError | { resource: Resource }> {
    const { method } = request;
    const recording = sid === undefined ? undefined : findRecording(call, sid);
    if (sid !== undefined && recording === undefined) return notFound(path);
    if (method === 'GET') return { resource: recording?.resource() ?? recordingList(call, path) };
    if (method !== 'POST') return NOT_ALLOWED;
    const form = await readForm(request);
    if (form === undefined) return NOT_A_FORM;
    return recording === undefined ? startRecording(call, form) : updateRecording(recording, form);
  }

  private async create(request: IncomingMessage): Promise<RestError | { resource: Resource }> {
    if (request.method !== 'POST') return NOT_ALLOWED;
    const form = await readForm(request);
    const { numbers = [], refusedNumbers = {} } = this.options;
    const ownNumbers = numbers.map(({ phoneNumber }) => phoneNumber);
    return form === undefined ? NOT_A_FORM : createCall(this.carrier, form, { ownNumbers, refusedNumbers });
  }

  private async handleCall(request: IncomingMessage, call: CarrierCall): Promise<RestError | { resource: Resource }> {
    if (request.method === 'GET') return { resource: callResource(call) };
    if (request.method !== 'POST') return NOT_ALLOWED;
    const form = await readForm(request);
    const refusal = form === undefined ? NOT_A_FORM : updateCall(call, form);
    return refusal ?? { resource: callResource(call) };
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

function notFound(path: string): RestError {
  return { status: 404, code: 20404, message: `The requested resource ${path} was not found` };
}

/** Whether the request makes a call or a recording, and changes none. */
function isCreated({ method, url = '/' }: IncomingMessage): boolean {
  return method === 'POST' && /\/(?:Calls|Recordings)\.json(?:\?|$)/.test(url);
}

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
