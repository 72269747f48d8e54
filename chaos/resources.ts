/** What a process holds at a moment when it should hold little. */
export interface Resources {
  at: string;
  heapKb: number;
  rssKb: number;
  /** Of the event loop, by kind: sockets, servers, timeouts. */
  handles: Readonly<Record<string, number>>;
  /** That the gateways believe to go on. */
  activeCalls: number;
  /** On the clock of the calls. */
  timers: number;
  processListeners: number;
}

/** Collects garbage first, where the process was started with `--expose-gc`. */
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
