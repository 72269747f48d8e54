import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Page, TestBrowser, untilLive } from './support/browser.js';
import { StagedConsole } from './support/staged-console.js';
import { answered, longStory, manyCalls, sidOf } from './support/stories.js';

// A page stays smooth because it draws a little in each frame, and writes only what has changed. How long a frame takes depends on
// the machine, so the benchmark measures it: bench/console-page.ts.

let browser: TestBrowser;
before(async () => {
  browser = await TestBrowser.start();
});
after(() => browser.close());

/** Maximum number of rows, events, turns or lines that one drawing adds. */
const MAX_AT_ONCE = 60;

/** Opens a page, and notes from its first moment on how many elements of each kind one drawing adds at most. */
async function openCounting(url: string): Promise<Page> {
  const page = await browser.open('about:blank');
  await page.addInitScript(() => {
    const most: Record<string, number> = {};
    Object.assign(globalThis, { most });
    new MutationObserver((changes) => {
      const added: Record<string, number> = {};
      for (const { addedNodes } of changes)
        for (const node of addedNodes) {
          if (!(node instanceof Element)) continue;
          for (const element of [node, ...node.querySelectorAll('[data-testid]')]) {
            const id = element.getAttribute('data-testid') ?? '';
            added[id] = (added[id] ?? 0) + 1;
          }
        }
      for (const [id, count] of Object.entries(added)) most[id] = Math.max(most[id] ?? 0, count);
    }).observe(document, { childList: true, subtree: true });
  });
  await page.goto(url);
  await untilLive(page);
  return page;
}

async function assertGradual(page: Page, testIds: readonly string[]): Promise<void> {
  const most = await page.evaluate(() => (globalThis as unknown as { most: Record<string, number> }).most);
  for (const id of testIds)
    assert.ok((most[id] ?? 0) > 0 && (most[id] ?? 0) <= MAX_AT_ONCE, `${most[id]} of ${id} were drawn at once`);
}

test('a list of 200 calls is drawn in parts, and a change writes into the rows of its calls alone', async () => {
  await StagedConsole.with(async (console) => {
    manyCalls(console, 200);
    console.letTimePass();
    const page = await openCounting(`${console.base}/console`);
    await page.getByTestId('call-row').nth(199).waitFor({ state: 'attached' });
    await assertGradual(page, ['call-row']);
    await page.evaluate(() => {
      const changed = new Set<string>();
      Object.assign(globalThis, { changed });
      const table = document.querySelector('[data-testid="calls-table"] tbody');
      if (table === null) return;
      new MutationObserver((changes) => {
        for (const { target } of changes) {
          const element = target instanceof Element ? target : target.parentElement;
          // These move with the time.
          if (element?.closest('[data-testid="call-duration"], [data-testid="call-quiet"]') !== null) continue;
          changed.add(element.closest('[data-call-sid]')?.getAttribute('data-call-sid') ?? 'the list');
        }
      }).observe(table, {
        subtree: true,
        childList: true,
        characterData: true,
        attributeFilter: ['data-call-sid', 'data-state', 'data-ms', 'data-escalated', 'style', 'class'],
      });
    });
    const wanted = [3, 50, 120].map((n) => sidOf(n));
    for (const [at, callSid] of wanted.entries()) console.emit(answered(callSid, 'openai', 7001 + at));
    for (const [at, callSid] of wanted.entries())
      await page
        .locator(`[data-call-sid="${callSid}"] [data-testid="call-latency"][data-ms="${7001 + at}"]`)
        .waitFor({ state: 'attached' });
    const changed = await page.evaluate(() => [...(globalThis as unknown as { changed: Set<string> }).changed]);
    assert.deepEqual(new Set(changed), new Set(wanted));
    await page.context().close();
  });
});

test('of 500 calls a page draws those near its window alone', async () => {
  await StagedConsole.with(async (console) => {
    manyCalls(console, 500);
    console.letTimePass();
    const page = await openCounting(`${console.base}/console`);
    await page.locator('[data-testid="calls-count"][data-count="500"]').waitFor();
    await page.getByTestId('call-row').nth(20).waitFor({ state: 'attached' });
    assert.ok((await page.getByTestId('call-row').count()) < 100);
    await assertGradual(page, ['call-row']);
    await page.context().close();
  });
});

test('an opened call of 500 events is drawn in parts, and a new turn adds itself alone', async () => {
  await StagedConsole.with(async (console) => {
    const story = longStory(console);
    console.letTimePass();
    const page = await openCounting(`${console.base}/console/calls/${story.callSid}`);
    await page.getByTestId('timeline-event').nth(400).waitFor({ state: 'attached' });
    await page.getByTestId('log-entry').nth(400).waitFor({ state: 'attached' });
    await assertGradual(page, ['timeline-event', 'turn', 'log-entry']);
    const first = page.getByTestId('turn').first();
    await first.evaluate((turn) => void Object.assign(globalThis, { turn }));
    story.caller('And this one?', 900);
    await page.getByTestId('turn').filter({ hasText: 'And this one?' }).waitFor({ state: 'attached' });
    assert.equal(await page.evaluate(() => (globalThis as unknown as { turn: Element }).turn.isConnected), true);
    await page.context().close();
  });
});
