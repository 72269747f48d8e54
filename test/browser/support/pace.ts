import type { Page } from 'playwright-core';
import type { StagedConsole } from './staged-console.js';
import { answered, begin, quiet, sidOf } from './stories.js';

// How smooth a page is while much happens. The tests bound it, and the benchmark measures it.

/** One jump of the layout: how far, in shares of the window, and the elements that jumped. */
export interface Shift {
  value: number;
  of: string;
}

/** For three seconds, four times a second: a third of the calls change. Every other time one begins and one ends. */
export async function busyTime(page: Page, console: StagedConsole, count: number): Promise<void> {
  for (let round = 0; round < 12; round++) {
    for (let n = round % 3; n < count; n += 3) {
      console.emit(answered(sidOf(n), 'openai', 300 + ((n * 31 + round * 97) % 900)));
      quiet(console, sidOf(n), n % 2 === round % 2 ? 100 : undefined);
    }
    if (count > 100 && round % 2 === 0) {
      begin(console, sidOf(10_000 + round));
      console.emit({ type: 'ended', callSid: sidOf(20 + round), outcome: 'caller_hung_up' });
    }
    await page.waitForTimeout(250);
  }
}

/** What of the browser {@link watchShifts} uses. The benchmarks use this file, too, and are checked without the browser's types. */
interface Watching {
  PerformanceObserver: new (
    listener: (list: {
      getEntries(): readonly {
        value: number;
        sources: readonly { node: { nodeName: string; className?: unknown } | null }[];
      }[];
    }) => void,
  ) => { observe(what: { type: string; buffered: boolean }): void };
}

/** Runs in the page, before its own script: notes what jumps from its first moment on. */
export function watchShifts(): void {
  const shifts: Shift[] = [];
  Object.assign(globalThis, { shifts });
  const { PerformanceObserver: Observer } = globalThis as unknown as Watching;
  new Observer((list) => {
    for (const { sources, value } of list.getEntries()) {
      const names = sources.map(({ node }) =>
        node === null ? '?' : `${node.nodeName}.${typeof node.className === 'string' ? node.className : ''}`,
      );
      shifts.push({ value, of: names.join() });
    }
  }).observe({ type: 'layout-shift', buffered: true });
}

/** Returns what has jumped on a page with {@link watchShifts}. */
export async function shiftsOf(page: Page): Promise<Shift[]> {
  // The browser reports a shift a frame or two later.
  await page.waitForTimeout(200);
  return page.evaluate(() => (globalThis as unknown as { shifts: Shift[] }).shifts);
}

export const sumOf = (shifts: readonly Shift[]): number => shifts.reduce((total, { value }) => total + value, 0);
