import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Locator } from 'playwright-core';
import { type Page, TestBrowser, errorsOf, untilLive } from './support/browser.js';
import { StagedConsole } from './support/staged-console.js';
import { answered, begin, escalate, manyCalls, quiet, sidOf } from './support/stories.js';

let browser: TestBrowser;
before(async () => {
  browser = await TestBrowser.start();
});
after(() => browser.close());

/** Opens the list over a console on which `stage` has placed calls. */
async function withList(
  stage: (console: StagedConsole) => void,
  body: (page: Page, console: StagedConsole) => Promise<void>,
  first?: () => void,
): Promise<void> {
  const console = await StagedConsole.start();
  stage(console);
  const page = await browser.open(`${console.base}/console`, {}, first);
  try {
    await untilLive(page);
    await body(page, console);
    assert.deepEqual(errorsOf(page), []);
  } finally {
    await page.context().close();
    await console.close();
  }
}

/** Runs in the page, before its own script: its clock stands still, and the test moves it on. */
function stopTime(): void {
  let nowMs = Date.now();
  Date.now = () => nowMs;
  Object.assign(globalThis, { letPass: (ms: number) => void (nowMs += ms) });
}

const rowOf = (page: Page, callSid: string): Locator =>
  page.locator(`[data-testid="call-row"][data-call-sid="${callSid}"]`);
const sids = (page: Page): Promise<(string | null)[]> =>
  page.getByTestId('call-row').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-call-sid')));
const untilCount = (page: Page, count: number): Promise<void> =>
  page.locator(`[data-testid="calls-count"][data-count="${count}"]`).waitFor();

test('a call appears in the list by itself, changes and goes, and stands among those that ended', async () => {
  await withList(
    () => undefined,
    async (page, console) => {
      await page.getByTestId('calls-empty').waitFor();
      const callSid = sidOf(1);
      begin(console, callSid, { agoMs: 134_000, provider: 'nova' });
      console.letTimePass();
      const row = rowOf(page, callSid);
      await row.waitFor();
      await untilCount(page, 1);
      assert.deepEqual(
        [
          await row.getAttribute('data-state'),
          await row.getAttribute('data-provider'),
          await row.getAttribute('data-escalated'),
        ],
        ['talking', 'nova', 'false'],
      );
      assert.match(await row.getByTestId('call-duration').innerText(), /^02:[1-5]\d$/);
      console.emit(answered(callSid, 'nova', 640));
      escalate(console, callSid, 'billing', 'phrase');
      await row.and(page.locator('[data-escalated="true"]')).waitFor();
      await row.locator('[data-testid="call-latency"][data-ms="640"]').waitFor();
      console.emit({ type: 'state', callSid, state: 'ended' }, { type: 'ended', callSid, outcome: 'caller_hung_up' });
      await row.waitFor({ state: 'detached' });
      await untilCount(page, 0);
      await page
        .locator(`[data-testid="ended-row"][data-call-sid="${callSid}"][data-outcome="caller_hung_up"]`)
        .waitFor();
    },
  );
});

test('how long a caller has heard nothing counts on without a message, and turns amber at 4 s and red at 8 s', async () => {
  await withList(
    (console) => {
      for (const [n, forMs] of [100, 3200, 7100, 9000].entries()) {
        begin(console, sidOf(n));
        quiet(console, sidOf(n), forMs);
      }
      begin(console, sidOf(9));
    },
    async (page) => {
      const levels = (): Promise<(string | null)[]> =>
        Promise.all([0, 1, 2, 3, 9].map((n) => rowOf(page, sidOf(n)).getAttribute('data-quiet')));
      assert.deepEqual(await levels(), ['calm', 'calm', 'amber', 'red', 'none']);
      await page.evaluate(() => (globalThis as unknown as { letPass: (ms: number) => void }).letPass(1000));
      await rowOf(page, sidOf(1)).and(page.locator('[data-quiet="amber"]')).waitFor();
      await rowOf(page, sidOf(2)).and(page.locator('[data-quiet="red"]')).waitFor();
      assert.deepEqual(await levels(), ['calm', 'amber', 'red', 'red', 'none']);
      // Not by colour alone.
      assert.match(await rowOf(page, sidOf(3)).getByTestId('call-quiet').innerText(), /▲/);
      assert.match(await page.title(), /^\d quiet/);
      await page.waitForFunction(() => {
        const quiet = document.querySelectorAll(
          '[data-testid="call-row"]:is([data-quiet="amber"], [data-quiet="red"])',
        );
        const shown = document.querySelector('[data-testid="quiet-count"]')?.getAttribute('data-count');
        return quiet.length >= 3 && shown === String(quiet.length);
      });
    },
    stopTime,
  );
});

test('a caller who hears something again is no longer quiet', async () => {
  await withList(
    (console) => {
      begin(console, sidOf(1));
      quiet(console, sidOf(1), 9000);
    },
    async (page, console) => {
      await rowOf(page, sidOf(1)).and(page.locator('[data-quiet="red"]')).waitFor();
      quiet(console, sidOf(1), undefined);
      console.letTimePass();
      await rowOf(page, sidOf(1)).and(page.locator('[data-quiet="none"]')).waitFor();
    },
  );
});

