import { rfc2822 } from './fields.js';
import type { WebhookMethod } from './webhook-client.js';

/** A phone number of the account with its settings, for REST. Settings left out have Twilio's defaults. */
export interface IncomingNumber {
  phoneNumber: string;
  voiceUrl?: string;
  voiceMethod?: WebhookMethod;
  voiceFallbackUrl?: string;
  voiceFallbackMethod?: WebhookMethod;
  statusCallback?: string;
  statusCallbackMethod?: WebhookMethod;
  /** A TwiML app, whose URLs replace those of the number. */
  voiceApplicationSid?: string;
  /** A SIP trunk, which then receives the calls. */
  trunkSid?: string;
}

/** Everything fits one page, because an account here has a handful of numbers. */
const PAGE_SIZE = 50;

/**
 * Returns the account's numbers that contain `wanted`, in which `*` stands for any digit. Returns all numbers without
 * `wanted`. URLs that are not set are empty strings (Twilio: API – IncomingPhoneNumber resource, read multiple).
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
