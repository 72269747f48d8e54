import type { Clock } from '../../src/base/clock.js';
import type { FaultPlace } from './faults.js';
import { type Problem, problem } from './problem.js';

/** How long a lock lasts (HubSpot: error handling, 423). */
const LOCK_MS = 2000;

/** Times in which the account takes no requests: of one kind while they are locked, of any kind while it moves. */
export class Closures {
  private readonly clock: Clock;
  private readonly lockedUntilMs = new Map<FaultPlace, number>();
  private movingUntilMs = -Infinity;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  lock(place: FaultPlace): void {
    this.lockedUntilMs.set(place, this.clock.now() + LOCK_MS);
  }

  move(durationMs: number): void {
    this.movingUntilMs = this.clock.now() + durationMs;
  }

  /** Returns the refusal of a request to `place`. `undefined` if it is open. */
  refusal(place: FaultPlace): Problem | undefined {
    const nowMs = this.clock.now();
    const movesMs = this.movingUntilMs - nowMs;
    if (movesMs > 0) {
      const headers = { 'retry-after': String(Math.ceil(movesMs / 1000)) };
      return { ...problem(477, 'MIGRATION_IN_PROGRESS', 'The account is being migrated.'), headers };
    }
    return (this.lockedUntilMs.get(place) ?? -Infinity) > nowMs
      ? problem(423, 'LOCKED', 'The resource is locked.')
      : undefined;
  }
}
