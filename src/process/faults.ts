/** How a process ends after an error that no part of it has caught. */
interface FaultStop {
  /** Counts the error. Called for each. */
  count: () => void;
  /** Logs the error. Called for the first ones. */
  report: (error: unknown, origin: 'uncaughtException' | 'unhandledRejection') => void;
  /** Lets the calls move to another instance or go to an agent. Called once. */
  stop: () => Promise<void>;
  /** Maximum time for `stop`. Then the process ends without it. */
  limitMs: number;
}

/** Maximum number of errors that are reported. A fault may repeat with every frame until the process ends. */
const MAX_REPORTS = 20;

/**
 * The last handler: takes every error that would end the process at once, together with its calls. The process may have
 * lost part of its state, so it does not continue; but its calls first get time to leave. It then ends with exit code 1.
 */
export function stopOnFault({ count, limitMs, report, stop }: FaultStop): void {
  let reports = 0;
  // Node calls this for a promise that was rejected and not handled, too.
  process.on('uncaughtException', (error, origin) => {
    process.exitCode = 1;
    try {
      count();
      if (reports < MAX_REPORTS) report(error, origin);
    } catch {
      // A log that cannot be written must not keep the calls.
    }
    if (reports++ === 0) void endAfter(stop, limitMs);
  });
}

async function endAfter(stop: () => Promise<void>, limitMs: number): Promise<void> {
  setTimeout(() => process.exit(1), limitMs);
  try {
    await stop();
  } finally {
    process.exit(1);
  }
}

/** Returns `close` in a form that runs once. A signal and a fault may both ask for it. */
export function once(close: () => Promise<void>): () => Promise<void> {
  let closed: Promise<void> | undefined;
  return () => (closed ??= close());
}
