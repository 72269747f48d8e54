/** What ends with the process. */
interface Stopping {
  activeCalls: () => number;
  /** How long calls in progress may take to finish. */
  drainSeconds: number;
  stop: () => Promise<void>;
}

export const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** The first signal stops in an orderly way, then ends the process; a second one ends it at once. */
export function stopOnSignal({ activeCalls, drainSeconds, stop }: Stopping): void {
  let isStopping = false;
  const onSignal = async (): Promise<void> => {
    const calls = activeCalls();
    if (calls > 0) {
      console.error(
        `Stopping: ${calls} call(s) in progress may finish (up to ${drainSeconds} s). Press Ctrl-C again to stop at once.`,
      );
    }
    await stop();
    process.exit(0);
  };
  for (const signal of STOP_SIGNALS) {
    process.on(signal, () => {
      if (isStopping) process.exit(1);
      isStopping = true;
      void onSignal();
    });
  }
}
