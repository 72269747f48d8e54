import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { FAULTS } from '../../src/console/messages.js';
import { type Page, TestBrowser, untilLive } from './support/browser.js';
import { type Late, comeLate } from './support/late.js';
import { busyTime } from './support/pace.js';
import { StagedConsole } from './support/staged-console.js';
import { firstPartsOf, jumpsOf, watchFirstParts, watchPlaces } from './support/stillness.js';
import { longStory, manyCalls } from './support/stories.js';

// Nothing jumps, however busy the calls are and however late things come.

let browser: TestBrowser;
before(async () => {
  browser = await TestBrowser.start();
});
after(() => browser.close());

const WINDOWS = { wide: { width: 1280, height: 800 }, narrow: { width: 390, height: 844 } } as const;

/** Opens a page of the console, does `body`, and asserts that nothing above the fold has changed its place since its first moment. */
async function assertStill(
  url: string,
  options: { viewport: { width: number; height: number }; late?: Late },
  body: (page: Page) => Promise<void>,
): Promise<void> {
  const page = await browser.open('about:blank', { viewport: options.viewport });
  await watchPlaces(page);
  await watchFirstParts(page);
  await comeLate(page, options.late ?? {});
  await page.goto(url);
  await body(page);
  assert.deepEqual(await jumpsOf(page), []);
  await page.context().close();
}

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

/** What comes late on a slow machine. */
const LATE: Readonly<Record<string, Late>> = {
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
            story.caller('And that one?', 900);
            // Each frame draws some of the turns, and the last one comes last.
            await page.getByTestId('turn').filter({ hasText: 'And that one?' }).waitFor({ state: 'attached' });
            // Its parts come with what they show, and not before it.
            const { events, turns: firstTurns } = await firstPartsOf(page);
            assert.ok(events > 20 && firstTurns > 20, `the parts came with ${events} events and ${firstTurns} turns`);
          });
        },
        // A shorter page, and one with all that there can be.
        late.answers === undefined ? {} : { hasPhones: true, faults: FAULTS },
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
