import type { Clock, Timer } from '../base/clock.js';
import type { Logger } from '../telemetry/log.js';
import { BackendFailure } from './backend.js';

const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 5000;
/** Delay after the start before a missing connection is logged. */
const FIRST_CONNECTION_MS = 3000;

/** `failures` counts failures in a row; 0 while the first connection is pending. */
type State =
  | { name: 'up' }
  | { name: 'down'; failures: number; retry: Timer }
  /** One write or read is pending to see whether the backend works again. */
  | { name: 'probing'; failures: number }
  | { name: 'closed' };

export interface BackendWatchOptions {
  clock: Clock;
  log: Logger;
  /** Whether the backend works from the start, without a connection that must come first. */
  isUpAtStart: boolean;
  /** Tries one write or read, and reports with `wentUp` or `wentDown` how it ended. */
  attempt: () => void;
  /** Returns the number of calls that wait to be written. */
  waiting: () => number;
  onHealth: ((isUp: boolean) => void) | undefined;
}

/** Knows whether the journal's backend works. While it does not, tries it again after growing delays. */
export class BackendWatch {
  private readonly options: BackendWatchOptions;
  private state: State;
  /** The kinds of failure that the log has named in this outage. */
  private readonly named = new Set<string>();

  constructor(options: BackendWatchOptions) {
    this.options = options;
    this.state = options.isUpAtStart ? { name: 'up' } : this.down(0, FIRST_CONNECTION_MS);
    options.onHealth?.(options.isUpAtStart);
  }

  get isUp(): boolean {
    return this.state.name === 'up';
  }

  get isClosed(): boolean {
    return this.state.name === 'closed';
  }

  /** The backend has answered. */
  wentUp(): void {
    const { log, onHealth, waiting } = this.options;
    const { state } = this;
    if (state.name !== 'down' && state.name !== 'probing') return;
    if (state.name === 'down') state.retry.cancel();
    this.state = { name: 'up' };
    this.named.clear();
    log.info({ unwritten: waiting() }, 'the journal is being written');
    onHealth?.(true);
  }

  /** The backend has failed. */
  wentDown(error: unknown): void {
    const { log, onHealth } = this.options;
    const { state } = this;
    // Closed, or one of several writes that were pending when the backend failed; the retry is scheduled already.
    if (state.name === 'closed' || state.name === 'down') return;
    const failures = state.name === 'probing' ? state.failures + 1 : 1;
    if (failures === 1) onHealth?.(false);
    const kind = error instanceof BackendFailure ? error.kind : 'fault';
    if (!this.named.has(kind)) {
      this.named.add(kind);
      log.error({ kind }, 'the journal cannot be written; running calls would lose their memory with this instance');
    }
    this.state = this.down(failures, Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10), MAX_RETRY_MS));
  }

  /** Tries the backend now if it is down. */
  probe(): void {
    if (this.state.name !== 'down') return;
    this.state.retry.cancel();
    this.state = { name: 'probing', failures: this.state.failures };
    this.options.attempt();
  }

  close(): void {
    if (this.state.name === 'down') this.state.retry.cancel();
    this.state = { name: 'closed' };
  }

  private down(failures: number, delayMs: number): State & { name: 'down' } {
    return { name: 'down', failures, retry: this.options.clock.setTimer(delayMs, () => this.probe()) };
  }
}
