import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Page, TestBrowser, errorsOf, untilLive } from './support/browser.js';
import { DRAWS, drawPicture } from './support/picture.js';
import { Recordings, syllables } from './support/recordings.js';
import { type Scene, untilLogin, withScene, withTapes } from './support/scenes.js';
import type { StagedConsole } from './support/staged-console.js';
import { answered, bargeInStory, begin, failoverStory, handoverStory, manyCalls, sidOf } from './support/stories.js';
import { atDesk, onPhone, stageCall } from './support/telephone-scenes.js';

// The pictures for the documents. They are compared by eye, so this only makes sure that every page draws without an error.
// PICTURES names the folder, docs/screenshots for the ones that the documents show. Without it no picture is written.

const SIZES = { wide: { width: 1280, height: 800 }, narrow: { width: 390, height: 844 } } as const;

let browser: TestBrowser;
let recordings: Recordings;
before(async () => {
  recordings = await Recordings.open();
  browser = await TestBrowser.start({ microphone: await recordings.write('voice', [syllables(300, 60_000)]) });
});
after(async () => {
  await browser.close();
  await recordings.remove();
});

interface Picture extends Scene {
  /** Whether the picture has the whole page, or only what a window shows. */
  isWhole?: boolean;
}

function handedOverStory(console: StagedConsole): void {
  handoverStory(console).withAgent();
}

const nothing = (): void => undefined;

async function untilCallIsDrawn(page: Page): Promise<void> {
  await untilLive(page);
  await page.getByTestId('timeline-event').first().waitFor();
}

/** Calls that were answered and ended in the last eight minutes, so that the charts have something to show. */
async function passTime(page: Page, console: StagedConsole): Promise<void> {
  const past = Array.from({ length: 9 }, (_, n) => sidOf(700 + n));
  for (let step = 0; step < 48; step++) {
    console.clock.advance(10_000);
    for (const [n, callSid] of past.entries()) {
      if (step === n) begin(console, callSid);
      const waitedMs = 640 + 150 * Math.sin(step / 6) + 80 * Math.sin(step / 2) + ((n * 137 + step * 71) % 240);
      if (step > n && (n + step) % 3 === 0) console.emit(answered(callSid, 'openai', Math.round(waitedMs)));
      if (step === 38 + n) console.emit({ type: 'ended', callSid, outcome: 'caller_hung_up' });
    }
    // The page notes a change four times a second at most, and a second of its own clock is a point of its charts.
    if (DRAWS) await page.waitForTimeout(40);
  }
}

const PICTURES: readonly Picture[] = [
  ...[0, 12, 500].map((count) => ({
    name: `calls-${count === 0 ? 'empty' : count}`,
    path: '',
    stage: nothing,
    ready: async (page: Page, console: StagedConsole) => {
      await untilLive(page);
      if (count === 0) return;
      await passTime(page, console);
      manyCalls(console, count);
      console.clock.advance(250);
      await page.locator(`[data-testid="calls-count"][data-count="${count}"]`).waitFor();
    },
  })),
  ...Object.entries({ 'barge-in': bargeInStory, failover: failoverStory, handover: handedOverStory }).map(
    ([name, tell]) => ({
      name: `call-${name}`,
      path: `/calls/${sidOf(1)}`,
      // Only where the contact centre is simulated the console sees what it does.
      hasPhones: name === 'handover',
      stage: tell,
      ready: untilCallIsDrawn,
      isWhole: true,
    }),
  ),
  {
    name: 'call-hidden',
    path: `/calls/${sidOf(1)}`,
    showsTranscripts: false,
    stage: bargeInStory,
    ready: untilCallIsDrawn,
    isWhole: true,
  },
  ...(['tape', 'diff'] as const).map((what) => ({
    name: what === 'tape' ? 'tape' : 'tape-diff',
    path: '',
    stage: nothing,
    ready: (page: Page) => withTapes(page, what),
    isWhole: true,
  })),
  ...(['idle', 'talking', 'refused'] as const).map((state) => ({
    name: `phone-${state}`,
    path: '/phone',
    hasPhones: true,
    hasMicrophone: state !== 'refused',
    stage: (console: StagedConsole) => stageCall(console, state),
    ready: (page: Page, console: StagedConsole) => onPhone(page, console, state),
    isWhole: true,
  })),
  ...(['waiting', 'ringing', 'talking', 'ended'] as const).map((state) => ({
    name: `desk-${state}`,
    path: '/agent',
    hasPhones: true,
    hasMicrophone: true,
    stage: (console: StagedConsole) => stageCall(console, state),
    ready: (page: Page, console: StagedConsole) => atDesk(page, console, state),
    isWhole: true,
  })),
  { name: 'login', path: '', token: 'a-token-of-this-test', stage: nothing, ready: untilLogin },
];

for (const picture of PICTURES)
  test(`a page is drawn light and dark, wide and narrow: ${picture.name}`, async () => {
    const sizes = Object.entries(SIZES);
    const draw = async (page: Page, [size, viewport]: (typeof sizes)[number]): Promise<void> => {
      await page.setViewportSize(viewport);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await drawPicture(page, `${picture.name}-${colorScheme}-${size}`, picture.isWhole === true);
      }
      assert.deepEqual(errorsOf(page), []);
    };
    // While pictures are drawn the calls on the page grow older, so each size begins with young ones.
    if (DRAWS) for (const each of sizes) await withScene(browser, picture, {}, (page) => draw(page, each));
    else
      await withScene(browser, picture, {}, async (page) => {
        for (const each of sizes) await draw(page, each);
      });
  });

test('a wall screen shows 200 calls at once', async () => {
  const wall: Scene = {
    name: 'wall',
    path: '?view=wall',
    stage: (console) => manyCalls(console, 200),
    ready: untilLive,
  };
  const viewport = { width: 1920, height: 1080 };
  await withScene(browser, wall, { viewport, colorScheme: 'dark' }, async (page) => {
    await page.getByTestId('call-row').nth(199).waitFor();
    await drawPicture(page, 'wall-200-dark', false);
    assert.deepEqual(errorsOf(page), []);
    assert.equal(await page.locator(`[data-call-sid="${sidOf(3)}"]`).getAttribute('data-quiet'), 'red');
    const bottoms = await page
      .getByTestId('call-row')
      .evaluateAll((rows) => rows.map((row) => row.getBoundingClientRect().bottom));
    assert.ok(Math.max(...bottoms) <= viewport.height, `the last row ends at ${Math.max(...bottoms)}`);
  });
});
