import { basicAuthorization } from './rest.js';
import { signatureOf } from './signature.js';

/** A phone number of the account, as far as a call depends on it (Twilio: API – IncomingPhoneNumber resource). */
export interface PhoneNumber {
  /** E.164. */
  number: string;
  /** Whom Twilio asks about a call; empty: nobody. */
  voiceUrl: string;
  voiceMethod: string;
  /** Whom it asks when that fails; empty: nobody. */
  fallbackUrl: string;
  fallbackMethod: string;
  statusCallback: string;
  /** Not empty: calls go there, and the URLs above do not count. */
  elsewhere: string;
}

export interface TwilioAccount {
  /** `https://api.twilio.com`, or that of another region. */
  baseUrl: string;
  accountSid: string;
  authToken: string;
}

/** More numbers than this an account rarely has, and Twilio's pages end there. */
const PAGE_SIZE = 1000;
const ANSWER_MS = 10_000;

/** The numbers of the account, the first thousand. `status`: what Twilio said instead. Rejects when it does not answer. */
export async function readNumbers(account: TwilioAccount): Promise<readonly PhoneNumber[] | { status: number }> {
  const { accountSid, authToken, baseUrl } = account;
  const response = await fetch(
    `${baseUrl}/2010-04-01/Accounts/${accountSid}/IncomingPhoneNumbers.json?PageSize=${PAGE_SIZE}`,
    {
      headers: { authorization: basicAuthorization(accountSid, authToken) },
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MS),
    },
  );
  if (!response.ok) return { status: response.status };
  const { incoming_phone_numbers: listed } = (await response.json()) as { incoming_phone_numbers?: unknown };
  return Array.isArray(listed) ? listed.map((one) => phoneNumberOf(one as Record<string, unknown>)) : [];
}

/** A webhook's URL as it is asked and signed (Twilio: Webhooks – connection overrides). */
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
 * Asks for TwiML as Twilio does, signed, since Twilio's own TwiML Bins answer nothing else. Undefined: it dials somebody;
 * otherwise what came instead. Never rejects.
 */
export async function whyNoDial(url: string, method: string, account: TwilioAccount): Promise<string | undefined> {
  const bare = withoutOverrides(url);
  const form = new URLSearchParams({ AccountSid: account.accountSid });
  const isGet = method === 'GET';
  const asked = isGet ? `${bare}${bare.includes('?') ? '&' : '?'}${form.toString()}` : bare;
  try {
    const response = await fetch(asked, {
      method: isGet ? 'GET' : 'POST',
      headers: { 'x-twilio-signature': signatureOf(account.authToken, asked, isGet ? undefined : form) },
      ...(isGet ? {} : { body: form }),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (!response.ok) return `HTTP ${response.status} to ${isGet ? 'GET' : 'POST'}`;
    const type = response.headers.get('content-type') ?? '';
    if (!/^(text|application)\/xml\b/.test(type)) return `the content type is ${type || 'missing'}`;
    return /<Dial[\s>]/.test(await response.text()) ? undefined : 'its TwiML dials nobody';
  } catch {
    return 'no answer';
  }
}
