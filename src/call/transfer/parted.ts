import type { Clock } from '../../base/clock.js';
import type { CallOutcome, CallStateMachine, ExitPlan, Parted } from '../call-state.js';

/**
 * Maximum time until Twilio requests the action URL of a stream or dial that is over. Twilio does so at once, and gives up
 * after 15 s with all retries.
 */
const REQUEST_EXPECTED_MS = 30_000;

/** Called when Twilio has not asked this instance in time. `outcome`: what became of the call if no other one was asked. */
export type NotAsked = (parted: Parted, outcome: CallOutcome) => void;

/** Enters `parted`: Twilio is about to request the next TwiML. If it never does, the caller has hung up. */
export function enterParted(
  { announce, exit }: ExitPlan,
  { clock, machine, notAsked }: { clock: Clock; machine: CallStateMachine; notAsked: NotAsked },
): void {
  const expires = clock.setTimer(REQUEST_EXPECTED_MS, () =>
    notAsked(parted, exit.to === 'nobody' ? exit.outcome : 'caller_hung_up'),
  );
  const parted: Parted = { name: 'parted', exit, announce, expires };
  machine.enter(parted);
}
