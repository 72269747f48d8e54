import type { Clock } from '../base/clock.js';
import type { Call } from '../call/call.js';
import type { CallRegistry } from '../call/registry.js';
import type { Logger } from '../telemetry/log.js';
import type { MoveWhen } from '../call/snapshot/migration.js';
import type { OpenRequests } from '../edge/in-flight-requests.js';

const POLL_MS = 100;
/** Before the end of the drain calls begin to be let go of: by the end most have come to a pause, or to a human. */
const LETTING_GO_MS = 30_000;
/** From here on any pause is used: whoever has none is told in the end. */
const HURRY_MS = 8000;
/** Calls whose stream comes when the others are gone are moved in a pause for so long. */
const LATECOMERS_MS = 3000;
/** Time for the goodbye, the dial and the whisper of calls that are handed over because the gateway stops. */
const HANDOVER_MS = 30_000;
/** After the last call was moved: Twilio asks within this time what now, and may still ask here. */
const QUIET_MS = 1000;
const MAX_QUIET_WAIT_MS = 5000;

export interface DrainOptions {
  calls: CallRegistry;
  clock: Clock;
  log: Logger;
  requests: OpenRequests;
  /** New connections go to another instance from here on, if there is one. */
  stopListening: () => void;
}

/** How a gateway that is to stop lets go of its calls. */
export class Drain {
  private readonly options: DrainOptions;

  constructor(options: DrainOptions) {
    this.options = options;
  }

  /**
   * Takes no calls any more and lets those in progress finish. Near the end of `drainSeconds` those still live are moved to
   * another instance, each in a pause; where none could know of them they are handed to a human.
   * `canMove`: false when the others that could know of them stop as well.
   */
  async run(drainSeconds: number, canMove: boolean): Promise<void> {
    const { calls, clock, log } = this.options;
    calls.stopAccepting();
    const drainMs = drainSeconds * 1000;
    const movesCalls = calls.isShared && canMove;
    const startedMs = clock.now();
    await this.until(() => calls.activeCalls.length === 0, Math.max(0, drainMs - LETTING_GO_MS));
    if (calls.activeCalls.length === 0) return;
    if (movesCalls && this.live.length > 0) {
      log.warn({ calls: this.live.length }, 'moving the remaining calls to other instances');
      await this.moveCalls(startedMs + drainMs - clock.now());
    }
    if (this.live.length > 0) {
      log.warn({ calls: this.live.length }, 'handing the remaining calls to a human');
      this.handOver();
    }
    const lastMs = clock.now();
    await this.until(() => {
      // A stream that was announced before may have come only now.
      if (movesCalls && calls.isWritten) void this.move(clock.now() - lastMs < LATECOMERS_MS ? 'breath' : 'mid-word');
      else this.handOver();
      return !calls.activeCalls.some((call) => call.needsAnswers);
    }, HANDOVER_MS);
    await this.answerTheLast();
  }

  private get live(): readonly Call[] {
    return this.options.calls.activeCalls.filter((call) => call.isLive);
  }

  /**
   * Each in its next pause; those that have none in `limitMs` are told that they were cut off. Those that cannot be
   * written down stay.
   */
  private async moveCalls(limitMs: number): Promise<void> {
    const { clock } = this.options;
    const endMs = clock.now() + limitMs;
    await this.until(() => {
      void this.move(endMs - clock.now() > HURRY_MS ? 'calm' : 'breath');
      return this.live.length === 0;
    }, limitMs);
    await this.move('mid-word');
  }

  /** Those that are talked to; the others are on their way already. */
  private handOver(): void {
    for (const call of this.live) call.escalate({ trigger: 'stopping', reason: 'stopping' });
  }

  private async move(when: MoveWhen): Promise<void> {
    if (this.options.calls.isWritten) await Promise.all(this.live.map((call) => call.moveAway(when)));
  }

  /** Twilio asks about a call whose stream was closed, and whoever is asked must not vanish over the answer. */
  private async answerTheLast(): Promise<void> {
    const { calls, clock, requests, stopListening } = this.options;
    if (calls.isWritten) stopListening();
    const sinceMs = clock.now();
    // A question about the last stream is not here yet when the stream has just been closed.
    await this.until(() => Math.min(requests.quietMs, clock.now() - sinceMs) >= QUIET_MS, MAX_QUIET_WAIT_MS);
  }

  private async until(isDone: () => boolean, limitMs: number): Promise<void> {
    const { clock } = this.options;
    const startedMs = clock.now();
    while (!isDone() && clock.now() - startedMs < limitMs) {
      // Not by the clock: its timers let the process end.
      await new Promise<void>((resolve) => {
        setTimeout(resolve, POLL_MS);
      });
    }
  }
}
