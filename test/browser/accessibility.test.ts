import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axeFaults } from './support/axe.js';
import { type Page, TestBrowser, untilLive } from './support/browser.js';
import { StagedConsole } from './support/staged-console.js';
import { bargeInStory, failoverStory, handoverStory, manyCalls, sidOf } from './support/stories.js';

let browser: TestBrowser;
before(async () => {
  browser = await TestBrowser.start();
});
after(() => browser.close());

interface Scene {
  name: string;
  path: string;
  stage: (console: StagedConsole) => void;
  /** Does what has to be done before the page looks as it should. */
  ready: (page: Page) => Promise<void>;
  token?: string;
}

const opened = async (page: Page): Promise<void> => {
  await untilLive(page);
  await page.getByTestId('timeline-event').first().waitFor();
};

const SCENES: readonly Scene[] = [
  { name: 'the list without a call', path: '', stage: () => undefined, ready: untilLive },
  {
    name: 'the list of 12 calls, with some that ended',
    path: '',
    stage: (console) => {
      manyCalls(console, 14);
      for (const n of [0, 1]) console.emit({ type: 'ended', callSid: sidOf(n), outcome: 'handed_over' });
    },
    ready: async (page) => {
      await untilLive(page);
      await page.getByTestId('ended-row').first().waitFor();
      await page.locator('details').evaluateAll((all) => all.forEach((details) => details.setAttribute('open', '')));
    },
  },
  { name: 'the list as a wall', path: '?view=wall', stage: (console) => manyCalls(console, 60), ready: untilLive },
  {
    name: 'the list with a dialog over it',
    path: '',
    stage: (console) => manyCalls(console, 3),
    ready: async (page) => {
      await untilLive(page);
      await page.getByTestId('action-drain').click();
      await page.getByTestId('confirm-dialog').waitFor();
    },
  },
  {
    name: 'the help for the keyboard',
    path: '',
    stage: () => undefined,
    ready: async (page) => {
      await untilLive(page);
      await page.getByTestId('shortcuts').click();
    },
  },
  {
    name: 'a call with an interruption and a selected event',
    path: `/calls/${sidOf(1)}`,
    stage: bargeInStory,
    ready: async (page) => {
      await opened(page);
      await page.locator('[data-testid="timeline-event"][data-kind="model-speech"]').nth(1).click();
      await page.getByTestId('timeline-selected').waitFor();
    },
  },
  { name: 'a call with a failover', path: `/calls/${sidOf(1)}`, stage: failoverStory, ready: opened },
  {
    name: 'a call whose handover failed',
    path: `/calls/${sidOf(1)}`,
    stage: (console) => {
      const story = handoverStory(console);
      console.log(story.callSid, 'error', 'no record could be written');
      story.dialEnds('busy');
    },
    ready: opened,
  },
  {
    name: 'a call that is not known',
    path: `/calls/${sidOf(5)}`,
    stage: () => undefined,
    ready: (page) => page.getByTestId('call-unknown').waitFor(),
  },
  {
    name: 'the login after a wrong token',
    path: '/login',
    token: 'the-token-of-this-test',
    stage: () => undefined,
    ready: async (page) => {
      await page.getByTestId('login-token').fill('wrong');
      await page.getByTestId('login-submit').click();
      await page.getByTestId('login-error').filter({ hasText: 'not the token' }).waitFor();
    },
  },
];

const WINDOWS = [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
] as const;

for (const scene of SCENES)
  test(`axe finds no fault, light and dark, wide and narrow: ${scene.name}`, async () => {
    await StagedConsole.with(
      async (console) => {
        scene.stage(console);
        for (const colorScheme of ['light', 'dark'] as const)
          for (const viewport of WINDOWS) {
            const page = await browser.open(`${console.base}/console${scene.path}`, { colorScheme, viewport });
            await scene.ready(page);
            const where = `${colorScheme}, ${viewport.width} px`;
            assert.deepEqual(await axeFaults(page), [], where);
            await page.context().close();
          }
      },
      scene.token === undefined ? {} : { token: scene.token },
    );
  });

for (const scene of SCENES)
  test(`a window of 320 px needs no scrolling sideways: ${scene.name}`, async () => {
    await StagedConsole.with(
      async (console) => {
        scene.stage(console);
        for (const locale of ['en-GB', 'de-DE']) {
          const page = await browser.open(`${console.base}/console${scene.path}`, {
            viewport: { width: 320, height: 640 },
            locale: scene.name.startsWith('the login') ? 'en-GB' : locale,
          });
          await scene.ready(page);
          const widths = await page.evaluate(() => [document.documentElement.scrollWidth, document.body.scrollWidth]);
          assert.deepEqual(widths, [320, 320], locale);
          await page.context().close();
        }
      },
      scene.token === undefined ? {} : { token: scene.token },
    );
  });

test('every page has one main part and one first heading, and names its language', async () => {
  await StagedConsole.with(async (console) => {
    bargeInStory(console);
    for (const path of ['', `/calls/${sidOf(1)}`]) {
      const page = await browser.open(`${console.base}/console${path}`);
      await untilLive(page);
      assert.deepEqual([await page.locator('main').count(), await page.locator('h1').count()], [1, 1], path);
      assert.equal(await page.locator('html').getAttribute('lang'), 'en');
      await page.context().close();
    }
  });
});

test('with reduced motion nothing on the pages moves by itself', async () => {
  await StagedConsole.with(async (console) => {
    bargeInStory(console);
    for (const path of ['', `/calls/${sidOf(1)}`]) {
      const page = await browser.open(`${console.base}/console${path}`, { reducedMotion: 'reduce' });
      await untilLive(page);
      assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
      await page.context().close();
    }
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
    const said: string[] = [];
    const endMs = Date.now() + 7000;
    while (Date.now() < endMs) {
      const text = (await region.textContent()) ?? '';
      if (text !== '' && text !== said.at(-1)) said.push(text);
      await page.waitForTimeout(100);
    }
    assert.equal(said.filter((text) => text.includes('heard nothing')).length, 1, said.join('\n'));
    assert.ok(said.length <= 3, 'at most one message in three seconds');
    await page.context().close();
  });
});
