import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

// The thread of startWatchdog. It sleeps without an event loop: nothing that stops the other one's stops it.

/** What startWatchdog passes to this thread. `beats[0]` counts up while the event loop of the process turns. */
export interface StallWatchData {
  beats: Int32Array;
  limitMs: number;
}

const { beats, limitMs } = workerData as StallWatchData;
/** A machine that sleeps, or a process that is stopped, counts as one look. */
const LOOK_MS = Math.min(250, limitMs / 4);
const never = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

let seen = 0;
for (let quietMs = 0; quietMs < limitMs;) {
  Atomics.wait(never, 0, 0, LOOK_MS);
  const beat = Atomics.load(beats, 0);
  quietMs = beat === seen ? quietMs + LOOK_MS : 0;
  seen = beat;
}
const line = {
  level: 'fatal',
  time: new Date().toISOString(),
  limit_ms: limitMs,
  msg: 'the event loop stands still; the process ends so that its calls go on elsewhere',
};
try {
  writeSync(1, `${JSON.stringify(line)}\n`);
} finally {
  // Also when nobody reads the log.
  process.kill(process.pid, 'SIGKILL');
}
