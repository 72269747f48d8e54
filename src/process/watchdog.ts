import inspector from 'node:inspector';
import { Worker } from 'node:worker_threads';
import type { WatchdogData } from './watchdog-thread.js';

const BEAT_MS = 100;
/** Linux delivers to process 1 of a container only signals it handles. From inside, that excludes even SIGKILL. */
const PROCESS_1_WARNING =
  'The gateway is process 1 of its container, so it cannot end itself when its event loop stands still (MAX_STALL_SECONDS). Start it under an init: docker run --init, or initProcessEnabled on ECS.';

/**
 * Starts a thread that ends this process with SIGKILL when its event loop stands still for `limitMs`.
 *
 * This happens in an endless loop or a function that never returns. The callers then hear nothing, and the process
 * cannot help them. Once it is dead, Twilio requests the next step of each call, and another instance, the restarted
 * process or the number's fallback answers.
 *
 * The thread does not keep the process alive. It is not started if `limitMs` is 0. It ends no process whose inspector is
 * open, also if that was opened later (SIGUSR1), because a debugger stops the event loop on purpose. It cannot see an
 * inspector that opens while the event loop stands still already. `warn` tells the operator what limits it.
 */
export function startWatchdog(limitMs: number, warn: (sentence: string) => void): void {
  if (limitMs === 0) return;
  if (process.pid === 1) warn(PROCESS_1_WARNING);
  const beats = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  const beat = (): void => {
    Atomics.add(beats, 0, 1);
    Atomics.store(beats, 1, inspector.url() === undefined ? 0 : 1);
  };
  beat();
  setInterval(beat, BEAT_MS).unref();
  const workerData: WatchdogData = { beats, limitMs };
  const thread = new Worker(new URL('./watchdog-thread.js', import.meta.url), {
    workerData,
    env: {},
    execArgv: [],
    // The thread only counts and waits.
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 },
  });
  thread.on('error', (error) => warn(`The watchdog of the event loop has failed and no longer runs: ${error.message}`));
  thread.unref();
}
