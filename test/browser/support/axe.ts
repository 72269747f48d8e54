import axe from 'axe-core';
import type { Page } from './browser.js';

type Axe = typeof axe;

/** Runs axe on a page as it stands, with everything of WCAG 2.2 A and AA, and its best practices. */
export async function axeFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: Axe };
    const { violations } = await axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ any, html, target }) => `${id} ${target.join(' ')}: ${any[0]?.message ?? ''} ${html.slice(0, 120)}`),
    );
  });
}