test('the list is sorted by age and by how long a caller has heard nothing, and remembers it', async () => {
  await withList(
    (console) => {
      for (const [n, agoMs] of [60_000, 20_000, 40_000].entries()) begin(console, sidOf(n), { agoMs });
      quiet(console, sidOf(0), 500);
      quiet(console, sidOf(2), 6000);
    },
    async (page) => {
      const [a, b, c] = [sidOf(0), sidOf(1), sidOf(2)];
      assert.deepEqual(await sids(page), [b, c, a]);
      await page.getByTestId('calls-sort').selectOption('quiet');
      assert.deepEqual(await sids(page), [c, a, b]);
      await page.reload();
      await untilLive(page);
      assert.deepEqual(await sids(page), [c, a, b]);
      await page
        .getByRole('columnheader')
        .filter({ has: page.getByRole('button') })
        .first()
        .getByRole('button')
        .click();
      await page.mouse.move(0, 0);
      assert.deepEqual(await sids(page), [b, c, a]);
    },
  );
});

test('the filter finds a call by the end of its id, part of its number and its state, and a reload keeps it', async () => {
  await withList(
    (console) => {
      begin(console, sidOf(1), { from: '+493012345618' });
      begin(console, sidOf(2));
      console.emit({ type: 'state', callSid: sidOf(2), state: 'dialling' });
    },
    async (page) => {
      const filter = page.getByTestId('calls-filter');
      const expectOnly = async (query: string, callSid: string): Promise<void> => {
        await filter.fill(query);
        assert.deepEqual(await sids(page), [callSid], query);
      };
      await expectOnly(sidOf(1).slice(-6), sidOf(1));
      await expectOnly('3012', sidOf(1));
      await expectOnly('dialling', sidOf(2));
      await page.reload();
      await untilLive(page);
      assert.deepEqual(await sids(page), [sidOf(2)]);
      await filter.fill('nothing fits');
      assert.deepEqual(await sids(page), []);
      assert.equal(await page.getByTestId('calls-count').getAttribute('data-count'), '2');
      await filter.press('Escape');
      assert.equal((await sids(page)).length, 2);
    },
  );
});

test('nothing in the list moves while the pointer is in it, and everything is in order afterwards', async () => {
  await withList(
    (console) => {
      for (const n of [0, 1, 2]) begin(console, sidOf(n), { agoMs: 60_000 - n * 1000 });
      console.letTimePass();
    },
    async (page, console) => {
      const before = await sids(page);
      await rowOf(page, sidOf(1)).hover();
      begin(console, sidOf(7));
      await rowOf(page, sidOf(7)).waitFor();
      console.emit({ type: 'ended', callSid: sidOf(1), outcome: 'caller_hung_up' });
      await rowOf(page, sidOf(1)).and(page.locator('[data-gone="true"]')).waitFor();
      assert.deepEqual(await sids(page), [...before, sidOf(7)]);
      await page.mouse.move(0, 0);
      await rowOf(page, sidOf(1)).waitFor({ state: 'detached' });
      assert.deepEqual(await sids(page), [sidOf(7), sidOf(2), sidOf(0)]);
    },
  );
});

test('the list is gone through by keyboard, and the way back from a call leads to the same row', async () => {
  await withList(
    (console) => manyCalls(console, 12),
    async (page) => {
      const order = await sids(page);
      const focused = (): Promise<string | null> =>
        page.evaluate(() => document.activeElement?.closest('[data-call-sid]')?.getAttribute('data-call-sid') ?? null);
      await page.keyboard.press('/');
      assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('data-testid')), 'calls-filter');
      await page.keyboard.press('ArrowDown');
      assert.equal(await focused(), order[0]);
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowDown');
      assert.equal(await focused(), order[2]);
      await page.keyboard.press('End');
      assert.equal(await focused(), order[11]);
      await page.keyboard.press('ArrowUp');
      await page.keyboard.press('Enter');
      await page.locator(`[data-testid="call-detail"][data-call-sid="${order[10]}"]`).waitFor();
      await untilLive(page);
      await page.keyboard.press('Escape');
      await page.getByTestId('page-calls').waitFor();
      await page.waitForFunction(
        (callSid) => document.activeElement?.closest('[data-call-sid]')?.getAttribute('data-call-sid') === callSid,
        order[10],
      );
    },
  );
});

test('single keys can be switched off, and then a slash is a slash', async () => {
  await withList(
    () => undefined,
    async (page) => {
      await page.keyboard.press('?');
      await page.getByTestId('single-keys').uncheck();
      await page.keyboard.press('Escape');
      await page.keyboard.press('/');
      assert.notEqual(await page.evaluate(() => document.activeElement?.getAttribute('data-testid')), 'calls-filter');
    },
  );
});

