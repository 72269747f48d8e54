import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Locator } from 'playwright-core';
import { type Page, TestBrowser, errorsOf, untilLive } from './support/browser.js';
import { StagedConsole } from './support/staged-console.js';
import { type Story, bargeInStory, failoverStory, handoverStory, sidOf } from './support/stories.js';

let browser: TestBrowser;
before(async () => {
  browser = await TestBrowser.start();
});
after(() => browser.close());

/** Opens a call whose story has been told so far. */
async function withCall(
  tell: (console: StagedConsole) => Story,
  body: (page: Page, story: Story, console: StagedConsole) => Promise<void>,
  options: Parameters<typeof StagedConsole.start>[0] = {},
): Promise<void> {
  const console = await StagedConsole.start(options);
  const story = tell(console);
  const page = await browser.open(`${console.base}/console/calls/${story.callSid}`);
  try {
    await untilLive(page);
    await page.getByTestId('timeline-event').first().waitFor();
    await body(page, story, console);
    assert.deepEqual(errorsOf(page), []);
  } finally {
    await page.context().close();
    await console.close();
  }
}

const eventsOf = (page: Page, kind: string): Locator =>
  page.locator(`[data-testid="timeline-event"][data-kind="${kind}"]`);
const boxOf = async (locator: Locator): Promise<{ x: number; y: number; width: number; height: number }> => {
  const box = await locator.boundingBox();
  assert.ok(box !== null);
  return box;
};

test('an answer that the caller interrupts is filled as far as it was heard, and the unheard words are struck through', async () => {
  await withCall(bargeInStory, async (page) => {
    const cut = page.locator('[data-testid="turn"][data-interrupted="true"]');
    assert.equal(await cut.count(), 1);
    assert.equal(await cut.getAttribute('data-speaker'), 'assistant');
    assert.match(await cut.locator('p').innerText(), /^Your order left our warehouse on Monday/);
    assert.equal(
      (await cut.locator('del').innerText()).trim(),
      'morning and should be with you by Thursday at the latest.',
    );
    const sent = eventsOf(page, 'model-speech').nth(1);
    const [outer, heard] = [await boxOf(sent), await boxOf(sent.locator('.heard'))];
    assert.ok(Math.abs(heard.width / outer.width - 0.5) < 0.03, `${heard.width} of ${outer.width}`);
    const bargeIn = await boxOf(eventsOf(page, 'barge-in'));
    assert.ok(Math.abs(bargeIn.x + bargeIn.width / 2 - (heard.x + heard.width)) < 4, 'the barge-in stands at the cut');
  });
});

test('each event stands on the timeline with its kind and its time, and in the log in words', async () => {
  await withCall(failoverStory, async (page) => {
    const onTimeline = await page
      .getByTestId('timeline-event')
      .evaluateAll((events) =>
        events.map((event) => [event.getAttribute('data-kind'), event.getAttribute('data-at-ms')].join()),
      );
    const inLog = await page
      .getByTestId('log-entry')
      .evaluateAll((entries) => entries.map((entry) => entry.getAttribute('data-kind')));
    assert.equal(onTimeline.length, inLog.length);
    const sorted = (kinds: (string | null | undefined)[]): string =>
      kinds
        .map(String)
        .sort((a, b) => a.localeCompare(b))
        .join();
    assert.equal(sorted(onTimeline.map((event) => event.split(',')[0])), sorted(inLog));
    for (const event of onTimeline) assert.match(event, /^[a-z-]+,\d+$/);
  });
});

test('a seam shows the silence that the caller had there, and none where there was none', async () => {
  await withCall(failoverStory, async (page) => {
    assert.match(await eventsOf(page, 'failover').innerText(), /1\.4\ss silence/);
    assert.match(await eventsOf(page, 'renewal').innerText(), /no silence/);
    assert.match(await eventsOf(page, 'resume').innerText(), /900\sms silence/);
    // 1.4 s before the failover, and 0.9 s after the stream was lost.
    assert.equal(await page.locator('[data-lane="model"] .silence').count(), 2);
  });
});

test('the opened call follows its call', async () => {
  await withCall(
    (console) => bargeInStory(console),
    async (page, story, console) => {
      console.letTimePass();
      const turns = await page.getByTestId('turn').count();
      story.caller('What is your name?', 900);
      await page.getByTestId('turn').nth(turns).waitFor();
      story.toHuman();
      await page.locator('[data-testid="call-state"][data-state="dialling"]').waitFor();
      await page.locator('[data-testid="journey-step"][data-step="digits"][data-status="done"]').waitFor();
      await page.locator('[data-testid="journey-step"][data-step="end"][data-status="open"]').waitFor();
      story.dialEnds('bridged');
      await page.locator('[data-testid="journey-step"][data-step="end"][data-status="done"]').waitFor();
      story.ends('handed_over');
      await page.locator('[data-testid="call-detail"][data-state="ended"]').waitFor();
      assert.equal(await page.getByTestId('action-hangup').isDisabled(), true);
      // What is on the screen stays there. The gateway keeps no words.
      assert.ok((await page.getByTestId('turn').count()) > turns);
      await page.reload();
      await page.locator('[data-testid="transcript-hidden"][data-why="ended"]').waitFor();
      assert.equal(await page.getByTestId('turn').count(), 0);
    },
  );
});

