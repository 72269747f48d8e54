import { randomBytes } from 'node:crypto';
import { callResource } from './call-resource.js';
import type { CallEvent, OutgoingOptions, PlaceCallOptions } from './carrier-call.js';
import type { RestError } from './call-update.js';
import type { Carrier } from './carrier.js';
import { rfc2822 } from './fields.js';
import type { WebhookMethod } from './webhook-client.js';

const E164 = /^\+[1-9]\d{6,14}$/;
const EVENTS: readonly string[] = ['initiated', 'ringing', 'answered', 'completed'];
/** Twilio: API – Call resource, Timeout. */
const DEFAULT_TIMEOUT_SECONDS = 60;
const MAX_TIMEOUT_SECONDS = 600;
const MAX_TWIML_CHARACTERS = 4000;

export type Created = RestError | { resource: Record<string, unknown> };

export interface CreateRules {
  /** The account's numbers. No other may be shown as the caller's. */
  ownNumbers: readonly string[];
  /** Error codes by number, for numbers that the account may not call (21215, 21216, 21219 and others). */
  refusedNumbers?: Readonly<Record<string, number>>;
}

/**
 * Makes a call as `POST …/Calls.json` does (Twilio: API – Call resource, create). A telephone of the carrier's book is called.
 * A client never answers, because none is registered here, and the report of its end is sent at once.
 */
export function createCall(carrier: Carrier, form: URLSearchParams, rules: CreateRules): Created {
  const to = form.get('To') ?? '';
  const from = form.get('From') ?? '';
  if (to === '') return refused(21201, "No 'To' number is specified");
  if (from === '') return refused(21213, "No 'From' number is specified");
  if (!E164.test(from)) return refused(21212, `The 'From' number ${from} is not a valid phone number`);
  if (!rules.ownNumbers.includes(from))
    return refused(21210, `The source phone number provided, ${from}, is not yet verified`);
  if (!form.has('Url') && !form.has('Twiml')) return refused(21205, 'Either Url or Twiml is required');
  if (to.startsWith('client:')) return createForClient(carrier, form, { from, to });
  if (!E164.test(to)) return refused(21211, `The phone number you are attempting to call, ${to}, is not valid`);
  const code = rules.refusedNumbers?.[to];
  if (code !== undefined) return refused(code, `Account not authorized to call ${to}`);
  const options = callOptions(form, { from, to });
  return 'code' in options ? options : { resource: callResource(carrier.makeCall(options)) };
}

function callOptions(
  form: URLSearchParams,
  numbers: { from: string; to: string },
): RestError | (PlaceCallOptions & { outgoing: OutgoingOptions }) {
  const url = form.get('Url');
  // Twilio: API – Call resource: "If both twiml and url are provided then twiml parameter will be ignored".
  const twiml = url === null ? (form.get('Twiml') ?? '') : undefined;
  if (url !== null && !isWebUrl(url)) return refused(21205, 'Url is not a valid URL');
  if ((twiml ?? '').length > MAX_TWIML_CHARACTERS) return invalid(`Twiml may have ${MAX_TWIML_CHARACTERS} characters`);
  for (const name of ['Method', 'FallbackMethod', 'StatusCallbackMethod', 'AsyncAmdStatusCallbackMethod'])
    if (!['GET', 'POST'].includes(form.get(name) ?? 'POST')) return invalid(`${name} is GET or POST`);
  const statusCallback = form.get('StatusCallback');
  if (statusCallback !== null && !isWebUrl(statusCallback)) return refused(21609, 'StatusCallback is not a valid URL');
  const events = form.getAll('StatusCallbackEvent');
  if (!events.every((event) => EVENTS.includes(event)))
    return refused(21626, "One or more of the 'StatusCallbackEvent's are invalid");
  const timeout = form.get('Timeout') ?? String(DEFAULT_TIMEOUT_SECONDS);
  if (!/^\d{1,3}$/.test(timeout) || Number(timeout) > MAX_TIMEOUT_SECONDS)
    return invalid(`Timeout is a number of seconds up to ${MAX_TIMEOUT_SECONDS}`);
  const detection = detectionOf(form);
  if (detection !== undefined && 'code' in detection) return detection;
  const fallbackUrl = form.get('FallbackUrl');
  return {
    ...numbers,
    voiceUrl: url ?? '',
    ...optional('voiceMethod', methodOf(form, 'Method')),
    ...optional('fallbackUrl', fallbackUrl ?? undefined),
    ...optional('fallbackMethod', methodOf(form, 'FallbackMethod')),
    ...optional('statusCallback', statusCallback ?? undefined),
    ...(events.length === 0 ? {} : { statusCallbackEvents: events as CallEvent[] }),
    outgoing: {
      ...optional('twiml', twiml),
      timeoutSeconds: Number(timeout),
      ...optional('detection', detection),
    },
  };
}

