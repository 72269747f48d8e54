import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Page, TestBrowser, errorsOf } from './support/browser.js';
import { Recordings, syllables } from './support/recordings.js';
import { SCENES, withScene } from './support/scenes.js';
import { StagedConsole } from './support/staged-console.js';
import { bargeInStory, sidOf } from './support/stories.js';
import { CONTACT, untilConnected } from './support/telephone-scenes.js';

// The pages without a mouse. calls.test.ts and call.test.ts have the keys of the list and of the timeline.

let browser: TestBrowser;
let recordings: Recordings;
before(async () => {
  recordings = await Recordings.open();
  browser = await TestBrowser.start({
    isWhole: true,
    microphone: await recordings.write('voice', [syllables(300, 20_000)]),
  });
});
after(async () => {
  await browser.close();
  await recordings.remove();
});

/** What has the focus, and whether it can be seen that it has. */
interface Focused {
  /** Its place among the controls of the page. -1 if it is none. */
  at: number;
  name: string;
  isSeen: boolean;
}

/** Runs in the page. `all`: the names of all controls that can be used, in the order of the document. */
function controls(): { all: string[]; focused: Focused } {
  // The arrow keys choose among radio buttons.
  const usable =
    'a[href], button:not(:disabled), input:not(:disabled, [type="radio"]), input[type="radio"]:checked, select:not(:disabled), [tabindex="0"]';
  const nameOf = (element: Element | null): string =>
    element === null
      ? ''
      : `${element.tagName.toLowerCase()} ${element.getAttribute('data-testid') ?? element.getAttribute('href') ?? element.getAttribute('class') ?? ''}`;
  // A dialog keeps the focus. In a list only one row is in the way of the Tab key.
  const inside = document.querySelector('dialog[open]') ?? document;
  const all = [...inside.querySelectorAll<HTMLElement>(usable)].filter(
    (element) => element.tabIndex >= 0 && element.checkVisibility({ visibilityProperty: true }),
  );
  const { activeElement } = document;
  const focused = activeElement ?? document.body;
  // A link of the list is as large as its row, and a radio button is drawn by its label.
  const styles = [getComputedStyle(focused), getComputedStyle(focused, '::after')];
  if (focused.nextElementSibling !== null) styles.push(getComputedStyle(focused.nextElementSibling));
  return {
    all: all.map(nameOf),
    focused: {
      at: all.indexOf(activeElement as HTMLElement),
      name: nameOf(activeElement),
      isSeen: styles.some(({ outlineStyle, outlineWidth }) => outlineStyle !== 'none' && outlineWidth !== '0px'),
    },
  };
}

for (const scene of SCENES)
  test(`the Tab key reaches every control in order, and each shows that it has the focus: ${scene.name}`, async () => {
    await withScene(browser, scene, {}, async (page) => {
      const { all, focused: first } = await page.evaluate(controls);
      const reached = new Map<number, string>();
      if (first.at >= 0) reached.set(first.at, first.name);
      for (let pressed = 0; pressed < all.length + 2 && reached.size < all.length; pressed++) {
        await page.keyboard.press('Tab');
        const { focused } = await page.evaluate(controls);
        if (focused.at < 0) continue;
        assert.ok(focused.isSeen, `${focused.name} does not show its focus`);
        reached.set(focused.at, focused.name);
      }
      assert.deepEqual(
        all.filter((_, at) => !reached.has(at)),
        [],
      );
    });
  });

const stateOf = (page: Page, testId: string, state: string): Promise<void> =>
  page.locator(`[data-testid="${testId}"][data-state="${state}"]`).waitFor();
const focusedId = (page: Page): Promise<string | null | undefined> =>
  page.evaluate(() => document.activeElement?.getAttribute('data-testid'));

async function tabTo(page: Page, testId: string): Promise<void> {
  for (let pressed = 0; pressed < 40; pressed++) {
    if ((await focusedId(page)) === testId) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`the Tab key does not reach ${testId}`);
}