test('of 500 calls the list holds those near the window and says how many there are, and of 200 all', async () => {
  await withList(
    (console) => manyCalls(console, 200),
    async (page, console) => {
      // Each frame draws some of them.
      await page.getByTestId('call-row').nth(199).waitFor();
      assert.equal((await sids(page)).length, 200);
      for (let n = 200; n < 500; n++) begin(console, sidOf(n), { agoMs: 900_000 + n });
      console.letTimePass();
      await untilCount(page, 500);
      assert.ok((await sids(page)).length < 100);
      assert.equal(await page.getByTestId('calls-table').getAttribute('aria-rowcount'), '501');
      await page.keyboard.press('/');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('End');
      const last = rowOf(page, sidOf(499));
      await last.waitFor();
      assert.equal(await last.getAttribute('aria-rowindex'), '501');
      assert.equal(await last.locator('a').evaluate((link) => link === document.activeElement), true);
    },
  );
});

test('a page that loses its gateway says so, and shows the new calls when it is back', async () => {
  await StagedConsole.with(async (console) => {
    begin(console, sidOf(1));
    const page = await browser.open(`${console.base}/console`);
    await untilLive(page);
    await rowOf(page, sidOf(1)).waitFor();
    await console.close();
    await page.locator('[data-testid="connection-state"][data-state="reconnecting"]').waitFor();
    await page.locator('[data-testid="banner"][data-about="lost"]').waitFor();
    assert.equal((await sids(page)).length, 1);
    const port = Number(new URL(console.base).port);
    await StagedConsole.with(
      async (again) => {
        begin(again, sidOf(2));
        await untilLive(page);
        await rowOf(page, sidOf(2)).waitFor();
        assert.deepEqual(await sids(page), [sidOf(2)]);
        await page.getByTestId('banner').waitFor({ state: 'detached' });
        await page.context().close();
      },
      { port },
    );
  });
});

test('a gateway that stops says goodbye, and its page says that it is draining', async () => {
  await withList(
    (console) => begin(console, sidOf(1)),
    async (page, console) => {
      console.sayGoodbye();
      await page.locator('[data-testid="banner"][data-about="draining"]').waitFor();
      assert.equal((await sids(page)).length, 1);
      await page.locator('[data-testid="connection-state"][data-state="reconnecting"]').waitFor();
    },
  );
});

test('draining asks first, and no and Esc change nothing', async () => {
  await withList(
    () => undefined,
    async (page, console) => {
      const dialog = page.getByTestId('confirm-dialog');
      for (const refuse of [() => page.getByTestId('confirm-no').click(), () => page.keyboard.press('Escape')]) {
        await page.getByTestId('action-drain').click();
        await dialog.waitFor();
        await refuse();
        await dialog.waitFor({ state: 'detached' });
      }
      assert.equal(console.drains, 0);
      await page.getByTestId('action-drain').click();
      assert.equal(await page.getByTestId('confirm-no').evaluate((no) => no === document.activeElement), true);
      await page.getByTestId('confirm-yes').click();
      await dialog.waitFor({ state: 'detached' });
      assert.equal(console.drains, 1);
    },
  );
});

test('a call that is escalated in its first moment counts among the escalations', async () => {
  await withList(
    () => undefined,
    async (page, console) => {
      begin(console, sidOf(1));
      escalate(console, sidOf(1), 'billing', 'phrase');
      begin(console, sidOf(2));
      console.letTimePass();
      await untilCount(page, 2);
      const label = await page.getByTestId('chart-escalations').getAttribute('aria-label');
      assert.match(label ?? '', /ten minutes: 1\./);
    },
  );
});

test('percentiles are shown from ten turns on', async () => {
  await withList(
    (console) => {
      for (let n = 0; n < 9; n++) {
        begin(console, sidOf(n));
        console.emit(answered(sidOf(n), 'openai', 500 + n));
      }
    },
    async (page, console) => {
      const totals = page.getByTestId('totals');
      assert.doesNotMatch(await totals.innerText(), /50\d/);
      begin(console, sidOf(10));
      console.emit(answered(sidOf(10), 'openai', 509));
      console.letTimePass();
      await totals.filter({ hasText: '504' }).waitFor();
    },
  );
});

test('the theme is switched and remembered', async () => {
  await withList(
    () => undefined,
    async (page) => {
      const ground = (): Promise<string> =>
        page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
      const light = await ground();
      const toggle = page.getByTestId('theme-toggle');
      await toggle.click();
      await toggle.click();
      assert.equal(await toggle.getAttribute('data-theme-now'), 'dark');
      const dark = await ground();
      assert.notEqual(dark, light);
      await page.reload();
      await untilLive(page);
      assert.equal(await ground(), dark);
    },
  );
});

test('a browser in German gets the pages in German', async () => {
  await StagedConsole.with(async (console) => {
    const page = await browser.open(`${console.base}/console`, { locale: 'de-AT' });
    await untilLive(page);
    assert.equal(await page.locator('html').getAttribute('lang'), 'de');
    assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), 'Anrufe');
    await page.getByTestId('language').selectOption('en');
    await page.locator('html[lang="en"]').waitFor();
    await page.context().close();
  });
});
