import type { CarrierCall } from './carrier-call.js';
import { rfc2822 } from './fields.js';

/** Returns a call as Twilio's REST API shows it. Every scalar is a string or null (Twilio: API – Call resource). */
export function callResource(call: CarrierCall): Record<string, unknown> {
  const { callSid, options, outcome, startedEpochMs, status } = call;
  const { accountSid } = call.carrier.options;
  const created = rfc2822(startedEpochMs);
  return {
    sid: callSid,
    account_sid: accountSid,
    parent_call_sid: null,
    status,
    direction: call.isOutgoing ? 'outbound-api' : 'inbound',
    from: options.from,
    to: options.to,
    duration: outcome === undefined ? null : String(outcome.durationSeconds),
    start_time: status === 'queued' ? null : created,
    end_time: outcome === undefined ? null : rfc2822(outcome.endedEpochMs),
    date_created: created,
    date_updated: rfc2822(outcome?.endedEpochMs ?? call.carrier.clock.epochMs()),
    price: null,
    price_unit: 'USD',
    answered_by: call.answeredBy ?? null,
    api_version: '2010-04-01',
    caller_name: null,
    forwarded_from: null,
    phone_number_sid: `PN${'0'.repeat(32)}`,
    queue_time: '0',
    trunk_sid: null,
    uri: `/2010-04-01/Accounts/${accountSid}/Calls/${callSid}.json`,
    subresource_uris: {},
  };
}
