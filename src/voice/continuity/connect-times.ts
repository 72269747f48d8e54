import type { Clock } from '../../base/clock.js';
import type { ErrorCode } from '../../base/errors.js';
import type { SessionConnected } from '../session.js';
import type { SupervisedSession } from './supervised-session.js';

/** Measures how long the sessions of one call take to be ready, or to fail. */
export class ConnectTimes {
  private readonly clock: Clock;
  private readonly report: (connected: SessionConnected) => void;
  private readonly opening = new Map<SupervisedSession, { cause: SessionConnected['cause']; sinceMs: number }>();

  constructor(clock: Clock, report: (connected: SessionConnected) => void) {
    this.clock = clock;
    this.report = report;
  }

  opened(supervised: SupervisedSession, cause: SessionConnected['cause']): void {
    this.opening.set(supervised, { cause, sinceMs: this.clock.now() });
  }

  /** `error` is `undefined` if the session is ready. Of a session that was ready before, nothing is reported. */
  settled(supervised: SupervisedSession, error?: ErrorCode): void {
    const opening = this.opening.get(supervised);
    if (opening === undefined) return;
    this.opening.delete(supervised);
    const { cause, sinceMs } = opening;
    this.report({ provider: supervised.provider.name, cause, tookMs: this.clock.now() - sinceMs, error });
  }

  /** The session is closed because it is not needed any more. */
  dropped(supervised: SupervisedSession): void {
    this.opening.delete(supervised);
  }
}
