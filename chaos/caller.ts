import type { CarrierCall } from '../sim/twilio/carrier-call.js';
import { toneVoice } from '../sim/model/voice.js';
import type { Judge } from './judge.js';
import type { CallModels } from './call-models.js';
import type { CallPlan, CallerAct, CarrierFault } from './plan.js';

// The simulated caller of one chaos call.

const POLL_MS = 100;
/** Maximum time a caller waits for the end of a sentence before they speak anyway. */
const PATIENCE_MS = 9000;
const PAUSE_MS = 400;
const GARBAGE = ['{', '{"event":"media"}', '{"event":"mark","mark":{"name":"nobody"}}', '[]', '{"event":"surprise"}'];

/** Plays the caller of one call: their acts, the faults of their line, and the hang-up, all as planned. */
export function playCaller(plan: CallPlan, call: CarrierCall, judge: Judge, models: CallModels): void {
  void call.pass(plan.hangUpMs).then((isLive) => isLive && call.hangup());
  for (const { atMs, fault } of plan.carrierFaults) void injectFault(call, judge, atMs, fault);
  void talk(plan, call, judge, models);
}

async function injectFault(call: CarrierCall, judge: Judge, atMs: number, fault: CarrierFault): Promise<void> {
  if (!(await call.pass(atMs))) return;
  const stream = call.mediaStream;
  if (stream === undefined) return;
  judge.tell(`fault: ${fault.type}`);
  switch (fault.type) {
    case 'drop':
      stream.drop();
      return;
    case 'stop':
      await stream.stop();
      return;
    case 'garbage':
      if (judge.canTalk) for (const text of GARBAGE) stream.sendRaw(text);
      return;
    case 'line':
      stream.setLine(fault.condition);
      judge.lineIs(fault.condition);
      await call.pass(fault.ms);
      if (call.mediaStream !== stream) return;
      stream.setLine('clear');
      judge.lineIs('clear');
  }
}

async function talk(plan: CallPlan, call: CarrierCall, judge: Judge, models: CallModels): Promise<void> {
  for (const act of plan.acts) {
    const isTurn = act.type === 'barge-in' ? () => judge.isSpokenTo : () => judge.isContent;
    for (let waitedMs = 0; waitedMs < PATIENCE_MS && !isTurn(); waitedMs += POLL_MS) {
      if (!(await call.pass(POLL_MS))) return;
    }
    if (!(await call.pass(act.type === 'barge-in' ? act.afterMs : PAUSE_MS))) return;
    if (judge.canTalk) await perform(act, call, judge, models);
    if (call.isOver) return;
  }
}

async function perform(act: CallerAct, call: CarrierCall, judge: Judge, models: CallModels): Promise<void> {
  switch (act.type) {
    case 'speak':
    case 'barge-in': {
      models.saying = act.text;
      const sound = await toneVoice().speak('', { durationMs: act.ms });
      judge.callerActs(`${act.type}: ${act.text}`, act.ms);
      call.speak(sound);
      await call.pass(act.ms);
      return;
    }
    case 'keys':
      judge.callerActs(`keys: ${act.digits}`, 100 * act.digits.length);
      for (const digit of act.digits) {
        call.pressDigit(digit);
        await call.pass(100);
      }
      return;
    case 'silence':
      judge.tell(`says nothing for ${act.ms} ms`);
      await call.pass(act.ms);
  }
}
