import type { Clock } from '../base/clock.js';
import type { Call } from '../call/call.js';
import type { CallRegistry } from '../call/registry.js';
import type { Logger } from '../telemetry/log.js';
import type { MoveWhen } from '../call/snapshot/migration.js';
import type { InFlightRequests } from '../edge/in-flight-requests.js';

// Empties a gateway of its calls before it stops.

const POLL_MS = 100;
/** How long before the end of the drain calls begin to move. Most reach a pause, or a human, by the end. */
const MOVE_BEFORE_END_MS = 30_000;
/**
 * How long before the end any short pause is used. At the end, a call without a pause is moved in the middle of a word.
 */
const HURRY_MS = 8000;
/**
 * How long the journal may be away before calls are handed over instead of moved. Redis restarts in less. A handover takes up to
 * `HANDOVER_MS`, so it must not begin only at the end.
 */
const JOURNAL_AWAY_MS = 5000;
/** How long a call whose stream comes only after the others have moved may wait for a pause. */
const LATE_STREAM_MS = 3000;
/** Maximum time for the goodbye, the dial and the whisper of calls that are handed over because the gateway stops. */
const HANDOVER_MS = 30_000;
/** Minimum time without a request after the last call has moved. Until then Twilio may still request its next step here. */
const QUIET_MS = 1000;
const MAX_QUIET_WAIT_MS = 5000;

/** Time for the calls of a process that has met a fault: they begin to move at once. */
export function drainAfterFaultSeconds(drainSeconds: number): number {
  return Math.min(drainSeconds, MOVE_BEFORE_END_MS / 1000);
}

/** Maximum time a process lives after a fault, whatever its drain waits for. */
export function faultLimitMs(drainSeconds: number): number {
  return drainAfterFaultSeconds(drainSeconds) * 1000 + HANDOVER_MS + 2 * MAX_QUIET_WAIT_MS;
}

export interface DrainOptions {
  calls: CallRegistry;
  clock: Clock;
  log: Logger;
  requests: InFlightRequests;
  /** Stops listening, so that new connections reach another instance if there is one. */
  stopListening: () => void;
}

/** Lets the calls of a stopping gateway finish, moves them to another instance, or hands them to a human. */
export class Drain {
  private readonly options: DrainOptions;
  private emptied: Promise<void> | undefined;
  private endMs = Infinity;
  private canMove = true;
  /** Since when the journal cannot be written, as far as the drain has seen. `undefined` while it can. */
  private unwrittenSinceMs: number | undefined;

  constructor(options: DrainOptions) {
    this.options = options;
  }

  /**
   * Refuses new calls and lets those in progress finish. Near the end of `drainSeconds`, each live call moves to
   * another instance in a pause. If no other instance can read the journal, the calls are handed to a human instead.
   *
   * `canMove`: `false` if the other instances stop as well.
   *
   * A gateway that drains already may be told again, after a fault or because the others stop now, too. The drain then ends when
   * the first of them would have ended.
   */
  run(drainSeconds: number, canMove: boolean): Promise<void> {
    this.endMs = Math.min(this.endMs, this.options.clock.now() + drainSeconds * 1000);
    this.canMove &&= canMove;
    this.emptied ??= this.empty();
    return this.emptied;
  }

  private async empty(): Promise<void> {
    const { calls, clock, log } = this.options;
    calls.stopAccepting();
    await this.until(
      () => {
        this.lookAtJournal();
        return calls.activeCalls.length === 0;
      },
      () => this.endMs - MOVE_BEFORE_END_MS,
    );
    if (calls.activeCalls.length === 0) return;
    if (this.movesCalls && this.live.length > 0) {
      log.warn({ calls: this.live.length }, 'moving the remaining calls to other instances');
      await this.moveCalls();
    }
    if (this.live.length > 0) {
      log.warn({ calls: this.live.length }, 'transferring the remaining calls to a human');
      this.handOver();
    }
    const lastMs = clock.now();
    await this.until(() => {
      // A stream that was requested before may come only now.
      if (this.movesCalls && calls.isWritten)
        void this.move(clock.now() - lastMs < LATE_STREAM_MS ? 'breath' : 'mid-word');
      else this.handOver();
      return !calls.activeCalls.some((call) => call.needsAnswers);
    }, this.in(HANDOVER_MS));
    await this.answerLastRequests();
  }

  private lookAtJournal(): void {
    const { calls, clock } = this.options;
    this.unwrittenSinceMs = calls.isWritten ? undefined : (this.unwrittenSinceMs ?? clock.now());
  }

  private get isJournalAway(): boolean {
    const { unwrittenSinceMs: sinceMs } = this;
    return sinceMs !== undefined && this.options.clock.now() - sinceMs >= JOURNAL_AWAY_MS;
  }

  private get movesCalls(): boolean {
    return this.options.calls.isShared && this.canMove;
  }

  private get live(): readonly Call[] {
    return this.options.calls.activeCalls.filter((call) => call.isLive);
  }

  /**
   * Moves each live call in its next pause. A caller without a pause until the end is told that they were cut off.
   * Calls that cannot be written to the journal stay, and if the journal is away for long, it returns before the end.
   */
  private async moveCalls(): Promise<void> {
    const { clock } = this.options;
    await this.until(
      () => {
        void this.move(this.endMs - clock.now() > HURRY_MS ? 'calm' : 'breath');
        this.lookAtJournal();
        return this.live.length === 0 || this.isJournalAway || !this.movesCalls;
      },
      () => this.endMs,
    );
    await this.move('mid-word');
  }

  /** Transfers the calls that have a stream. All others are leaving already. */
  private handOver(): void {
    for (const call of this.live) call.escalate({ trigger: 'stopping', reason: 'stopping' });
  }

  private async move(when: MoveWhen): Promise<void> {
    if (this.movesCalls && this.options.calls.isWritten)
      await Promise.all(this.live.map((call) => call.moveAway(when)));
  }

  /**
   * Stays until Twilio's last request is answered. Twilio requests the next step of each call whose stream was closed.
   */
  private async answerLastRequests(): Promise<void> {
    const { calls, clock, requests, stopListening } = this.options;
    if (calls.isWritten) stopListening();
    const sinceMs = clock.now();
    // When the last stream has just been closed, Twilio's request about it has not arrived yet.
    await this.until(() => Math.min(requests.quietMs, clock.now() - sinceMs) >= QUIET_MS, this.in(MAX_QUIET_WAIT_MS));
  }

  /** The end of a wait of at most `limitMs`, for {@link until}. */
  private in(limitMs: number): () => number {
    const endMs = this.options.clock.now() + limitMs;
    return () => endMs;
  }

  /** `endMs` is asked again and again, because the end of a drain may come nearer. */
  private async until(isDone: () => boolean, endMs: () => number): Promise<void> {
    const { clock } = this.options;
    while (!isDone() && clock.now() < endMs()) {
      // Not with the clock, because its timers do not keep the process alive.
      await new Promise<void>((resolve) => {
        setTimeout(resolve, POLL_MS);
      });
    }
  }
}
