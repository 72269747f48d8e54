import type { CarrierCall } from '../sim/twilio/carrier-call.js';
import { toneVoice } from '../sim/model/voice.js';
import type { Judge } from './judge.js';
import type { ModelLine } from './model-line.js';
import type { CallPlan, CallerAct, CarrierFault } from './plan.js';

const LOOK_MS = 100;
/** A caller who hears no end of a sentence speaks all the same. */
const PATIENCE_MS = 9000;
const PAUSE_MS = 400;
const GARBAGE = ['{', '{"event":"media"}', '{"event":"mark","mark":{"name":"nobody"}}', '[]', '{"event":"surprise"}'];

/** Does what is planned for one call, and lets happen to it what is planned. */
export function liveThrough(plan: CallPlan, call: CarrierCall, judge: Judge, line: ModelLine): void {
  void call.pass(plan.hangUpMs).then((isLive) => isLive && call.hangup());
  for (const { atMs, fault } of plan.carrierFaults) void befall(call, judge, atMs, fault);
  void talk(plan, call, judge, line);
}

async function befall(call: CarrierCall, judge: Judge, atMs: number, fault: CarrierFault): Promise<void> {
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

async function talk(plan: CallPlan, call: CarrierCall, judge: Judge, line: ModelLine): Promise<void> {
  for (const act of plan.acts) {
    const isTurn = act.type === 'barge-in' ? () => judge.isSpokenTo : () => judge.isContent;
    for (let waitedMs = 0; waitedMs < PATIENCE_MS && !isTurn(); waitedMs += LOOK_MS) {
      if (!(await call.pass(LOOK_MS))) return;
    }
    if (!(await call.pass(act.type === 'barge-in' ? act.afterMs : PAUSE_MS))) return;
    if (judge.canTalk) await perform(act, call, judge, line);
    if (call.isOver) return;
  }
}

async function perform(act: CallerAct, call: CarrierCall, judge: Judge, line: ModelLine): Promise<void> {
  switch (act.type) {
    case 'speak':
    case 'barge-in': {
      line.saying = act.text;
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
