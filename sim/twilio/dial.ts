import { callerIdOf } from './caller-id.js';
import { Leg } from './leg.js';
import { playToLeg } from './leg-document.js';
import { legReporter } from './leg-reports.js';
import { Lifetime } from './lifetime.js';
import type { Element } from './twiml.js';
import type { VerbContext } from './verb-context.js';

/** Twilio: Dial – defaults, in seconds. */
const TIMEOUT_SECONDS = '30';
const TIME_LIMIT_SECONDS = '14400';

/**
 * Runs `<Dial>`: rings the first `<Number>`, plays the audio meant for the called leg alone, then bridges both legs.
 * Resolves with the fields of the action request when the dial is over. What is played to the leg never reaches the
 * caller.
 */
export async function dial(script: VerbContext, verb: Element): Promise<Record<string, string>> {
  const { call, life } = script;
  const { clock, speed } = call.carrier;
  const number = verb.children[0] ?? { name: 'Number', attributes: {}, children: [], text: verb.text };
  const to = number.text;
  const { answerOnBridge, callerId, timeLimit = TIME_LIMIT_SECONDS, timeout = TIMEOUT_SECONDS } = verb.attributes;
  if (answerOnBridge !== 'true') call.answer();
  const { from, to: called } = call.options;
  const shown = callerIdOf({ given: callerId, from, to: called, own: call.carrier.options.ownNumbers ?? [] });
  const leg = new Leg('number' in shown ? shown.number : from, to);
  const report = legReporter(call, leg, number);
  const forget = life.onEnd(() => leg.release());
  call.emit('dial-started', to);
  report('initiated', 'initiated');

  const phone = call.carrier.options.phoneBook?.(to, call.callSid);
  if ('problem' in shown) call.emit('problem', 13214, shown.problem);
  if (phone === undefined || 'problem' in shown) leg.reject('failed');
  else {
    report('ringing', 'ringing');
    phone.ring(leg);
  }
  if (leg.current === 'ringing')
    await Promise.race([new Promise<void>((resolve) => leg.onState(resolve)), life.pass(Number(timeout) * 1000)]);

  let bridged = false;
  let answeredMs: number | undefined;
  if (leg.current === 'answered') {
    answeredMs = clock.now();
    call.emit('dial-answered', to);
    report('answered', 'in-progress');
    // Playing to the leg alone ends when the leg ends or the caller hangs up.
    const legLife = new Lifetime(clock, speed);
    leg.onState(() => legLife.end());
    await playToLeg(script, leg, number, legLife);
    if (!legLife.isOver) {
      bridged = true;
      call.answer();
      call.farEnd = (mulaw) => leg.hear(mulaw);
      leg.bridge((mulaw) => call.emit('heard', mulaw));
      call.emit('bridged', to);
      const stopListening = releaseOnStar(script, verb, leg);
      await legLife.pass(Number(timeLimit) * 1000);
      stopListening();
      call.farEnd = undefined;
    }
  }
  const status = statusOf(leg, life.isOver);
  leg.release();
  forget();
  const durationMs = answeredMs === undefined ? 0 : (clock.now() - answeredMs) * speed;
  const seconds = String(Math.round(durationMs / 1000));
  report('completed', status, { CallDuration: seconds });
  call.emit('dial-ended', status, bridged);
  return {
    DialCallStatus: status,
    DialCallSid: leg.callSid,
    DialCallDuration: seconds,
    DialBridged: String(bridged),
  };
}

/** Twilio: Dial – hangupOnStar. The caller's `*` ends the called leg. */
function releaseOnStar({ call }: VerbContext, verb: Element, leg: Leg): () => void {
  if (verb.attributes['hangupOnStar'] !== 'true') return () => undefined;
  const onKey = (digit: string): void => {
    if (digit === '*') leg.release();
  };
  call.on('key', onKey);
  return () => call.off('key', onKey);
}

function statusOf(leg: Leg, callerGone: boolean): string {
  switch (leg.current) {
    case 'busy':
    case 'failed':
      return leg.current;
    case 'ringing':
      return 'no-answer';
    case 'answered':
      return 'completed';
    case 'ended':
      return leg.wasAnswered ? 'completed' : callerGone ? 'canceled' : 'no-answer';
  }
}
