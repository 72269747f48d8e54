import { existsSync } from 'node:fs';
import { CHROMIUM, TestBrowser, untilLive } from '../test/browser/support/browser.js';
import { busyTime, shiftsOf, sumOf, watchShifts } from '../test/browser/support/pace.js';
import { StagedConsole } from '../test/browser/support/staged-console.js';
import { manyCalls } from '../test/browser/support/stories.js';
import { longestTask } from '../test/browser/support/tasks.js';
import { median } from './support/quantile.js';

// Part of the section `console`: what the list costs the operator's browser.

const CALLS = 500;
const ROUNDS = 5;
const WINDOWS = { wide: { width: 1280, height: 800 }, narrow: { width: 390, height: 844 } } as const;

/** Measures the longest task of the page's thread and the shift of its layout, from its first moment on, while calls change. */
export async function consolePage(): Promise<void> {
  if (!existsSync(CHROMIUM)) {
    console.log(`SKIPPED: there is no Chromium at ${CHROMIUM}, so no page was measured.`);
    return;
  }
  console.log(
    `The list of ${CALLS} live calls in Chromium without a window and a graphics card, for 3 s after it was opened. Four times a second a third of the calls change. ${ROUNDS} rounds:`,
  );
  console.log('| window | longest task, ms of the thread | each round | in it | layout shift | each round |');
  console.log('|---|---|---|---|---|---|');
  const browser = await TestBrowser.start();
  try {
    for (const [name, viewport] of Object.entries(WINDOWS)) console.log(await measured(browser, name, viewport));
  } finally {
    await browser.close();
  }
}

async function measured(
  browser: TestBrowser,
  name: string,
  viewport: { width: number; height: number },
): Promise<string> {
  const tasks: { cpuMs: number; name: string }[] = [];
  const shifts: number[] = [];
  for (let round = 0; round < ROUNDS; round++)
    await StagedConsole.with(async (staged) => {
      manyCalls(staged, CALLS);
      staged.letTimePass();
      const page = await browser.open('about:blank', { viewport }, watchShifts);
      const task = await longestTask(page, async () => {
        await page.goto(`${staged.base}/console`);
        await untilLive(page);
        await busyTime(page, staged, CALLS);
      });
      tasks.push(task);
      shifts.push(sumOf(await shiftsOf(page)));
      await page.context().close();
    });
  const longest = tasks.reduce((a, b) => (b.cpuMs > a.cpuMs ? b : a));
  const cells = [
    name,
    median(tasks.map(({ cpuMs }) => cpuMs)).toFixed(0),
    tasks.map(({ cpuMs }) => cpuMs.toFixed(0)).join(', '),
    longest.name,
    median(shifts).toFixed(4),
    shifts.map((shift) => shift.toFixed(4)).join(', '),
  ];
  return `| ${cells.join(' | ')} |`;
}
