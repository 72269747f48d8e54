import type { Page } from './browser.js';

/** What of a page has a place that a person remembers. */
const LANDMARKS =
  '.top, .top nav, .top-end, main, h1, h2, .call-head, .facts, .call-actions, .totals, .calls, .card, .empty';

/** Something that a person saw, and that stood elsewhere a frame later. */
export interface Jump {
  what: string;
  fromPx: number;
  toPx: number;
}

/**
 * Watches a page that is not opened yet, from its first moment on: in every frame, where each of {@link LANDMARKS} stands that
 * can be seen without scrolling. How long a frame takes does not matter.
 */
export async function watchPlaces(page: Page): Promise<void> {
  await page.addInitScript((landmarks) => {
    const jumps: Jump[] = [];
    Object.assign(globalThis, { jumps });
    const places = new WeakMap<Element, number>();
    const look = (): void => {
      for (const element of document.querySelectorAll(landmarks)) {
        if (!element.checkVisibility({ visibilityProperty: true })) continue;
        const toPx = element.getBoundingClientRect().top + scrollY;
        const fromPx = places.get(element);
        places.set(element, toPx);
        if (fromPx === undefined || fromPx > innerHeight || Math.abs(toPx - fromPx) < 1) continue;
        jumps.push({ what: `${element.tagName} ${element.className}`, fromPx, toPx });
      }
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, LANDMARKS);
}

/** Returns what has jumped on a page with {@link watchPlaces}. */
export async function jumpsOf(page: Page): Promise<Jump[]> {
  return page.evaluate(async () => {
    // What was drawn last is looked at in the next frame.
    for (let frame = 0; frame < 2; frame++) await new Promise((resolve) => requestAnimationFrame(resolve));
    return (globalThis as unknown as { jumps: Jump[] }).jumps;
  });
}

/** Watches a page that is not opened yet: what its parts show at the moment when they come. */
export async function watchFirstParts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const observer = new MutationObserver(() => {
      if (document.querySelector('.call-parts') === null) return;
      observer.disconnect();
      const count = (testId: string): number => document.querySelectorAll(`[data-testid="${testId}"]`).length;
      Object.assign(globalThis, { firstParts: { events: count('timeline-event'), turns: count('turn') } });
    });
    observer.observe(document, { childList: true, subtree: true });
  });
}

/** Returns how much a page with {@link watchFirstParts} showed at first. */
export async function firstPartsOf(page: Page): Promise<{ events: number; turns: number }> {
  return page.evaluate(() => (globalThis as unknown as { firstParts: { events: number; turns: number } }).firstParts);
}
