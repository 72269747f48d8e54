import type { CarrierCall } from './carrier-call.js';
import { type Fields, rfc2822 } from './fields.js';
import type { Leg } from './leg.js';
import type { Element } from './twiml.js';

export type LegEvent = 'initiated' | 'ringing' | 'answered' | 'completed';

/** Returns the fields of every request about a called leg, which has a CallSid of its own. */
export function legFields(call: CarrierCall, leg: Leg, status: string): Fields {
  return call.fields({
    CallSid: leg.callSid,
    ParentCallSid: call.callSid,
    From: leg.from,
    Caller: leg.from,
    To: leg.to,
    Called: leg.to,
    CallStatus: status,
    Direction: 'outbound-dial',
  });
}

/** Sends the leg's status callbacks that `statusCallbackEvent` asks for (Twilio: Number – statusCallback). */
export function legReporter(
  call: CarrierCall,
  leg: Leg,
  number: Element,
): (event: LegEvent, status: string, more?: Record<string, string>) => void {
  const { statusCallback, statusCallbackEvent = 'completed', statusCallbackMethod } = number.attributes;
  const wanted = new Set(statusCallbackEvent.split(' '));
  let sequence = 0;
  return (event, status, more = {}) => {
    if (statusCallback === undefined || !wanted.has(event)) return;
    call.callback(statusCallback, statusCallbackMethod, {
      ...legFields(call, leg, status),
      SequenceNumber: String(sequence++),
      Timestamp: rfc2822(call.carrier.clock.epochMs()),
      CallbackSource: 'call-progress-events',
      ...more,
    });
  };
}
