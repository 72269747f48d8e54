import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseJson } from '../base/json-text.js';
import { send } from '../edge/respond.js';
import { BackendFailure } from '../journal/backend.js';
import type { Logger } from '../telemetry/log.js';
import type { CallRecord } from './call-record.js';
import { type Refused, refused } from './guards.js';
import type { RefusalReason } from './outcome.js';
import type { Answer, OutboundCalls } from './outbound-calls.js';

/** The path of the API. Below it, each call has one of its own. */
export const OUTBOUND_PATH = '/api/calls';

/** Maximum size of a body. The context has most of it. */
const MAX_BODY_BYTES = 32 * 1024;
/** What a key may be made of. Clients send a UUID or an id of their own. */
const KEY = /^[\x21-\x7e]{1,255}$/;
const ID = /^[0-9a-f]{32}$/;
const RETRY_AFTER_SECONDS = 5;

const STATUSES: Readonly<Record<RefusalReason, number>> = {
  unauthorized: 401,
  invalid_request: 400,
  idempotency_conflict: 409,
  invalid_number: 422,
  country_not_allowed: 422,
  premium_number: 422,
  consent_missing: 422,
  time_zone_needed: 422,
  outside_hours: 422,
  do_not_call: 422,
  unknown_assistant: 422,
  number_limit: 429,
  minute_limit: 429,
  call_limit: 429,
  draining: 503,
  unavailable: 503,
};

export interface OutboundApiOptions {
  /** `undefined` if the gateway makes no calls. */
  calls: OutboundCalls | undefined;
  tokens: readonly string[];
  log: Logger;
}

export function isOutboundPath(path: string): boolean {
  return path === OUTBOUND_PATH || path.startsWith(`${OUTBOUND_PATH}/`);
}

/** Answers those who have calls made: `POST /api/calls`, `GET` and `DELETE /api/calls/:id`. */
export class OutboundApi {
  private readonly calls: OutboundCalls | undefined;
  private readonly tokens: readonly Buffer[];
  private readonly log: Logger;

  constructor(options: OutboundApiOptions) {
    this.calls = options.calls;
    this.tokens = options.tokens.map(digest);
    this.log = options.log;
  }

  async onRequest(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { calls } = this;
    if (calls === undefined) {
      sendError(response, 404, 'not_found', 'The gateway makes no calls. See OUTBOUND_API_TOKENS.', CLOSE);
      return;
    }
    if (!this.isAuthorized(request)) {
      calls.count('unauthorized');
      const headers = { ...CLOSE, 'www-authenticate': 'Bearer' };
      sendError(response, 401, 'unauthorized', 'Send one of OUTBOUND_API_TOKENS as a bearer token.', headers);
      return;
    }
    try {
      if (path === OUTBOUND_PATH) await this.onCollection(calls, request, response);
      else await this.onCall(calls, path.slice(OUTBOUND_PATH.length + 1), request, response);
    } catch (error) {
      // Without the journal or the store it is not known whether the call may be made, or was made already.
      const kind = error instanceof BackendFailure ? error.kind : undefined;
      this.log.error({ err: error, kind }, 'a request for an outbound call could not be answered');
      if (request.method === 'POST') calls.count('unavailable');
      answerRefused(response, refused('unavailable', 'The journal or the store does not answer. Repeat the request.'));
    }
  }

