import axe, { type RunOnly } from 'axe-core';
import type { Page } from './browser.js';

type Axe = typeof axe;

/** The rules whose result depends on the colours of a page. */
const OF_COLOURS = ['color-contrast', 'link-in-text-block'];

/** Runs axe on a page in light and in dark colours, with everything of WCAG 2.2 A and AA, and its best practices. */
export async function axeFaults(page: Page): Promise<string[]> {
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await faultsNow(page, {
    type: 'tag',
    values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  });
  await page.emulateMedia({ colorScheme: 'dark' });
  // The other rules would say the same again.
  const dark = await faultsNow(page, { type: 'rule', values: OF_COLOURS });
  return [...light.map((fault) => `light: ${fault}`), ...dark.map((fault) => `dark: ${fault}`)];
}

async function faultsNow(page: Page, runOnly: RunOnly): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
  return page.evaluate(async (only) => {
    const { axe } = globalThis as unknown as { axe: Axe };
    const { violations } = await axe.run(document, { runOnly: only });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ any, html, target }) => `${id} ${target.join(' ')}: ${any[0]?.message ?? ''} ${html.slice(0, 120)}`),
    );
  }, runOnly);
}
