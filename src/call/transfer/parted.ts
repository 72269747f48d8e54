import type { Clock } from '../../base/clock.js';
import type { CallOutcome, CallStateMachine, ExitPlan } from '../call-state.js';

/**
 * Maximum time until Twilio requests the action URL of a stream or dial that is over. Twilio does so at once, and gives up
 * after 15 s with all retries.
 */
const REQUEST_EXPECTED_MS = 30_000;

/** Enters `parted`: Twilio is about to request the next TwiML. If it never does, the caller has hung up. */
export function enterParted(
  { announce, exit }: ExitPlan,
  { clock, end, machine }: { clock: Clock; machine: CallStateMachine; end: (outcome: CallOutcome) => void },
): void {
  const expires = clock.setTimer(REQUEST_EXPECTED_MS, () =>
    end(exit.to === 'nobody' ? exit.outcome : 'caller_hung_up'),
  );
  machine.enter({ name: 'parted', exit, announce, expires });
}