  private async onCollection(calls: OutboundCalls, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST') {
      sendError(response, 405, 'method_not_allowed', 'Calls are made by POST.', { ...CLOSE, allow: 'POST' });
      return;
    }
    const answer = await this.answerTo(calls, request);
    if (answer.is === 'accepted') {
      sendJson(response, 202, { id: answer.id, status: 'queued' }, { location: `${OUTBOUND_PATH}/${answer.id}` });
      return;
    }
    calls.count(answer.reason);
    this.log.info({ reason: answer.reason }, 'a request for an outbound call was refused');
    answerRefused(response, answer);
  }

  private async answerTo(calls: OutboundCalls, request: IncomingMessage): Promise<Answer | TooLarge> {
    const { headers } = request;
    const key = headers['idempotency-key'];
    if (typeof key !== 'string' || !KEY.test(key))
      return refused('invalid_request', 'The header Idempotency-Key is required: up to 255 characters without spaces.');
    const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
    if (type !== 'application/json') return { ...refused('invalid_request', 'The body has to be JSON.'), status: 415 };
    const body = await readBody(request);
    if (body === undefined)
      return { ...refused('invalid_request', `The body has more than ${MAX_BODY_BYTES} bytes.`), status: 413 };
    const parsed = parseJson(body);
    // Without what is wrong with it, which may quote it.
    if (typeof parsed === 'string') return refused('invalid_request', 'The body is no JSON that can be used.');
    return calls.request(parsed.value, key);
  }

  private async onCall(
    calls: OutboundCalls,
    id: string,
    { method = '' }: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    if (!['GET', 'HEAD', 'DELETE'].includes(method)) {
      sendError(response, 405, 'method_not_allowed', 'A call is read by GET and ended by DELETE.', {
        ...CLOSE,
        allow: 'GET, HEAD, DELETE',
      });
      return;
    }
    const found = !ID.test(id)
      ? undefined
      : method === 'DELETE'
        ? await calls.cancel(id)
        : { record: await calls.find(id), isDone: true };
    if (found?.record === undefined) {
      sendError(response, 404, 'not_found', 'There is no such call, or it was asked for more than a day ago.');
      return;
    }
    if (!found.isDone) {
      answerRefused(
        response,
        refused('unavailable', 'Twilio did not confirm the end of the call. Repeat the request.'),
      );
      return;
    }
    sendJson(response, method === 'DELETE' ? 202 : 200, shown(found.record));
  }

  /** Compares with every token, so that the time tells neither which one is right nor how much of it. */
  private isAuthorized({ headers: { authorization = '' } }: IncomingMessage): boolean {
    const given = digest(/^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? '');
    let isRight = false;
    for (const token of this.tokens) isRight = timingSafeEqual(token, given) || isRight;
    return isRight;
  }
}

/** A refusal whose status says more than its reason. */
type TooLarge = Refused & { status?: number };

const CLOSE = { connection: 'close' };

/** Digests have one length, which the comparison needs. */
function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** What is told of a call. Neither numbers nor what it is about. */
function shown({
  answeredBy,
  callSid,
  createdAtMs,
  endedAtMs,
  id,
  isCancelWanted,
  reason,
  seconds,
  status,
  twilioError,
}: CallRecord): unknown {
  return {
    id,
    status,
    created_at: new Date(createdAtMs).toISOString(),
    ...(isCancelWanted === true ? { cancel_requested: true } : {}),
    ...(callSid === undefined ? {} : { call_sid: callSid }),
    ...(answeredBy === undefined ? {} : { answered_by: answeredBy }),
    ...(endedAtMs === undefined ? {} : { ended_at: new Date(endedAtMs).toISOString() }),
    ...(seconds === undefined ? {} : { duration_seconds: seconds }),
    ...(reason === undefined ? {} : { reason }),
    ...(twilioError === undefined ? {} : { twilio_error: twilioError }),
  };
}

function answerRefused(response: ServerResponse, refusal: TooLarge): void {
  const { message, notBeforeMs, reason, retryAfterMs } = refusal;
  const status = refusal.status ?? STATUSES[reason];
  const retryAfter =
    retryAfterMs === undefined ? (status === 503 ? RETRY_AFTER_SECONDS : undefined) : Math.ceil(retryAfterMs / 1000);
  sendJson(
    response,
    status,
    {
      error: reason,
      message,
      ...(notBeforeMs === undefined ? {} : { not_before: new Date(notBeforeMs).toISOString() }),
    },
    // A body that was not read would be taken for the next request.
    {
      ...(status === 413 || status === 415 ? CLOSE : {}),
      ...(retryAfter === undefined ? {} : { 'retry-after': String(Math.max(1, retryAfter)) }),
    },
  );
}

function sendError(
  response: ServerResponse,
  status: number,
  error: string,
  message: string,
  headers: Record<string, string> = {},
): void {
  sendJson(response, status, { error, message }, headers);
}

function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  send(response, status, 'application/json', `${JSON.stringify(body)}\n`, headers);
}

/** Returns the body as text. `undefined` if it is too long; the rest is left unread. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return undefined;
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  // Without `destroyOnReturn: false` the connection would be lost, and with it the refusal.
  for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    sizeBytes += part.length;
    if (sizeBytes > MAX_BODY_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
