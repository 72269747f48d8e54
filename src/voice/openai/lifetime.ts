import type { RenewalTimes } from '../session.js';

/**
 * Minimum lifetime that is believed. A shorter one means that this machine's wall clock is ahead of the service's, and
 * renewing by it would open session after session.
 */
const MIN_LIFETIME_MS = 300_000;
/** Maximum wait for a pause between turns before a renewal is forced. */
const PAUSE_WITHIN_MS = 180_000;
/** Maximum time kept at the end of a session for opening the next one. */
const MAX_MARGIN_MS = 30_000;

/** How long sessions last: as long as the last one said of itself, or else as documented. */
export class Lifetime {
  private readonly renewAfterMs: number;
  private lifetimeMs: number;

  constructor(renewAfterMs: number, documentedMs: number) {
    this.renewAfterMs = renewAfterMs;
    this.lifetimeMs = documentedMs;
  }

  /** Called with the lifetime that a session named. */
  named(lifetimeMs: number): void {
    if (lifetimeMs >= MIN_LIFETIME_MS) this.lifetimeMs = lifetimeMs;
  }

  get renewal(): RenewalTimes {
    return renewalTimes(this.renewAfterMs, this.lifetimeMs);
  }
}

/**
 * Returns when to renew a session of `lifetimeMs`: well before its end, and not before `renewAfterMs` if there is time.
 */
export function renewalTimes(renewAfterMs: number, lifetimeMs: number): RenewalTimes {
  const latestMs = lifetimeMs - Math.min(MAX_MARGIN_MS, lifetimeMs / 20);
  const afterMs = Math.min(renewAfterMs, (lifetimeMs * 11) / 12);
  return { afterMs, forceAfterMs: Math.max(afterMs, Math.min(afterMs + PAUSE_WITHIN_MS, latestMs)) };
}
