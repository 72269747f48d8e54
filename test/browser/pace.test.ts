import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { FAULTS } from '../../src/console/messages.js';
import { type Page, TestBrowser, untilLive } from './support/browser.js';
import { type Late, comeLate } from './support/late.js';
import { busyTime, shiftsOf, sumOf, watchShifts } from './support/pace.js';
import { longestTask } from './support/tasks.js';
import { StagedConsole } from './support/staged-console.js';
import { type Story, bargeInStory, manyCalls } from './support/stories.js';

let browser: TestBrowser;
before(async () => {
  browser = await TestBrowser.start();
});
after(() => browser.close());

/**
 * Maximum time of the page's thread in one piece, in milliseconds. On a machine with nothing else to do it stays below 50; what the
 * test has to find is a list that is drawn anew with every change.
 */
const MAX_TASK_MS = 150;
/** Maximum shift of the layout. */
const MAX_SHIFT = 0.05;
/** The same for what comes late. It shifts nothing but the names on the time axis. */
const MAX_LATE_SHIFT = 0.02;
const MAX_PAGE_BYTES = 150_000;
const WINDOWS = { wide: { width: 1280, height: 800 }, narrow: { width: 390, height: 844 } } as const;

/**
 * Runs `body` up to three times, each on a new page, and asserts that in one of them no task was longer than 150 ms of the thread.
 * Whatever else runs on the machine makes a task longer, and never shorter.
 */
async function assertSmooth(body: (page: Page) => Promise<void>): Promise<void> {
  const tries: string[] = [];
  while (tries.length < 3) {
    const page = await browser.open('about:blank');
    const { cpuMs, name } = await longestTask(page, () => body(page));
    await page.context().close();
    if (cpuMs < MAX_TASK_MS) return;
    tries.push(`${Math.round(cpuMs)} ms: ${name}`);
  }
  assert.fail(`The longest tasks took\n${tries.join('\n')}`);
}

/**
 * Opens a page of the console, does `body`, and asserts that nothing has jumped since its first moment. Tries it up to three times,
 * each on a new page, because a busy machine may draw late what belongs to a key or a click.
 */
async function assertStill(
  url: string,
  options: { viewport: { width: number; height: number }; late?: Late },
  body: (page: Page) => Promise<void>,
): Promise<void> {
  const tries: string[] = [];
  while (tries.length < 3) {
    const page = await browser.open('about:blank', { viewport: options.viewport }, watchShifts);
    await comeLate(page, options.late ?? {});
    await page.goto(url);
    await body(page);
    const shifts = await shiftsOf(page);
    await page.context().close();
    const sum = sumOf(shifts);
    if (sum < (options.late === undefined ? MAX_SHIFT : MAX_LATE_SHIFT)) return;
    tries.push(`${sum.toFixed(4)}: ${shifts.map(({ of, value }) => `${value.toFixed(4)} ${of}`).join('; ')}`);
  }
  assert.fail(`The page shifted by\n${tries.join('\n')}`);
}

for (const count of [200, 500])
  test(`a busy list of ${count} calls does not block the page`, async () => {
    await StagedConsole.with(async (console) => {
      manyCalls(console, count);
      console.letTimePass();
      await assertSmooth(async (page) => {
        await page.goto(`${console.base}/console`);
        await untilLive(page);
        await busyTime(page, console, count);
      });
    });
  });

for (const [size, viewport] of Object.entries(WINDOWS))
  for (const count of [12, 200, 500])
    test(`a busy list of ${count} calls in a ${size} window does not jump, from its first moment on`, async () => {
      await StagedConsole.with(async (console) => {
        manyCalls(console, count);
        console.letTimePass();
        await assertStill(`${console.base}/console`, { viewport }, async (page) => {
          await untilLive(page);
          await busyTime(page, console, count);
        });
      });
    });

