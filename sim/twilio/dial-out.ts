import type { CarrierCall, OutgoingOptions } from './carrier-call.js';
import { Leg } from './leg.js';
import type { AnsweredBy, PhoneEndpoint } from './phone.js';

const HUMAN: NonNullable<PhoneEndpoint['detected']> = { as: 'human', afterMs: 4000 };

/**
 * Calls the telephone of a call that the account makes, and runs the call's document once it is answered (Twilio: API – Call
 * resource, create). Resolves when the document runs, or the call is over.
 */
export async function dialOut(call: CarrierCall, queueMs: number): Promise<void> {
  const { from, outgoing, to } = call.options;
  if (outgoing === undefined || call.isOver) return;
  if (queueMs > 0 && !(await call.pass(queueMs))) return;
  call.leaveQueue();
  const phone = call.carrier.options.phoneBook?.(to, call.callSid);
  if (phone === undefined) {
    call.end('failed');
    return;
  }
  const leg = new Leg(from, to, call.callSid);
  call.on('ended', () => leg.release());
  call.rings();
  phone.ring(leg);
  const decided = new Promise<void>((resolve) => {
    leg.onState(resolve);
  });
  if (leg.current === 'ringing') await Promise.race([decided, call.pass(outgoing.timeoutSeconds * 1000)]);
  if (call.isOver) return;
  if (leg.current !== 'answered') {
    call.end(leg.current === 'busy' || leg.current === 'failed' ? leg.current : 'no-answer');
    return;
  }
  call.answer();
  leg.onState(() => call.hangup());
  leg.bridge((mulaw) => call.speak(mulaw));
  call.on('heard', (frame) => leg.hear(frame));
  await runDetected(call, outgoing, phone.detected ?? HUMAN);
}

/** Runs the document of the call, and detects what has answered: before that, or meanwhile (Twilio: AMD – AsyncAmd). */
async function runDetected(
  call: CarrierCall,
  { detection }: OutgoingOptions,
  { afterMs, as }: NonNullable<PhoneEndpoint['detected']>,
): Promise<void> {
  if (detection?.isAsync !== false) call.runDocument();
  if (detection === undefined || !(await call.pass(afterMs))) return;
  call.answeredBy = seenBy(as, detection.mode);
  if (!detection.isAsync) {
    call.runDocument();
    return;
  }
  const { callback } = detection;
  if (callback === undefined) {
    call.emit('problem', 21262, 'no URL for the result of the machine detection');
    return;
  }
  call.callback(callback.url, callback.method, {
    AccountSid: call.carrier.options.accountSid,
    CallSid: call.callSid,
    AnsweredBy: call.answeredBy,
    MachineDetectionDuration: String(afterMs),
  });
}

/** `Enable` reports that a machine speaks; `DetectMessageEnd` that it has finished (Twilio: AMD – MachineDetection). */
function seenBy(as: AnsweredBy, mode: 'Enable' | 'DetectMessageEnd'): AnsweredBy {
  if (mode === 'Enable') return as.startsWith('machine_') ? 'machine_start' : as;
  return as === 'machine_start' ? 'machine_end_other' : as;
}
