/** How the process is stopped. */
interface Stopping {
  activeCalls: () => number;
  /** Maximum time for the calls in progress to finish. */
  drainSeconds: number;
  stop: () => Promise<void>;
}

export const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Stops the process in an orderly way on the first signal. A second signal ends it at once. */
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
    // 0, unless a fault has set another code meanwhile.
    process.exit();
  };
  for (const signal of STOP_SIGNALS) {
    process.on(signal, () => {
      if (isStopping) process.exit(1);
      isStopping = true;
      void onSignal();
    });
  }
}