function detectionOf(form: URLSearchParams): RestError | OutgoingOptions['detection'] {
  const mode = form.get('MachineDetection');
  const isAsync = form.get('AsyncAmd') ?? 'false';
  const url = form.get('AsyncAmdStatusCallback');
  const seconds = form.get('MachineDetectionTimeout') ?? '30';
  if (isAsync !== 'true' && isAsync !== 'false') return invalid('AsyncAmd is true or false');
  if (!/^\d{1,2}$/.test(seconds) || Number(seconds) < 3 || Number(seconds) > 59)
    return invalid('MachineDetectionTimeout is a number of seconds from 3 to 59');
  if (url !== null && !isWebUrl(url)) return invalid('AsyncAmdStatusCallback is not a valid URL');
  // Twilio: "If both SendDigits and MachineDetection parameters are provided, then MachineDetection will be ignored".
  if (mode === null || form.has('SendDigits')) return undefined;
  if (mode !== 'Enable' && mode !== 'DetectMessageEnd')
    return invalid('MachineDetection is Enable or DetectMessageEnd');
  const callback =
    url === null ? undefined : { url, method: methodOf(form, 'AsyncAmdStatusCallbackMethod') ?? ('POST' as const) };
  return { mode, isAsync: isAsync === 'true', ...optional('callback', callback) };
}

function createForClient(
  carrier: Carrier,
  form: URLSearchParams,
  { from, to }: { from: string; to: string },
): { resource: Record<string, unknown> } {
  const { accountSid } = carrier.options;
  const callSid = `CA${randomBytes(16).toString('hex')}`;
  const url = form.get('StatusCallback');
  if (url !== null) {
    const fields = {
      AccountSid: accountSid,
      ApiVersion: '2010-04-01',
      CallDuration: '0',
      CallSid: callSid,
      CallStatus: 'no-answer',
      CallbackSource: 'call-progress-events',
      Called: to,
      Caller: from,
      Direction: 'outbound-api',
      From: from,
      SequenceNumber: '0',
      Timestamp: rfc2822(carrier.clock.epochMs()),
      To: to,
    };
    carrier.callbacks.send(callSid, { url, method: methodOf(form, 'StatusCallbackMethod') ?? 'POST', fields });
  }
  return {
    resource: {
      sid: callSid,
      account_sid: accountSid,
      parent_call_sid: null,
      status: 'queued',
      direction: 'outbound-api',
      from,
      to,
      duration: null,
      start_time: null,
      end_time: null,
      date_created: null,
      date_updated: null,
      price: null,
      price_unit: 'USD',
      answered_by: null,
      api_version: '2010-04-01',
      caller_name: null,
      uri: `/2010-04-01/Accounts/${accountSid}/Calls/${callSid}.json`,
      subresource_uris: {},
    },
  };
}

function methodOf(form: URLSearchParams, name: string): WebhookMethod | undefined {
  const method = form.get(name);
  return method === 'GET' || method === 'POST' ? method : undefined;
}

function isWebUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function optional<Name extends string, Value>(name: Name, value: Value | undefined): { [Each in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [Each in Name]?: Value });
}

function refused(code: number, message: string): RestError {
  return { status: 400, code, message };
}

/** The service's own code for each of these is not documented. 20001 is its general code for a bad parameter. */
function invalid(message: string): RestError {
  return refused(20001, message);
}
