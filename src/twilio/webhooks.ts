import type { IncomingMessage } from 'node:http';
import { Turns } from '../base/turns.js';
import { type Field, countSeparators, readFields } from './form.js';
import { type GivenSignature, isSignedWith, readSignature, signedFields, webhookUrlVariants } from './signature.js';

// Reads and checks Twilio's voice webhooks.

/** A voice webhook that has been checked. Twilio adds fields without notice; all of them are in `form`. */
export interface VoiceWebhook {
  callSid: string;
  accountSid: string;
  /** The number of the caller, or of the person the gateway has called. E.164, or `anonymous` and the like for a withheld number. */
  from: string;
  /** The gateway's own number. */
  to: string;
  /** Whether the gateway made the call. */
  isOutbound: boolean;
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
  /** What Twilio may have appended to the URL that it signed. It is never sent. */
  fragment: string;
  /** Auth tokens and shared keys that may have signed a webhook. If empty, signatures are not checked. */
  signingKeys: readonly string[];
  /** If set, calls of any other account are refused. */
  accountSid: string | undefined;
}

/**
 * Maximum size of a form, and maximum number of its fields. Twilio's have about 1 kB and 20 fields; SIP headers and passports
 * make some larger. The signature covers every field, so all of this may be work for a stranger.
 */
const MAX_BODY_BYTES = 16 * 1024;
const MAX_FIELDS = 200;

/**
 * The checks of forms, in pieces: a form is read, put in the order in which it is signed, and hashed with one key after the
 * other. The frames of calls wait for two pieces at most.
 */
const checks = new Turns(2);

const OVER: ReadonlySet<string> = new Set(['completed', 'busy', 'failed', 'no-answer', 'canceled']);

/**
 * Reads and checks one webhook request. Never throws. A refused request has no effect. What can be refused by its
 * headers is refused before its body is read.
 */
export async function readWebhook(request: IncomingMessage, rules: WebhookRules): Promise<WebhookResult> {
  const { headers, method, url = '/' } = request;
  if (method !== 'POST') return refused(405, 'method');
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') return refused(415, 'not-a-form');
  if (Number(headers['content-length'] ?? 0) > MAX_BODY_BYTES) return refused(413, 'too-large');
  const signature = readSignature(headers);
  const isChecked = rules.signingKeys.length > 0;
  if (isChecked && signature === undefined) return refused(403, 'signature');
  const body = await readBody(request);
  if (body === 'too-large') return refused(413, 'too-large');
  if (body === 'aborted') return refused(400, 'aborted');

  const fields = await checks.run(() => readFields(body));
  const urls = webhookUrlVariants(rules.publicHost, url, rules.fragment);
  if (isChecked && !(await isSigned(signature, rules.signingKeys, urls, fields))) return refused(403, 'signature');
  const form = new URLSearchParams(fields);
  const callSid = form.get('CallSid') ?? '';
  if (!/^[A-Za-z0-9]{1,64}$/.test(callSid)) return refused(400, 'no-call-sid');
  const accountSid = form.get('AccountSid') ?? '';
  if (rules.accountSid !== undefined && accountSid !== rules.accountSid) return refused(403, 'wrong-account');
  return { ok: true, webhook: webhookOf(form) };
}

/** Checks a signature with every key, so that the time says nothing about the keys. */
async function isSigned(
  given: GivenSignature | undefined,
  keys: readonly string[],
  urls: readonly string[],
  fields: readonly Field[],
): Promise<boolean> {
  if (given === undefined) return false;
  const signed = await checks.run(() => signedFields(fields));
  let valid = false;
  for (const key of keys) if (await checks.run(() => isSignedWith(key, given, urls, signed))) valid = true;
  return valid;
}

/** Reads the fields of a form that has been checked. */
export function webhookOf(form: URLSearchParams): VoiceWebhook {
  // Twilio: Voice – Direction: "outbound-api" for a call over REST, whose From is the account's number.
  const isOutbound = form.get('Direction') === 'outbound-api';
  const [from, to] = isOutbound ? ['To', 'From'] : ['From', 'To'];
  return {
    callSid: form.get('CallSid') ?? '',
    accountSid: form.get('AccountSid') ?? '',
    from: form.get(from ?? '') ?? '',
    to: form.get(to ?? '') ?? '',
    isOutbound,
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
  let fields = 1;
  try {
    // Without `destroyOnReturn: false` the connection would be lost, and with it the refusal.
    for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      sizeBytes += part.length;
      if (sizeBytes > MAX_BODY_BYTES) return 'too-large';
      fields += countSeparators(part, MAX_FIELDS);
      if (fields > MAX_FIELDS) return 'too-large';
      parts.push(part);
    }
  } catch {
    return 'aborted';
  }
  const [only = Buffer.alloc(0), ...others] = parts;
  return others.length === 0 ? only : Buffer.concat(parts);
}

function refused(status: number, reason: Refusal['reason']): WebhookResult {
  return { ok: false, refusal: { status, reason } };
}
