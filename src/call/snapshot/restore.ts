import type { JournalState } from '../../journal/entry.js';
import type { CallOutcome, CallState, Exit, CallStateMachine } from '../call-state.js';
import type { Departure } from '../transfer/departure.js';
import { escalationOf, plainExitOf } from './snapshot.js';

/** Brings a call to where the instance before left it. */
export function restoreState(
  left: JournalState,
  call: {
    machine: CallStateMachine;
    departure: Departure;
    ringing: (opening: string | undefined, quietSinceMs: number | undefined, streamToken: string) => CallState;
    /** The stream was open when its instance died. */
    lost: (quietSinceMs: number | undefined) => Exit;
  },
): void {
  const { departure, machine } = call;
  switch (left.name) {
    case 'ringing':
      machine.enter(call.ringing(left.opening, left.quietSinceMs, left.streamToken));
      return;
    case 'talking':
      departure.part(call.lost(left.quietSinceMs));
      return;
    case 'leaving':
    case 'parted': {
      const { exit } = left;
      if (exit.to !== 'human') departure.part(plainExitOf(exit));
      // What was prepared there may or may not have been written: it is prepared anew, and the old one expires.
      else departure.part(departure.transfer.begin(escalationOf(exit), announced(exit)));
      return;
    }
    case 'dialling':
      departure.resumeDialling(left.handover);
      return;
    case 'recording':
      departure.voicemail.record();
      return;
    case 'ended':
      machine.enter({ name: 'ended', outcome: left.outcome as CallOutcome });
      return;
  }
}

function announced({ announce }: { announce?: string | undefined }): { announce?: string } {
  return announce === undefined ? {} : { announce };
}
