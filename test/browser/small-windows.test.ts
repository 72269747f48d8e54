import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { TestBrowser } from './support/browser.js';
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
