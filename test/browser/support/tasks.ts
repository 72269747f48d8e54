import type { Page } from 'playwright-core';

/** The longest task of a page's main thread. */
export interface Task {
  /** Time of the thread, so that what else runs on the machine does not count. */
  cpuMs: number;
  /** What took longest in it. */
  name: string;
}

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  dur?: number;
  tdur?: number;
  args?: { name?: string; data?: { url?: string } };
}

/** Returns the longest task of the page's main thread while `body` runs. */
export async function longestTask(page: Page, body: () => Promise<void>): Promise<Task> {
  const session = await page.context().newCDPSession(page);
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['toplevel', 'devtools.timeline', '__metadata'] },
  });
  await body();
  const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
  await session.send('Tracing.end');
  await complete;
  await session.detach();
  // The browser has pages of its own, in other processes.
  const { origin } = new URL(page.url());
  const ours = new Set(events.filter(({ args }) => args?.data?.url?.startsWith(origin) === true).map(({ pid }) => pid));
  const mains = new Set(
    events
      .filter(({ args, name, pid }) => name === 'thread_name' && args?.name === 'CrRendererMain' && ours.has(pid))
      .map(({ pid, tid }) => `${pid}/${tid}`),
  );
  const ofMain = events.filter(({ pid, ph, tid }) => ph === 'X' && mains.has(`${pid}/${tid}`));
  const tasks = ofMain.filter(({ name }) => name.endsWith('RunTask'));
  const longest = tasks.reduce<TraceEvent | undefined>((a, b) => ((a?.tdur ?? 0) >= (b.tdur ?? 0) ? a : b), undefined);
  if (longest?.tdur === undefined) throw new Error('The trace has no task of a main thread.');
  const inside = ofMain
    .filter(({ name, ts }) => !name.endsWith('RunTask') && ts >= longest.ts && ts <= longest.ts + (longest.dur ?? 0))
    .sort((a, b) => (b.tdur ?? 0) - (a.tdur ?? 0));
  return {
    cpuMs: longest.tdur / 1000,
    name: inside
      .slice(0, 3)
      .map(({ name, tdur }) => `${name} ${Math.round((tdur ?? 0) / 1000)} ms`)
      .join(', '),
  };
}