const journeyOf = (page: Page): Promise<(string | null)[][]> =>
  page
    .getByTestId('journey-step')
    .evaluateAll((steps) => steps.map((step) => [step.getAttribute('data-step'), step.getAttribute('data-status')]));

test('a failed step of a handover is marked, says why, and leads to its row of the table', async () => {
  await withCall(
    (console) => {
      const story = handoverStory(console);
      story.dialEnds('no_answer');
      return story;
    },
    async (page, _story, console) => {
      const end = page.locator('[data-testid="journey-step"][data-step="end"][data-status="failed"]');
      await end.filter({ hasText: 'nothing answered' }).waitFor();
      await end.getByTestId('journey-why').click();
      await page.waitForURL(`${console.base}/console/failures#no_answer`);
      await page
        .locator('[data-testid="failure"][data-failure="no_answer"]')
        .filter({ hasText: 'CONNECT_PHONE' })
        .waitFor();
    },
  );
});

test('the journey to an agent shows what the simulated contact centre heard, asked and did, and when', async () => {
  await withCall(
    handoverStory,
    async (page, { callSid }, console) => {
      assert.deepEqual(await journeyOf(page), [
        ['record', 'done'],
        ['dial', 'done'],
        ['digits', 'done'],
        ['heard', 'open'],
        ['lambda', 'open'],
        ['queue', 'open'],
        ['agent', 'open'],
        ['end', 'open'],
      ]);
      console.letTimePass();
      console.contact(callSid, { step: 'heard', digits: 9 });
      console.contact(callSid, { step: 'lambda', status: 'invalid' });
      const lambda = page.locator('[data-testid="journey-step"][data-step="lambda"]');
      await lambda.and(page.locator('[data-status="failed"][data-failure="token-invalid"]')).waitFor();
      console.contact(callSid, { step: 'heard', digits: 10 });
      console.contact(callSid, { step: 'lambda', status: 'valid' });
      console.contact(callSid, { step: 'queue', queue: 'Default queue' });
      console.desk(callSid, 'talking');
      await page.locator('[data-testid="journey-step"][data-step="agent"][data-status="done"]').waitFor();
      assert.deepEqual((await journeyOf(page)).slice(3), [
        ['heard', 'done'],
        ['lambda', 'done'],
        ['queue', 'done'],
        ['agent', 'done'],
        ['end', 'open'],
      ]);
      assert.match(await page.getByTestId('journey').innerText(), /10 digits heard[\s\S]*Queue: Default queue/);
    },
    { hasPhones: true },
  );
});

test('with a contact centre that tells the gateway nothing, what happens there is said to be unknown', async () => {
  await withCall(handoverStory, async (page) => {
    assert.deepEqual((await journeyOf(page)).slice(3), [
      ['heard', 'unknown'],
      ['lambda', 'unknown'],
      ['queue', 'unknown'],
      ['agent', 'unknown'],
      ['end', 'open'],
    ]);
  });
});

test('the latency of each answer is drawn from what was measured', async () => {
  await withCall(bargeInStory, async (page) => {
    const turns = page.getByTestId('latency-waterfall').getByTestId('latency-turn');
    assert.equal(await turns.count(), 3);
    const first = turns.last();
    assert.match(await first.innerText(), /626\sms[\s\S]*14\sms[\s\S]*190\sms[\s\S]*830\sms/);
    assert.equal(await page.getByTestId('latency-summary').count(), 0, 'percentiles from ten turns on');
  });
});

test('where words may not be shown the page has none, and the number is masked', async () => {
  await withCall(
    bargeInStory,
    async (page) => {
      await page.locator('[data-testid="transcript-hidden"][data-why="not-allowed"]').waitFor();
      assert.equal(await page.getByTestId('turn').count(), 0);
      const all = await page.content();
      for (const secret of ['5550123', 'order left', 'tomorrow']) assert.ok(!all.includes(secret), secret);
      assert.match(all, /\+1202…23/);
    },
    { showsTranscripts: false },
  );
});

