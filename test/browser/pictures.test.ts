import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { type Page, TestBrowser, errorsOf, untilLive } from './support/browser.js';
import { smallPng } from './support/small-png.js';
import { StagedConsole } from './support/staged-console.js';
import { bargeInStory, failoverStory, handoverStory, manyCalls, sidOf } from './support/stories.js';

// The pictures for the documents. They are compared by eye, so this only makes sure that every page draws without an error.
// PICTURES names the folder, docs/screenshots for the ones that the documents show.
const FOLDER = process.env['PICTURES'] ?? 'dist/pictures';

const SIZES = { wide: { width: 1280, height: 800 }, narrow: { width: 390, height: 844 } } as const;

let browser: TestBrowser;
before(async () => {
  browser = await TestBrowser.start();
  await mkdir(FOLDER, { recursive: true });
});
after(async () => {
  await browser.close();
});

/** Draws a page light and dark, wide and narrow. */
async function picture(
  name: string,
  url: string,
  ready: (page: Page) => Promise<void>,
  isWhole = false,
): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      const page = await browser.open(url, { viewport, colorScheme, deviceScaleFactor: 1 });
      await ready(page);
      // Times are written four times a second.
      await page.waitForTimeout(400);
      await writeFile(
        `${FOLDER}/${name}-${colorScheme}-${size}.png`,
        smallPng(await page.screenshot({ fullPage: isWhole })),
      );
      assert.deepEqual(errorsOf(page), [], name);
      await page.context().close();
    }
  }
}

for (const count of [0, 12, 500])
  test(`the list of ${count} calls is drawn light and dark, wide and narrow`, async () => {
    await StagedConsole.with(async (console) => {
      manyCalls(console, count);
      await picture(`calls-${count === 0 ? 'empty' : count}`, `${console.base}/console`, untilLive);
    });
  });

const STORIES = {
  'call-barge-in': bargeInStory,
  'call-failover': failoverStory,
  'call-handover': handoverStory,
} as const;
for (const [name, tell] of Object.entries(STORIES))
  test(`an opened call is drawn light and dark, wide and narrow: ${name}`, async () => {
    await StagedConsole.with(async (console) => {
      const story = tell(console);
      await picture(name, `${console.base}/console/calls/${story.callSid}`, untilLive, true);
    });
  });

test('an opened call whose words are hidden is drawn light and dark, wide and narrow', async () => {
  await StagedConsole.with(
    async (console) => {
      const story = bargeInStory(console);
      await picture('call-hidden', `${console.base}/console/calls/${story.callSid}`, untilLive, true);
    },
    { showsTranscripts: false },
  );
});

test('the login is drawn light and dark, wide and narrow', async () => {
  await StagedConsole.with(
    async (console) => {
      await picture('login', `${console.base}/console`, (page) => page.getByTestId('login-token').waitFor());
    },
    { token: 'a-token-of-this-test' },
  );
});

test('a wall screen shows 200 calls at once', async () => {
  await StagedConsole.with(async (console) => {
    manyCalls(console, 200);
    const page = await browser.open(`${console.base}/console?view=wall`, {
      viewport: { width: 1920, height: 1080 },
      colorScheme: 'dark',
    });
    await untilLive(page);
    await page.waitForTimeout(400);
    await writeFile(`${FOLDER}/wall-200-dark.png`, smallPng(await page.screenshot()));
    assert.equal(await page.locator(`[data-call-sid="${sidOf(3)}"]`).getAttribute('data-quiet'), 'red');
    assert.deepEqual(errorsOf(page), []);
    await page.context().close();
  });
});
