// `performance.now()` counts from the start of the process, the system's monotonic clock is one for all of them. The
// largest difference of several tries is the nearest: the second reading is always later than the first.
const originMs = Math.max(
  ...Array.from({ length: 10 }, () => Number(process.hrtime.bigint()) / 1e6 - performance.now()),
);

/** Milliseconds of a clock that all processes of this machine share. */
export function monotonicMs(): number {
  return performance.now() + originMs;
}
