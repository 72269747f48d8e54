import type { ContinuousSessionOptions } from './continuous-options.js';
import { FailoverPlan } from './failover-plan.js';
import type { SupervisedSession } from './supervised-session.js';

/** Minimum time a session must have been ready to end the outage before it. */
const LASTING_MS = 10_000;

/** The time from the loss of a session until another one is ready. */
export interface Outage {
  failover: FailoverPlan;
  /** The session the caller was talking to. The next one begins with what it owed the caller. */
  origin: SupervisedSession;
}

/** `hasTalked`: the caller has heard the provider of the session that was lost. */
export function newOutage(
  { breaker, clock, providers }: ContinuousSessionOptions,
  lost: SupervisedSession,
  { hasTalked }: { hasTalked: boolean },
): Outage {
  return {
    failover: new FailoverPlan({
      providers,
      breaker,
      lost: lost.provider,
      sinceMs: silentSince(lost, clock.now()),
      hasTalked,
    }),
    origin: lost,
  };
}

/**
 * Returns the outage that a lost session did not end, because it was lost again too soon. Its failover plan continues,
 * so that the tries come to an end. `sinceMs`: when the session was ready.
 */
export function unendedOutage(
  lost: { supervised: SupervisedSession; outage: Outage | undefined; sinceMs: number },
  nowMs: number,
): Outage | undefined {
  const { outage, sinceMs, supervised } = lost;
  const hasLasted = nowMs - sinceMs >= LASTING_MS;
  if (outage === undefined || hasLasted) return undefined;
  if (supervised.wasHeard) outage.failover.heard(silentSince(supervised, nowMs));
  return { failover: outage.failover, origin: supervised };
}

/** The silence of a session that stalled counts against the time of its outage. */
function silentSince(lost: SupervisedSession, nowMs: number): number {
  return nowMs - lost.silentMs;
}