function longStory(console: StagedConsole): Story {
  const story = bargeInStory(console);
  for (let turn = 0; turn < 130; turn++) {
    story.caller('And what about this one?', 900);
    story.assistant('That one is fine, too.', 1400);
  }
  return story;
}

test('an opened call of 500 events does not block the page', async () => {
  await StagedConsole.with(async (console) => {
    const story = longStory(console);
    console.letTimePass();
    await assertSmooth(async (page) => {
      await page.goto(`${console.base}/console/calls/${story.callSid}`);
      await untilLive(page);
      await page.getByTestId('timeline-event').nth(400).waitFor({ state: 'attached' });
      for (let turn = 0; turn < 4; turn++) {
        story.caller('And this one?', 900);
        await page.waitForTimeout(300);
      }
    });
  });
});

/** What comes late on a slow machine, in any order. */
const LATE: Readonly<Record<string, Late>> = {
  'in time': {},
  'its events late': { messages: { timeline: 500 } },
  'all it has to know late': { answers: { '/api/session': 600 }, messages: { snapshot: 300, timeline: 400 } },
};

for (const [size, viewport] of Object.entries(WINDOWS))
  for (const [how, late] of Object.entries(LATE))
    test(`an opened call of 500 events that gets ${how} does not jump in a ${size} window`, async () => {
      await StagedConsole.with(
        async (console) => {
          const story = longStory(console);
          console.letTimePass();
          await assertStill(`${console.base}/console/calls/${story.callSid}`, { viewport, late }, async (page) => {
            await untilLive(page);
            await page.getByTestId('timeline-event').nth(400).waitFor({ state: 'attached' });
            const turns = await page.getByTestId('turn').count();
            story.caller('And that one?', 900);
            await page.getByTestId('turn').nth(turns).waitFor({ state: 'attached' });
          });
        },
        { hasPhones: true, faults: FAULTS },
      );
    });

for (const path of ['', '/phone', '/agent'])
  test(`the page /console${path} does not jump when it learns late which pages there are`, async () => {
    await StagedConsole.with(
      async (console) => {
        manyCalls(console, 12);
        const late = { answers: { '/api/session': 600 } };
        await assertStill(`${console.base}/console${path}`, { viewport: WINDOWS.narrow, late }, async (page) => {
          await page.getByRole('navigation').waitFor();
          await page.locator('main').waitFor();
        });
      },
      { hasPhones: true },
    );
  });

test('a page with all it loads is under 150 kB, compressed, and asks no other host', async () => {
  await StagedConsole.with(
    async (console) => {
      const { callSid } = bargeInStory(console);
      const page = await browser.open(`${console.base}/console/login`);
      await page.getByTestId('login-token').fill('a-token-for-this-test');
      await page.getByTestId('login-submit').click();
      await untilLive(page);
      const pages = ['phone', 'agent', 'login', 'failures'].map((page) => `/console/${page}`);
      const paths = ['/console', `/console/calls/${callSid}`, ...pages];
      for (const path of paths) {
        const context = await browser.context({ locale: 'de-DE', storageState: await page.context().storageState() });
        const fresh = await context.newPage();
        const sizes: Promise<number>[] = [];
        const hosts = new Set<string>();
        fresh.on('request', (request) => hosts.add(new URL(request.url()).host));
        fresh.on('websocket', (socket) => hosts.add(new URL(socket.url()).host));
        fresh.on('response', (response) => {
          if (!response.url().includes('/api/'))
            sizes.push(
              response
                .request()
                .sizes()
                .then((all) => all.responseBodySize),
            );
        });
        await fresh.goto(console.base + path);
        await fresh.locator('main').waitFor();
        const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
        assert.ok(bytes > 5000 && bytes < MAX_PAGE_BYTES, `${path} loads ${bytes} bytes`);
        assert.deepEqual([...hosts], [new URL(console.base).host]);
        await context.close();
      }
      await page.context().close();
    },
    { token: 'a-token-for-this-test', hasPhones: true },
  );
});
