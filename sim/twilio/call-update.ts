import type { CarrierCall } from './carrier-call.js';
import type { WebhookMethod } from './webhook-client.js';

/** A refusal of the REST API. */
export interface RestError {
  status: number;
  code: number;
  message: string;
}

/** Twilio: API – Call resource, Twiml parameter. */
const MAX_TWIML_CHARACTERS = 4000;

/** Changes a live call as `POST …/Calls/{CA}.json` does. Returns the refusal, if there is one. */
export function updateCall(call: CarrierCall, form: URLSearchParams): RestError | undefined {
  const twiml = form.get('Twiml');
  const url = form.get('Url');
  const method = form.get('Method') ?? undefined;
  const status = form.get('Status');
  const given = [twiml, url, status].filter((value) => value !== null).length;
  // Stricter than the service, which silently uses one of them.
  if (given > 1) return invalid('Twiml, Url and Status exclude each other');
  if (twiml !== null && twiml.length > MAX_TWIML_CHARACTERS)
    return invalid(`Twiml may have ${MAX_TWIML_CHARACTERS} characters`);
  if (url !== null && !isWebUrl(url)) return { status: 400, code: 21205, message: 'Url is not a valid URL' };
  if (!isWebhookMethod(method)) return invalid('Method is GET or POST');
  if (status !== null && status !== 'completed' && status !== 'canceled')
    return invalid('Status is completed or canceled');

  const fallbackUrl = form.get('FallbackUrl');
  const fallbackMethod = form.get('FallbackMethod') ?? undefined;
  if (!isWebhookMethod(fallbackMethod)) return invalid('FallbackMethod is GET or POST');
  const statusCallback = form.get('StatusCallback');
  if (call.isOver || (status === 'canceled' && !call.isUnanswered)) {
    return { status: 400, code: 21220, message: 'Call is not in-progress. Cannot redirect.' };
  }
  if (fallbackUrl !== null) call.options.fallbackUrl = fallbackUrl;
  if (fallbackMethod !== undefined) call.options.fallbackMethod = fallbackMethod;
  if (statusCallback !== null) call.options.statusCallback = statusCallback;
  if (status !== null) call.end('ended-by-rest');
  else if (twiml !== null) call.redirect({ twiml });
  else if (url !== null) call.redirect({ url, method });
  return undefined;
}

function isWebhookMethod(text: string | undefined): text is WebhookMethod | undefined {
  return text === undefined || text === 'GET' || text === 'POST';
}

function isWebUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** The service's own code for each of these is not documented. 20001 is its general code for a bad parameter. */
function invalid(message: string): RestError {
  return { status: 400, code: 20001, message };
}
