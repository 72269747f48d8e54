/** Deaths older than this no longer count. */
const WINDOW_MS = 10 * 60_000;
/** Number of deaths in the window after which a restart still follows at once. */
const FREE_RESTARTS = 2;
const FIRST_DELAY_MS = 1000;
const MAX_DELAY_MS = 60_000;

/**
 * Decides how long a thread that died stays dead. One death costs the callers the least if the thread restarts at once. A
 * thread that dies again and again restarts ever later, but never for the last time.
 */
export class RestartDelays {
  private deathsMs: number[] = [];

  /** Notes a death and returns the delay before the restart. */
  afterDeath(nowMs: number): number {
    this.deathsMs = [...this.deathsMs.filter((deathMs) => nowMs - deathMs < WINDOW_MS), nowMs];
    const paid = this.deathsMs.length - FREE_RESTARTS;
    return paid <= 0 ? 0 : Math.min(FIRST_DELAY_MS * 2 ** (paid - 1), MAX_DELAY_MS);
  }
}
