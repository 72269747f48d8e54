import type { CarrierCall } from './carrier-call.js';
import { Leg } from './leg.js';
import { type Element, parseTwiml } from './twiml.js';

/** A DTMF tone and the gap after it; `w` and `W` wait half a second and one (Twilio: Number – sendDigits). */
const TONE_MS = 100;
const GAP_MS = 100;
const WAIT_MS: Readonly<Record<string, number>> = { w: 500, W: 1000 };
const MAX_DIGITS = 32;

/**
 * Runs `<Dial><Number>`: rings, plays what is for the called leg alone, joins the two. Resolves, when it is over, with
 * the fields of the action request. What is played to the leg never reaches the caller.
 */
export async function dial(call: CarrierCall, verb: Element): Promise<Record<string, string>> {
  const number = verb.children[0];
  if (number === undefined) return { DialCallStatus: 'failed', DialBridged: 'false' };
  const to = number.text;
  const leg = new Leg(verb.attributes['callerId'] ?? call.options.from, to);
  const report = legReporter(call, leg, number);
  const startedMs = call.carrier.clock.now();
  const stopOnEnd = call.onEnd(() => leg.release());
  call.emit('dial-started', to);
  report('initiated');

  const phone = call.carrier.options.phoneBook?.(to);
  if (phone === undefined) leg.reject('failed');
  else {
    report('ringing');
    phone.ring(leg);
  }
  await answered(call, leg, Number(verb.attributes['timeout'] ?? '30') * 1000);

  let bridged = false;
  if (leg.current === 'answered') {
    call.emit('dial-answered', to);
    report('answered');
    await playToLeg(call, leg, number);
    if (isAnswered(leg) && !call.isOver) {
      bridged = true;
      leg.bridge();
      call.emit('bridged', to);
      await ended(call, leg);
    }
  }
  const status = statusOf(leg, call);
  leg.release();
  stopOnEnd();
  report('completed');
  call.emit('dial-ended', status, bridged);
  return {
    DialCallStatus: status,
    DialCallSid: leg.callSid,
    DialCallDuration: String(Math.round(((call.carrier.clock.now() - startedMs) * call.carrier.speed) / 1000)),
    DialBridged: String(bridged),
  };
}

/** The state can change while digits are played; the compiler does not know. */
function isAnswered(leg: Leg): boolean {
  return leg.current === 'answered';
}

async function answered(call: CarrierCall, leg: Leg, timeoutMs: number): Promise<void> {
  if (leg.current !== 'ringing') return;
  await Promise.race([new Promise<void>((resolve) => leg.onState(resolve)), call.pass(timeoutMs)]);
}

async function ended(call: CarrierCall, leg: Leg): Promise<void> {
  if (leg.current !== 'answered' || call.isOver) return;
  await new Promise<void>((resolve) => {
    leg.onState(resolve);
    call.onEnd(resolve);
  });
}

/** What `url` and `sendDigits` say, before the two sides are joined. */
async function playToLeg(call: CarrierCall, leg: Leg, number: Element): Promise<void> {
  const { sendDigits, url } = number.attributes;
  if (sendDigits !== undefined) await playDigits(call, leg, sendDigits);
  if (url === undefined) return;
  const answer = await call.request(url, legFields(call, leg, 'in-progress'));
  if (!answer.ok || answer.status !== 200) {
    call.emit('problem', 11200, answer.ok ? `HTTP ${answer.status} from the leg's url` : answer.what);
    return;
  }
  const parsed = parseTwiml(answer.body);
  if ('failed' in parsed) {
    call.emit('problem', parsed.failed.code, parsed.failed.what);
    return;
  }
  call.emit('twiml', new URL(url).pathname, parsed.verbs);
  for (const verb of parsed.verbs) {
    if (verb.name === 'Play') await playDigits(call, leg, verb.attributes['digits'] ?? '');
    else if (verb.name === 'Pause') await call.pass(Number(verb.attributes['length'] ?? '1') * 1000);
    else if (verb.name === 'Hangup') leg.release();
    else if (verb.name !== 'Say') call.emit('problem', 12200, `<${verb.name}> is not allowed on a called leg`);
  }
}

async function playDigits(call: CarrierCall, leg: Leg, digits: string): Promise<void> {
  if (digits.length > MAX_DIGITS || !/^[0-9A-D#*wW]*$/.test(digits)) {
    call.emit('problem', 12200, 'digits are not valid');
    return;
  }
  for (const digit of digits) {
    if (!isAnswered(leg) || call.isOver) return;
    const waitMs = WAIT_MS[digit];
    if (waitMs === undefined) {
      leg.playDigit(digit, TONE_MS);
      await call.pass(TONE_MS + GAP_MS);
    } else await call.pass(waitMs);
  }
}

function statusOf(leg: Leg, call: CarrierCall): string {
  switch (leg.current) {
    case 'busy':
    case 'failed':
      return leg.current;
    case 'ringing':
      return call.isOver ? 'canceled' : 'no-answer';
    case 'answered':
    case 'ended':
      return 'completed';
  }
}

function legFields(call: CarrierCall, leg: Leg, status: string): Record<string, string> {
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

function legReporter(call: CarrierCall, leg: Leg, number: Element): (event: string) => void {
  const { statusCallback, statusCallbackEvent = 'completed' } = number.attributes;
  const wanted = new Set(statusCallbackEvent.split(' '));
  let sequence = 0;
  return (event) => {
    if (statusCallback === undefined || !wanted.has(event)) return;
    const fields = {
      ...legFields(call, leg, event),
      SequenceNumber: String(sequence++),
      Timestamp: new Date().toUTCString(),
    };
    void call.request(statusCallback, fields);
  };
}
