import type { Clock } from '../../base/clock.js';
import type { JournalState } from '../../journal/entry.js';
import type { CallOutcome, CallState, CallStateMachine, ExitPlan } from '../call-state.js';
import type { Departure } from '../transfer/departure.js';
import { briefingIn, escalationOf, momentOf, planOf } from './snapshot.js';

/** Brings a call to the state in which another instance left it. */
export function restoreState(
  left: JournalState,
  call: {
    clock: Clock;
    machine: CallStateMachine;
    departure: Departure;
    ringing: (opening: string | undefined, quietSinceMs: number | undefined, streamToken: string) => CallState;
    /** Returns the plan for a call whose stream was open when its instance died. */
    lost: (quietSinceMs: number | undefined) => ExitPlan;
  },
): void {
  const { clock, departure, machine } = call;
  switch (left.name) {
    case 'ringing':
      machine.enter(call.ringing(left.opening, momentOf(clock, left.quietSinceMs), left.streamToken));
      return;
    case 'talking':
      departure.part(call.lost(momentOf(clock, left.quietSinceMs)));
      return;
    case 'leaving':
    case 'parted': {
      const { exit } = left;
      if (exit.to !== 'human') departure.part(planOf(exit, clock));
      // The record may or may not have been written there. A new one is prepared here, and the old one expires.
      else departure.part({ exit: departure.transfer.begin(escalationOf(exit)), announce: exit.announce });
      return;
    }
    case 'dialling':
      departure.dialling.resume(left.handover, { ...left, briefing: briefingIn(left.briefing) });
      return;
    case 'recording':
      departure.voicemail.record();
      return;
    case 'ended':
      machine.enter({ name: 'ended', outcome: left.outcome as CallOutcome, announce: left.announce });
      return;
  }
}
