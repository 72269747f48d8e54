import { mkdir, writeFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
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
