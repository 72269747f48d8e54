import { z } from 'zod';
import { readBounded } from '../base/bounded-body.js';
import { basicAuthorization } from './rest-request.js';
import { signatureOf } from './signature.js';

// Reads how the account's numbers are configured, and tests their fallback. For the doctor.

/** A phone number of the account, with the fields a call depends on (Twilio: API – IncomingPhoneNumber resource). */
export interface PhoneNumber {
  /** E.164. */
  number: string;
  /** The URL Twilio requests when a call comes in. Empty if none is set. */
  voiceUrl: string;
  voiceMethod: string;
  /** The URL Twilio requests when `voiceUrl` fails. Empty if none is set. */
  fallbackUrl: string;
  fallbackMethod: string;
  statusCallback: string;
  /** The SID of a trunk or application that takes the calls instead of the URLs above. Empty if there is none. */
  elsewhere: string;
}

export interface TwilioAccount {
  /** `https://api.twilio.com`, or the URL of another region. */
  baseUrl: string;
  accountSid: string;
  authToken: string;
}

/** The largest page Twilio offers. An account rarely has more numbers. */
const PAGE_SIZE = 1000;
const TIMEOUT_MS = 10_000;
/** Maximum size of a page. A number has about 2 kB. */
const MAX_PAGE_BYTES = 16 * 1024 * 1024;
/** Maximum size of TwiML (Twilio: error 11750, "TwiML response body too large"). */
const MAX_TWIML_BYTES = 64 * 1024;

/**
 * Returns the first thousand numbers of the account, the HTTP `status` of an error, or `unreadable` for an answer that is
 * no such list or has no end. Rejects when Twilio does not answer in time.
 */
export async function readNumbers(
  account: TwilioAccount,
): Promise<readonly PhoneNumber[] | { status: number } | 'unreadable'> {
  const { accountSid, authToken, baseUrl } = account;
  const response = await fetch(
    `${baseUrl}/2010-04-01/Accounts/${accountSid}/IncomingPhoneNumbers.json?PageSize=${PAGE_SIZE}`,
    {
      headers: { authorization: basicAuthorization(accountSid, authToken) },
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    },
  );
  if (!response.ok) return { status: response.status };
  const text = (await readBounded(response, MAX_PAGE_BYTES))?.toString('utf8');
  const parsed = pageSchema.safeParse(parsedJson(text));
  return parsed.success ? parsed.data.incoming_phone_numbers.map(phoneNumberOf) : 'unreadable';
}

const pageSchema = z.object({ incoming_phone_numbers: z.array(z.record(z.string(), z.unknown())) });

function parsedJson(text = ''): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Returns a webhook's URL as Twilio requests and signs it (Twilio: Webhooks – connection overrides). */
export function withoutOverrides(url: string): string {
  return url.split('#', 1)[0] ?? '';
}

function phoneNumberOf(listed: Record<string, unknown>): PhoneNumber {
  const text = (name: string): string => {
    const value = listed[name];
    return typeof value === 'string' ? value : '';
  };
  return {
    number: text('phone_number'),
    voiceUrl: text('voice_url'),
    voiceMethod: text('voice_method'),
    fallbackUrl: text('voice_fallback_url'),
    fallbackMethod: text('voice_fallback_method'),
    statusCallback: text('status_callback'),
    elsewhere: text('trunk_sid') || text('voice_application_sid'),
  };
}

/**
 * Requests TwiML as Twilio does. The request is signed, because Twilio's own TwiML Bins answer no other. Returns why
 * the answer does not dial. `undefined` if it does. Never rejects.
 */
export async function whyNoDial(url: string, method: string, account: TwilioAccount): Promise<string | undefined> {
  const bare = withoutOverrides(url);
  const form = new URLSearchParams({ AccountSid: account.accountSid });
  const isGet = method === 'GET';
  const requested = isGet ? `${bare}${bare.includes('?') ? '&' : '?'}${form.toString()}` : bare;
  try {
    const response = await fetch(requested, {
      method: isGet ? 'GET' : 'POST',
      headers: { 'x-twilio-signature': signatureOf(account.authToken, requested, isGet ? undefined : form) },
      ...(isGet ? {} : { body: form }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) return `HTTP ${response.status} to ${isGet ? 'GET' : 'POST'}`;
    const type = response.headers.get('content-type') ?? '';
    if (!/^(text|application)\/xml\b/.test(type)) return `the content type is ${type || 'missing'}`;
    const twiml = await readBounded(response, MAX_TWIML_BYTES);
    if (twiml === undefined) return `its TwiML is longer than ${MAX_TWIML_BYTES / 1024} KiB`;
    return /<Dial[\s>]/.test(twiml.toString('utf8')) ? undefined : 'its TwiML dials nobody';
  } catch {
    return 'no answer';
  }
}
