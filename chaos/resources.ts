/** What the process holds between runs, when it should hold little. */
export interface Resources {
  at: string;
  heapKb: number;
  rssKb: number;
  /** Active resources of the event loop by kind: sockets, servers, timeouts. */
  handles: Readonly<Record<string, number>>;
  /** Calls that the gateways take for active. */
  activeCalls: number;
  /** Timers pending on the clock of the calls. */
  timers: number;
  processListeners: number;
}

/** Measures the process. Collects garbage first if the process was started with `--expose-gc`. */
export async function takeStock(at: string, timers: number, activeCalls: number): Promise<Resources> {
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
  const handles: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) handles[kind] = (handles[kind] ?? 0) + 1;
  const { heapUsed, rss } = process.memoryUsage();
  const processListeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
  return {
    at,
    activeCalls,
    heapKb: Math.round(heapUsed / 1024),
    rssKb: Math.round(rss / 1024),
    handles,
    timers,
    processListeners,
  };
}
