import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Page, TestBrowser } from './support/browser.js';
import { Recordings, syllables } from './support/recordings.js';
import { SCENES, withScene } from './support/scenes.js';

let browser: TestBrowser;
let recordings: Recordings;
before(async () => {
  recordings = await Recordings.open();
  browser = await TestBrowser.start({ microphone: await recordings.write('voice', [syllables(300, 20_000)]) });
});
after(async () => {
  await browser.close();
  await recordings.remove();
});

/** Returns the texts of these elements of which a window shows a part only. */
const cutOff = (page: Page, selector: string): Promise<string[]> =>
  page.locator(selector).evaluateAll((elements) =>
    elements.flatMap((element) => {
      const range = document.createRange();
      range.selectNodeContents(element);
      const { left, right } = range.getBoundingClientRect();
      const isWhole = element.scrollWidth <= element.clientWidth && left >= 0 && right <= innerWidth;
      return isWhole ? [] : [element.textContent];
    }),
  );

/** What must be read without scrolling sideways, page by page. */
const WHOLE: Readonly<Record<string, string>> = {
  'the table of what can fail in a handover': 'table.failures td',
  'the list of 12 calls, with some that ended':
    '.call-row :is(.cell-call, .cell-from, .cell-duration, .cell-latency, .cell-quiet)',
  'a call with an interruption and a selected event': 'table.waterfall td:not(.bar)',
};

for (const [name, selector] of Object.entries(WHOLE))
  for (const width of [1280, 320])
    test(`a window of ${width} px shows every word that counts: ${name}`, async () => {
      const scene = SCENES.find((each) => each.name === name);
      assert.ok(scene !== undefined);
      await withScene(browser, scene, { viewport: { width, height: 800 } }, async (page) => {
        assert.ok((await page.locator(selector).count()) > 0);
        assert.deepEqual(await cutOff(page, selector), []);
      });
    });

// German words are longer.
for (const locale of ['en-GB', 'de-DE'])
  for (const scene of SCENES)
    test(`a window of 320 px needs no scrolling sideways, and with reduced motion nothing moves by itself: ${scene.name}, ${locale}`, async () => {
      const viewport = { width: 320, height: 640 };
      await withScene(browser, scene, { viewport, locale, reducedMotion: 'reduce' }, async (page) => {
        const widths = await page.evaluate(() => [document.documentElement.scrollWidth, document.body.scrollWidth]);
        assert.deepEqual(widths, [320, 320]);
        assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
      });
    });
