import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

// The thread of `startWatchdog`. It sleeps without an event loop, so nothing that blocks the main thread blocks it.

/**
 * What the watchdog thread gets. `beats[0]` counts up as long as the event loop turns. `beats[1]` is 1 while a debugger may
 * be attached: then the event loop may stand still on purpose.
 */
export interface WatchdogData {
  beats: Int32Array;
  limitMs: number;
}

const { beats, limitMs } = workerData as WatchdogData;
/** How often the beats are checked. A suspended machine or a stopped process counts as one check. */
const CHECK_MS = Math.min(250, limitMs / 4);
const never = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

let seen = 0;
for (let quietMs = 0; quietMs < limitMs;) {
  Atomics.wait(never, 0, 0, CHECK_MS);
  const beat = Atomics.load(beats, 0);
  const isDebugged = Atomics.load(beats, 1) === 1;
  quietMs = beat === seen && !isDebugged ? quietMs + CHECK_MS : 0;
  seen = beat;
}
const logLine = {
  level: 'fatal',
  time: new Date().toISOString(),
  limit_ms: limitMs,
  msg: 'the event loop stands still; the process ends so that its calls can continue elsewhere',
};
try {
  writeSync(1, `${JSON.stringify(logLine)}\n`);
} finally {
  // Even if writing the log failed.
  process.kill(process.pid, 'SIGKILL');
}
