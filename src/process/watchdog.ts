import inspector from 'node:inspector';
import { Worker } from 'node:worker_threads';
import type { StallWatchData } from './watchdog-thread.js';

const BEAT_MS = 100;
/** Linux gives the first process of a container no signal that it has not asked for, SIGKILL from inside included. */
const AS_FIRST_PROCESS =
  'Warning: as process 1 of its container a gateway that stands still cannot end itself (MAX_STALL_SECONDS). Start it under an init: docker run --init, or initProcessEnabled on ECS.';

/**
 * Ends this process, by SIGKILL, when its event loop stands still for `limitMs`: a loop without end, or a call that never
 * returns. The callers on it hear nothing, and nothing in it can help them; once it is dead Twilio asks what now, and
 * another instance, its next process or the number's fallback answers. A thread of its own watches. It neither keeps the
 * process alive nor watches while a debugger is attached. 0: nobody watches.
 */
export function startWatchdog(limitMs: number): void {
  if (limitMs === 0 || inspector.url() !== undefined) return;
  if (process.pid === 1) console.error(AS_FIRST_PROCESS);
  const beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  setInterval(() => Atomics.add(beats, 0, 1), BEAT_MS).unref();
  const workerData: StallWatchData = { beats, limitMs };
  const thread = new Worker(new URL('./watchdog-thread.js', import.meta.url), {
    workerData,
    env: {},
    execArgv: [],
    // It counts and waits.
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 },
  });
  thread.on('error', (error) => console.error(`Warning: nobody watches the event loop any more: ${error.message}`));
  thread.unref();
}
