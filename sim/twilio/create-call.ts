import { randomBytes } from 'node:crypto';
import type { RestError } from './call-update.js';
import type { Carrier } from './carrier.js';
import { rfc2822 } from './fields.js';

/**
 * Makes a call as `POST …/Calls.json` does (Twilio: API – Call resource, create), as far as calls go that nobody answers: to
 * a client, because none is registered here. The report of its end is sent at once.
 */
export function createCall(
  carrier: Carrier,
  form: URLSearchParams,
  ownNumbers: readonly string[],
): RestError | { resource: Record<string, unknown> } {
  const to = form.get('To') ?? '';
  const from = form.get('From') ?? '';
  if (to === '') return { status: 400, code: 21201, message: "No 'To' number is specified" };
  if (from === '') return { status: 400, code: 21213, message: "No 'From' number is specified" };
  if (!ownNumbers.includes(from))
    return { status: 400, code: 21210, message: `The source phone number provided, ${from}, is not yet verified` };
  if (form.has('Url') === form.has('Twiml'))
    return { status: 400, code: 21205, message: 'Either Url or Twiml is required' };
  if (!to.startsWith('client:'))
    return { status: 400, code: 21215, message: 'Calls to telephones are not simulated over REST' };
  const { accountSid } = carrier.options;
  const callSid = `CA${randomBytes(16).toString('hex')}`;
  const created = rfc2822(carrier.clock.epochMs());
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
      Timestamp: created,
      To: to,
    };
    carrier.callbacks.send(callSid, {
      url,
      method: form.get('StatusCallbackMethod') === 'GET' ? 'GET' : 'POST',
      fields,
    });
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