test('hanging up and transferring ask first, are sent once, and say so when it is too late', async () => {
  await withCall(bargeInStory, async (page, { callSid }, console) => {
    const dialog = page.getByTestId('confirm-dialog');
    await page.getByTestId('action-hangup').click();
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    assert.equal(page.url(), `${console.base}/console/calls/${callSid}`, 'Esc in a dialog does not leave the page');
    assert.deepEqual(console.operated, []);

    await page.getByTestId('action-escalate').click();
    await page.getByTestId('escalate-reason').selectOption('billing');
    await page.getByTestId('confirm-yes').click();
    await dialog.waitFor({ state: 'detached' });
    assert.deepEqual(console.operated, [{ callSid, action: 'escalate', reason: 'billing' }]);

    console.result = 'impossible';
    await page.getByTestId('action-hangup').click();
    await page.getByTestId('confirm-yes').click();
    await dialog.getByRole('alert').filter({ hasText: 'too far' }).waitFor();
    console.result = 'accepted';
    await page.getByTestId('confirm-yes').click();
    await dialog.waitFor({ state: 'detached' });
    assert.deepEqual(
      console.operated.map(({ action }) => action),
      ['escalate', 'hangup', 'hangup'],
    );
  });
});

test('the timeline is stepped through and zoomed by keyboard, and Esc leads back in two steps', async () => {
  await withCall(bargeInStory, async (page, _story, console) => {
    const lanes = page.getByRole('group', { name: 'Timeline' });
    await lanes.focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    const selected = page.getByTestId('timeline-selected');
    await selected.waitFor();
    const first = await selected.getAttribute('data-id');
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction(
      (id) => document.querySelector('[data-testid="timeline-selected"]')?.getAttribute('data-id') !== id,
      first,
    );
    const speech = eventsOf(page, 'caller-speech').first();
    const before = (await boxOf(speech)).width;
    await page.keyboard.press('+');
    await page.waitForFunction(
      () => document.querySelector('[data-testid="timeline-fit"][aria-pressed="false"]') !== null,
    );
    assert.ok((await boxOf(speech)).width > before * 1.2);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
    await page.keyboard.press('f');
    await page.waitForFunction(
      () => document.querySelector('[data-testid="timeline-fit"][aria-pressed="true"]') !== null,
    );
    assert.ok(Math.abs((await boxOf(speech)).width - before) < 2);
    await page.keyboard.press('Escape');
    await selected.waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
    await page.waitForURL(`${console.base}/console`);
  });
});

test('a click on the timeline shows the turn that belongs to it', async () => {
  await withCall(bargeInStory, async (page) => {
    await eventsOf(page, 'model-speech').nth(1).click();
    await page.locator('[data-testid="turn"][data-interrupted="true"][data-selected="true"]').waitFor();
  });
});

test('a call whose gateway was restarted under its page stands still, says so, and offers nothing', async () => {
  const console = await StagedConsole.start();
  const story = bargeInStory(console);
  const page = await browser.open(`${console.base}/console/calls/${story.callSid}`);
  await untilLive(page);
  await page.getByTestId('turn').nth(6).waitFor();
  assert.equal(await page.getByTestId('action-hangup').isEnabled(), true);
  await console.close();
  await page.locator('[data-testid="connection-state"][data-state="reconnecting"]').waitFor();
  await StagedConsole.with(
    async () => {
      await untilLive(page);
      await page.getByTestId('call-forgotten').waitFor();
      await page.locator('[data-testid="call-state"][data-state="unknown"]').waitFor();
      assert.equal(await page.getByTestId('action-hangup').isDisabled(), true);
      assert.equal(await page.getByTestId('turn').count(), 7, 'what was said stays on the page');
      const length = await page.getByTestId('call-duration').innerText();
      await page.waitForTimeout(1500);
      assert.equal(await page.getByTestId('call-duration').innerText(), length);
      await page.context().close();
    },
    { port: Number(new URL(console.base).port) },
  );
});

test('of one digit the journey speaks as of one', async () => {
  await withCall(
    handoverStory,
    async (page, { callSid }, console) => {
      console.letTimePass();
      console.contact(callSid, { step: 'heard', digits: 1 });
      await page
        .locator('[data-testid="journey-step"][data-step="heard"]')
        .filter({ hasText: /1 digit heard/ })
        .waitFor();
      await page
        .getByTestId('log-entry')
        .filter({ hasText: /heard 1 digit$/ })
        .waitFor();
    },
    { hasPhones: true },
  );
});

test('a call that the gateway does not know is said to be unknown', async () => {
  await StagedConsole.with(async (console) => {
    const page = await browser.open(`${console.base}/console/calls/${sidOf(99)}`);
    await page.getByTestId('call-unknown').waitFor();
    await page.context().close();
  });
});