test('a call is made, dialled into, muted and ended on the softphone by keyboard alone', async () => {
  await StagedConsole.with(
    async (console) => {
      const call = { callSid: sidOf(1) };
      bargeInStory(console);
      const page = await browser.open(`${console.base}/console/phone`, { permissions: ['microphone'] });
      await stateOf(page, 'phone-status', 'idle');
      await tabTo(page, 'phone-call');
      await page.keyboard.press('Enter');
      await console.phones.hears('call');
      console.phones.tell('phone', 'talking', call);
      await stateOf(page, 'phone-status', 'talking');
      assert.equal(await focusedId(page), 'phone-hangup', 'the focus stays where it was');
      for (const key of ['0', '*', '#']) await page.keyboard.press(key);
      await console.phones.hears('digit');
      await page.keyboard.press('m');
      await page.locator('[data-testid="phone-mute"][aria-pressed="true"]').waitFor();
      await tabTo(page, 'phone-key-5');
      await page.keyboard.press('Space');
      await page.keyboard.press('Shift+Tab');
      while ((await focusedId(page)) !== 'phone-hangup') await page.keyboard.press('Shift+Tab');
      await page.keyboard.press('Enter');
      await console.phones.hears('hangup');
      assert.deepEqual(
        console.phones.heard.flatMap(({ digit }) => (digit === undefined ? [] : [digit])),
        ['0', '*', '#', '5'],
      );
      assert.deepEqual(errorsOf(page), []);
      await page.context().close();
    },
    { hasPhones: true },
  );
});

test('single keys that are switched off dial and mute nothing, and a digit in a field is a digit', async () => {
  await StagedConsole.with(
    async (console) => {
      bargeInStory(console);
      const page = await browser.open(`${console.base}/console/phone`, { permissions: ['microphone'] });
      await page.getByTestId('phone-from').pressSequentially('+4930m1');
      assert.equal(await page.getByTestId('phone-from').inputValue(), '+4930m1');
      assert.equal(await page.getByTestId('phone-mute').getAttribute('aria-pressed'), 'false');
      await page.getByTestId('shortcuts').click();
      await page.getByTestId('single-keys').uncheck();
      await page.keyboard.press('Escape');
      await page.getByTestId('phone-call').click();
      await console.phones.hears('call');
      console.phones.tell('phone', 'talking', { callSid: sidOf(1) });
      await stateOf(page, 'phone-status', 'talking');
      for (const key of ['5', 'm']) await page.keyboard.press(key);
      await page.getByTestId('phone-key-1').click();
      await console.phones.hears('digit');
      assert.deepEqual(
        console.phones.heard.flatMap(({ digit }) => (digit === undefined ? [] : [digit])),
        ['1'],
      );
      assert.equal(await page.getByTestId('phone-mute').getAttribute('aria-pressed'), 'false');
      await page.context().close();
    },
    { hasPhones: true },
  );
});

test('an agent answers, mutes and hangs up by keyboard alone', async () => {
  await StagedConsole.with(
    async (console) => {
      bargeInStory(console);
      const page = await browser.open(`${console.base}/console/agent`, { permissions: ['microphone'] });
      await untilConnected(page);
      console.phones.tell('agent', 'ringing', CONTACT);
      await stateOf(page, 'agent-status', 'ringing');
      await tabTo(page, 'agent-answer');
      await page.keyboard.press('Enter');
      await console.phones.hears('answer');
      console.phones.tell('agent', 'talking');
      await stateOf(page, 'agent-status', 'talking');
      await page.keyboard.press('m');
      await page.locator('[data-testid="agent-mute"][aria-pressed="true"]').waitFor();
      await tabTo(page, 'agent-hangup');
      await page.keyboard.press('Enter');
      await console.phones.hears('hangup');
      assert.deepEqual(errorsOf(page), []);
      await page.context().close();
    },
    { hasPhones: true },
  );
});
