/** How the process is stopped. */
interface Stopping {
  signals: readonly NodeJS.Signals[];
  /** Whether npm has started the process, so that the end of npm stops it, too. */
  isUnderNpm: boolean;
  activeCalls: () => number;
  /** Maximum time for the calls in progress to finish. */
  drainSeconds: number;
  /** Tells the operator what happens. `msg` is constant. */
  say: (msg: string, sentence: string) => void;
  stop: () => Promise<void>;
}

export const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** What a closed terminal sends. One or two may follow each other, so a second one never ends the process at once. */
export const HANGUP_SIGNALS = ['SIGHUP'] as const;

/** npm passes Ctrl-C on to a process that has got it from the terminal already. */
const SAME_SIGNAL_MS = 1000;
const PARENT_POLL_MS = 250;

/**
 * Stops the process in an orderly way on the first signal. A second signal ends it at once; from npm it may be the
 * first one again.
 *
 * npm passes SIGINT and SIGTERM on, but dies of SIGHUP. The process notices the end of npm and stops then, too.
 */
export function stopOnSignal({ activeCalls, drainSeconds, isUnderNpm, say, signals, stop }: Stopping): void {
  let sinceMs: number | undefined;
  const sameSignalMs = isUnderNpm ? SAME_SIGNAL_MS : 0;
  const begin = async (): Promise<void> => {
    sinceMs = performance.now();
    const calls = activeCalls();
    if (calls > 0) {
      say(
        'the gateway is stopping',
        `Stopping: ${calls} call(s) in progress may finish (up to ${drainSeconds} s). Press Ctrl-C again to stop at once.`,
      );
    }
    await stop();
    // 0, unless a fault has set another code meanwhile.
    process.exit();
  };
  for (const signal of signals) {
    process.on(signal, () => {
      if (sinceMs === undefined) void begin();
      else if (signal !== 'SIGHUP' && performance.now() - sinceMs >= sameSignalMs) process.exit(1);
    });
  }
  if (!isUnderNpm) return;
  const parent = process.ppid;
  const poll = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(poll);
    if (sinceMs === undefined) void begin();
  }, PARENT_POLL_MS).unref();
}
