import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axeFaults } from './support/axe.js';
import { TestBrowser, untilLive } from './support/browser.js';
import { Recordings, syllables } from './support/recordings.js';
import { SCENES, opened, withScene } from './support/scenes.js';
import { StagedConsole } from './support/staged-console.js';
import { bargeInStory, manyCalls, sidOf } from './support/stories.js';

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

const WINDOWS = [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
] as const;

for (const scene of SCENES)
  test(`axe finds no fault, light and dark, wide and narrow: ${scene.name}`, async () => {
    await withScene(browser, scene, {}, async (page) => {
      for (const viewport of WINDOWS) {
        await page.setViewportSize(viewport);
        assert.deepEqual(await axeFaults(page), [], `${viewport.width} px`);
      }
      assert.deepEqual([await page.locator('main').count(), await page.locator('h1').count()], [1, 1]);
      assert.equal(await page.locator('html').getAttribute('lang'), 'en');
    });
  });

test('the transcript is a log around a list', async () => {
  await StagedConsole.with(async (console) => {
    bargeInStory(console);
    const page = await browser.open(`${console.base}/console/calls/${sidOf(1)}`);
    await opened(page);
    const turns = await page.getByRole('log').getByRole('list').getByTestId('turn').count();
    assert.equal(turns, 7);
    await page.context().close();
  });
});

test('a screen reader is told of a caller who hears nothing, and of nothing twice', async () => {
  await StagedConsole.with(async (console) => {
    manyCalls(console, 4);
    const page = await browser.open(`${console.base}/console`);
    await untilLive(page);
    const region = page.locator('[role="status"][aria-live="polite"]');
    assert.equal(await region.count(), 1);
    await region.evaluate((element) => {
      const said = [{ atMs: performance.now(), text: element.textContent }];
      Object.assign(globalThis, { said });
      const note = (): void => void said.push({ atMs: performance.now(), text: element.textContent });
      new MutationObserver(note).observe(element, { childList: true, characterData: true, subtree: true });
    });
    await region.filter({ hasText: 'heard nothing' }).waitFor();
    // Two pauses between messages.
    await page.waitForTimeout(6500);
    const said = await page.evaluate(() => (globalThis as unknown as { said: { atMs: number; text: string }[] }).said);
    const shown = JSON.stringify(said);
    assert.equal(said.filter(({ text }) => text.includes('heard nothing')).length, 1, shown);
    for (const [at, { atMs }] of said.entries())
      if (at > 1) assert.ok(atMs - (said[at - 1]?.atMs ?? 0) > 2900, `at most one message in three seconds: ${shown}`);
    await page.context().close();
  });
});
