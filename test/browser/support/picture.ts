import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { axeFaults } from './axe.js';
import { smallPng } from './small-png.js';

/** Where pictures are written, such as docs/screenshots. Without it none is drawn, because drawing takes long. */
const FOLDER = process.env['PICTURES'];

/** Whether pictures are wanted. */
export const DRAWS = FOLDER !== undefined;

/** Draws a page as `name`.png, if pictures are wanted. `isWhole`: whether it has the whole page, or only what a window shows. */
export async function drawPicture(page: Page, name: string, isWhole = true): Promise<void> {
  if (FOLDER === undefined) return;
  await mkdir(FOLDER, { recursive: true });
  // Times are written four times a second.
  await page.waitForTimeout(400);
  await writeFile(`${FOLDER}/${name}.png`, smallPng(await page.screenshot({ fullPage: isWhole })));
}

/** Draws the page, light and dark, wide and narrow, and looks for what keeps somebody from using it. */
export async function drawAndExamine(page: Page, name: string): Promise<void> {
  for (const [size, width, height] of [
    ['wide', 1280, 800],
    ['narrow', 320, 640],
  ] as const) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await drawPicture(page, `${name}-${colorScheme}-${size}`);
    }
    assert.deepEqual(await axeFaults(page), [], size);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
  }
}
