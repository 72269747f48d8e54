// `performance.now()` counts from the start of the process, while all processes share the system's monotonic clock. The largest
// difference of several tries is the most exact one, because the second reading is always later than the first.
const originMs = Math.max(
  ...Array.from({ length: 10 }, () => Number(process.hrtime.bigint()) / 1e6 - performance.now()),
);

/** Returns milliseconds on a clock that all processes of this machine share. */
export function monotonicMs(): number {
  return performance.now() + originMs;
}
