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
 * The thread does not keep the process alive. It is not started while a debugger is attached or if `limitMs` is 0. `warn`
 * tells the operator what limits it.
 */
export function startWatchdog(limitMs: number, warn: (sentence: string) => void): void {
  if (limitMs === 0 || inspector.url() !== undefined) return;
  if (process.pid === 1) warn(PROCESS_1_WARNING);
  const beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  setInterval(() => Atomics.add(beats, 0, 1), BEAT_MS).unref();
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
