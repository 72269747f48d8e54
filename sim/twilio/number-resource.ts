import { rfc2822 } from './fields.js';
import type { WebhookMethod } from './webhook-client.js';

/** A phone number of the account and what is set on it, for REST. What is left out is as Twilio sets it. */
export interface IncomingNumber {
  phoneNumber: string;
  voiceUrl?: string;
  voiceMethod?: WebhookMethod;
  voiceFallbackUrl?: string;
  voiceFallbackMethod?: WebhookMethod;
  statusCallback?: string;
  statusCallbackMethod?: WebhookMethod;
  /** A TwiML app, whose URLs then count instead. */
  voiceApplicationSid?: string;
  /** A SIP trunk, to which the calls then go. */
  trunkSid?: string;
}

/** A page that is never full: an account here has a handful of numbers. */
const PAGE_SIZE = 50;

/**
 * The account's numbers that hold `wanted` somewhere, `*` standing for any digit; all without it. URLs that are not set
 * are empty texts (Twilio: API – IncomingPhoneNumber resource, read multiple).
 */
export function numberList(
  accountSid: string,
  numbers: readonly IncomingNumber[],
  wanted: string | null,
  atEpochMs: number,
): Record<string, unknown> {
  const path = `/2010-04-01/Accounts/${accountSid}/IncomingPhoneNumbers`;
  const found = numbers.filter(({ phoneNumber }) => wanted === null || holds(phoneNumber, wanted));
  return {
    first_page_uri: `${path}.json?PageSize=${PAGE_SIZE}&Page=0`,
    next_page_uri: null,
    previous_page_uri: null,
    uri: `${path}.json?PageSize=${PAGE_SIZE}&Page=0`,
    page: 0,
    page_size: PAGE_SIZE,
    start: 0,
    end: Math.max(0, found.length - 1),
    incoming_phone_numbers: found.map((number) => {
      const sid = `PN${number.phoneNumber.slice(1).padStart(32, '0')}`;
      const created = rfc2822(atEpochMs);
      return {
        sid,
        account_sid: accountSid,
        phone_number: number.phoneNumber,
        friendly_name: number.phoneNumber,
        api_version: '2010-04-01',
        voice_url: number.voiceUrl ?? '',
        voice_method: number.voiceMethod ?? 'POST',
        voice_fallback_url: number.voiceFallbackUrl ?? '',
        voice_fallback_method: number.voiceFallbackMethod ?? 'POST',
        voice_application_sid: number.voiceApplicationSid ?? '',
        voice_caller_id_lookup: false,
        voice_receive_mode: 'voice',
        status_callback: number.statusCallback ?? '',
        status_callback_method: number.statusCallbackMethod ?? 'POST',
        trunk_sid: number.trunkSid ?? null,
        capabilities: { voice: true, sms: false, mms: false, fax: false },
        beta: false,
        origin: 'twilio',
        status: 'in-use',
        date_created: created,
        date_updated: created,
        uri: `${path}/${sid}.json`,
        subresource_uris: {},
      };
    }),
  };
}

function holds(phoneNumber: string, wanted: string): boolean {
  const pattern = wanted.replace(/[^\d*]/g, '').replaceAll('*', '\\d');
  return new RegExp(pattern).test(phoneNumber);
}
