import type { IncomingMessage } from 'node:http';
import { isSigned, webhookUrlVariants } from './signature.js';

// Reads and checks Twilio's voice webhooks.

/** A voice webhook that has been checked. Twilio adds fields without notice; all of them are in `form`. */
export interface VoiceWebhook {
  callSid: string;
  accountSid: string;
  /** E.164, or `anonymous` and the like for a withheld number. */
  from: string;
  to: string;
  callStatus: string;
  /** The caller's call, on a leg that the gateway's own `<Dial>` made. Otherwise `undefined`. */
  parentCallSid: string | undefined;
  form: URLSearchParams;
}

export interface Refusal {
  status: number;
  /** A metric label, so a closed set. */
  reason: 'method' | 'not-a-form' | 'too-large' | 'signature' | 'no-call-sid' | 'wrong-account' | 'aborted';
}

export type WebhookResult = { ok: true; webhook: VoiceWebhook } | { ok: false; refusal: Refusal };

export interface WebhookRules {
  /** The host Twilio signs for. Never taken from the request. */
  publicHost: string;
  /** Tokens that may have signed a webhook. If empty, signatures are not checked. */
  authTokens: readonly string[];
  /** If set, calls of any other account are refused. */
  accountSid: string | undefined;
}

/** Maximum size of a form. Twilio's have about 1 kB; SIP headers and passports make some larger. */
const MAX_BODY_BYTES = 64 * 1024;

const OVER: ReadonlySet<string> = new Set(['completed', 'busy', 'failed', 'no-answer', 'canceled']);

/** Reads and checks one webhook request. Never throws. A refused request has no effect. */
export async function readWebhook(request: IncomingMessage, rules: WebhookRules): Promise<WebhookResult> {
  if (request.method !== 'POST') return refused(405, 'method');
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  const body = await readBody(request);
  if (body === 'too-large') return refused(413, 'too-large');
  if (body === 'aborted') return refused(400, 'aborted');
  if (type !== 'application/x-www-form-urlencoded') return refused(415, 'not-a-form');

  const form = new URLSearchParams(body.toString('utf8'));
  if (rules.authTokens.length > 0) {
    const signature = request.headers['x-twilio-signature'];
    const urls = webhookUrlVariants(rules.publicHost, request.url ?? '/');
    if (typeof signature !== 'string' || !isSigned(signature, rules.authTokens, urls, form)) {
      return refused(403, 'signature');
    }
  }
  const callSid = form.get('CallSid') ?? '';
  if (!/^[A-Za-z0-9]{1,64}$/.test(callSid)) return refused(400, 'no-call-sid');
  const accountSid = form.get('AccountSid') ?? '';
  if (rules.accountSid !== undefined && accountSid !== rules.accountSid) return refused(403, 'wrong-account');
  return { ok: true, webhook: webhookOf(form) };
}

/** Reads the fields of a form that has been checked. */
export function webhookOf(form: URLSearchParams): VoiceWebhook {
  return {
    callSid: form.get('CallSid') ?? '',
    accountSid: form.get('AccountSid') ?? '',
    from: form.get('From') ?? '',
    to: form.get('To') ?? '',
    callStatus: form.get('CallStatus') ?? '',
    parentCallSid: form.get('ParentCallSid') ?? undefined,
    form,
  };
}

/** Whether the call is over (Twilio: Voice – CallStatus). */
export function isOver({ callStatus }: Pick<VoiceWebhook, 'callStatus'>): boolean {
  return OVER.has(callStatus);
}

async function readBody(request: IncomingMessage): Promise<Buffer | 'too-large' | 'aborted'> {
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const part of request as AsyncIterable<Buffer>) {
      sizeBytes += part.length;
      if (sizeBytes > MAX_BODY_BYTES) return 'too-large';
      parts.push(part);
    }
  } catch {
    return 'aborted';
  }
  return Buffer.concat(parts);
}

function refused(status: number, reason: Refusal['reason']): WebhookResult {
  return { ok: false, refusal: { status, reason } };
}
