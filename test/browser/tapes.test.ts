import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { FileChooser } from 'playwright-core';
import type { ScrubTape } from '../../src/console/scrubbed-tapes.js';
import { KeptTapes } from '../../src/tape/kept-tapes.js';
import { type Page, TestBrowser, errorsOf, untilLive } from './support/browser.js';
import { StagedConsole } from './support/staged-console.js';
import { bargeInStory, sidOf } from './support/stories.js';
import { MadeFiles, dropFiles, tapeNamed, toldOtherwise, toldTape } from './support/tape-files.js';

let browser: TestBrowser;
let files: MadeFiles;
before(async () => {
  browser = await TestBrowser.start();
  files = await MadeFiles.open();
});
after(async () => {
  await browser.close();
  await files.remove();
});

/** Opens the list, and asserts at the end that the page wrote no error. */
async function withList(body: (page: Page, console: StagedConsole) => Promise<void>, path = ''): Promise<void> {
  await StagedConsole.with(async (console) => {
    const page = await browser.open(`${console.base}/console${path}`);
    await untilLive(page);
    await body(page, console);
    assert.deepEqual(errorsOf(page), []);
    await page.context().close();
  });
}

const TOLD = { name: 'CA4f2c91.jsonl', text: toldTape() };
const OTHERWISE = { name: 'today.jsonl', text: toldOtherwise() };

const untilTape = (page: Page, runs = 1): Promise<void> =>
  page.locator(`[data-testid="call-detail"][data-source="tape"][data-runs="${runs}"]`).waitFor();
const kindsOf = (page: Page): Promise<string[]> =>
  page
    .getByTestId('timeline-event')
    .evaluateAll((events) => [...new Set(events.map((event) => event.getAttribute('data-kind') ?? ''))]);

test('a tape that is dropped on the list opens like a live call, and nothing of it is sent anywhere', async () => {
  await withList(async (page, console) => {
    const asked: string[] = [];
    page.on('request', (request) => asked.push(`${request.method()} ${request.url()}`));
    await dropFiles(page, TOLD);
    await untilTape(page);
    for (const kind of [
      'barge-in',
      'caller-speech',
      'dial',
      'escalation',
      'failover',
      'handover',
      'model-speech',
      'state',
      'tool',
      'turn',
    ])
      assert.ok((await kindsOf(page)).includes(kind), kind);
    const cut = page.locator('[data-testid="turn"][data-interrupted="true"]');
    assert.match(await cut.innerText(), /Your order left our warehouse on Monday/);
    assert.match(await cut.locator('del').innerText(), /morning and should be with you by Thursday/);
    assert.match(await page.locator('[data-kind="failover"]').first().innerText(), /1\.4\ss silence/);
    assert.equal(await page.locator('[data-lane="model"] .silence').count(), 1);
    assert.equal(await page.getByTestId('latency-turn').count(), 2);
    assert.equal(await page.locator('[data-testid="journey-step"][data-status="done"]').count(), 4);
    assert.ok((await page.getByTestId('log-entry').count()) > 20);
    assert.equal(await page.getByTestId('connection-state').count(), 0, 'no gateway is behind it');
    assert.equal(await page.getByTestId('action-hangup').count(), 0);
    assert.deepEqual(asked, []);
    assert.deepEqual(console.operated, []);
  });
});

for (const way of ['a reload', 'the way back of the browser', 'the link', 'Esc'] as const)
  test(`${way} leads from a tape back to the list`, async () => {
    await withList(async (page) => {
      await dropFiles(page, TOLD);
      await untilTape(page);
      if (way === 'a reload') await page.reload();
      else if (way === 'the link') await page.locator('a.back').click();
      else if (way === 'Esc') await page.keyboard.press('Escape');
      else await page.goBack();
      await page.getByTestId('page-calls').waitFor();
      await untilLive(page);
      assert.equal(new URL(page.url()).pathname, '/console');
      assert.equal(await page.getByTestId('call-detail').count(), 0);
    });
  });

test('a tape is chosen by keyboard, and the tapes of the tests show speech, answers and seams', async () => {
  await withList(async (page) => {
    const button = page.getByTestId('tape-file');
    const choosers: FileChooser[] = [];
    page.on('filechooser', (chooser) => choosers.push(chooser));
    // A browser opens none if the key that asked for it was pressed too long ago, as on a busy machine.
    while (choosers.length === 0) {
      await button.press('Enter');
      await page.waitForTimeout(300);
    }
    await choosers[0]?.setFiles(tapeNamed('openai-to-local'));
    await untilTape(page);
    const kinds = await kindsOf(page);
    for (const kind of ['barge-in', 'caller-speech', 'failover']) assert.ok(kinds.includes(kind), kind);
    assert.equal(await page.getByTestId('tape-words').getAttribute('data-scrubbed'), 'true');
    assert.ok((await page.getByTestId('latency-turn').count()) > 0);
  });
});

test('what is no tape, or a damaged one, is refused with a sentence that says why, and the list stays', async () => {
  await withList(async (page) => {
    const rows = TOLD.text.split('\n');
    const huge = `{"tape":1,${'x'.repeat(100)}`;
    for (const [name, text, problem, said] of [
      ['a.txt', 'Dear Sir or Madam', 'not-a-tape', /a\.txt is no tape/],
      ['b.json', '{"a":1}\n', 'not-a-tape', /b\.json is no tape/],
      ['c.bin', '\0\x01\x02'.repeat(1000), 'not-a-tape', /c\.bin is no tape/],
      ['empty.jsonl', '', 'not-a-tape', /empty\.jsonl is no tape/],
      ['d.jsonl', TOLD.text.replace('"tape":1', '"tape":9'), 'version', /a version of the format/],
      ['e.jsonl', rows.with(5, 'oops').join('\n'), 'damaged', /line 6/],
      ['f.jsonl', rows.with(3, '{"t":9e9,"leg":"heard","m":{}}').join('\n'), 'damaged', /line 5/],
      ['g.jsonl', TOLD.text.replace('"escalation":{', '"scalation":{'), 'damaged', /makes no sense/],
      ['h.jsonl', huge, 'not-a-tape', /is no tape/],
    ] as const) {
      await dropFiles(page, { name, text });
      const told = page.locator(`[data-testid="tape-problem"][data-problem="${problem}"]`).filter({ hasText: said });
      await told.waitFor();
      assert.equal(await page.getByTestId('page-calls').count(), 1);
    }
    await dropFiles(page, TOLD, TOLD, TOLD);
    await page.locator('[data-testid="tape-problem"][data-problem="many"]').waitFor();
    // A file of which the browser knows the size alone.
    await page.evaluate(() => {
      const file = new File(['x'], 'huge.jsonl');
      Object.defineProperty(file, 'size', { value: 600 * 1024 * 1024 });
      const input = document.querySelector<HTMLInputElement>('[data-testid="tape-file"]');
      if (input === null) return;
      Object.defineProperty(input, 'files', { value: [file], configurable: true });
      input.dispatchEvent(new Event('change', { bubbles: true }));
    });
    await page
      .locator('[data-testid="tape-problem"][data-problem="huge"]')
      .filter({ hasText: /larger than 512/ })
      .waitFor();
  });
});

test('a tape whose recording broke off is shown as far as it goes, and says so', async () => {
  await withList(async (page) => {
    await dropFiles(page, { ...TOLD, text: TOLD.text.slice(0, TOLD.text.indexOf('"type":"tool"') + 5) });
    await untilTape(page);
    await page
      .getByTestId('tape-broken-off')
      .filter({ hasText: /breaks off at 0:06\.7/ })
      .waitFor();
    assert.equal(await page.getByTestId('make-test').count(), 0, 'it cannot be replayed');
  });
});

test('two runs stand in the same lanes, and the first difference is marked with its kind and time', async () => {
  await withList(async (page) => {
    await dropFiles(page, OTHERWISE, TOLD);
    await untilTape(page, 2);
    const first = page.getByTestId('first-difference');
    // What a replay has written is the second, in whatever order the files came.
    assert.deepEqual(await page.locator('.runs b').allInnerTexts(), [TOLD.name, OTHERWISE.name]);
    assert.deepEqual(
      [await first.getAttribute('data-kind'), await first.getAttribute('data-at-ms')],
      ['transcript', '10240'],
    );
    assert.equal(await page.getByTestId('difference-mark').getAttribute('data-at-ms'), '10240');
    const heard = page.locator('[data-lane="model"] ol');
    assert.equal(await heard.count(), 2);
    const [above, below] = await heard.evaluateAll((lists) =>
      lists.map((list) => {
        const cut = list.querySelectorAll('[data-kind="model-speech"]')[1]?.getBoundingClientRect();
        return { top: list.getBoundingClientRect().top, left: cut?.left, width: cut?.width };
      }),
    );
    assert.ok((above?.top ?? 0) < (below?.top ?? 0));
    assert.deepEqual([above?.left, above?.width], [below?.left, below?.width], 'one scale for both');
    const mark = await page.getByTestId('difference-mark').boundingBox();
    const bargeIn = await page.locator('[data-lane="marks"] [data-kind="barge-in"]').first().boundingBox();
    assert.ok(Math.abs((mark?.x ?? 0) + 1.5 - (bargeIn?.x ?? 0) - (bargeIn?.width ?? 0) / 2) < 4);
    const kinds = await page
      .getByTestId('difference')
      .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-kind')));
    assert.deepEqual(kinds, ['heard', 'decision']);
    assert.equal(await page.getByRole('log').count(), 2);
    await page.getByTestId('diff-swap').click();
    assert.deepEqual(await page.locator('.runs b').allInnerTexts(), [OTHERWISE.name, TOLD.name]);
    await page.getByTestId('diff-close').click();
    await untilTape(page, 1);
  });
});

test('a second tape that is dropped on the first is compared with it, and equal runs are called equal', async () => {
  await withList(async (page) => {
    await dropFiles(page, TOLD);
    await untilTape(page);
    await dropFiles(page, { ...TOLD, name: 'again.jsonl' });
    await untilTape(page, 2);
    assert.equal(await page.getByTestId('tape-diff').getAttribute('data-equal'), 'true');
    assert.equal(await page.getByTestId('difference-mark').count(), 0);
    await dropFiles(page, OTHERWISE);
    await page.locator('[data-testid="tape-diff"][data-equal="false"]').waitFor();
    assert.deepEqual(await page.locator('.runs b').allInnerTexts(), [TOLD.name, OTHERWISE.name]);
  });
});

test('a tape as it was recorded offers the commands that make a test of it, and a scrubbed one itself', async () => {
  await withList(async (page) => {
    await dropFiles(page, { ...TOLD, name: "it's mine.jsonl" });
    await untilTape(page);
    await page.getByTestId('make-test').click();
    await page.getByTestId('make-test-name').fill('Where is my order');
    assert.equal(
      await page.getByTestId('make-test-commands').innerText(),
      "npm run scrub -- 'it'\\''s mine.jsonl' test/tapes/where-is-my-order.jsonl\nnpm run replay -- test/tapes/where-is-my-order.jsonl\nnode scripts/test.mjs tapes",
    );
    assert.equal(await page.getByTestId('make-test-download').count(), 0, 'it must not leave as it is');
    await page.keyboard.press('Escape');
    await page.getByTestId('make-test-dialog').waitFor({ state: 'detached' });
    await page.locator('a.back').click();
    await page.getByTestId('tape-file').setInputFiles(tapeNamed('openai-barge-in'));
    await untilTape(page);
    await page.getByTestId('make-test').click();
    assert.equal(await page.getByTestId('make-test-name').inputValue(), 'openai-barge-in');
    const download = page.waitForEvent('download');
    await page.getByTestId('make-test-download').click();
    const saved = await download;
    assert.equal(saved.suggestedFilename(), 'openai-barge-in.jsonl');
    assert.equal(await readFile(await saved.path(), 'utf8'), await readFile(tapeNamed('openai-barge-in'), 'utf8'));
  });
});

test('the opened call gives out its tape, and without its people once the call is over', async () => {
  const tapes = new KeptTapes(files.folder);
  await files.write(`${sidOf(1)}.jsonl`, TOLD.text.replace(/"callSid":"CA[0-9a-f]+"/, `"callSid":"${sidOf(1)}"`));
  tapes.began(sidOf(1));
  const scrubTape: ScrubTape = async (input, output) => {
    await writeFile(output, `scrubbed ${input}`);
    return 'done';
  };
  await StagedConsole.with(
    async (console) => {
      const story = bargeInStory(console);
      console.letTimePass();
      const page = await browser.open(`${console.base}/console/calls/${sidOf(1)}`);
      await untilLive(page);
      const whole = page.waitForEvent('download');
      await page.getByTestId('tape-download').click();
      assert.equal((await whole).suggestedFilename(), `${sidOf(1)}.jsonl`);
      assert.match(await readFile(await (await whole).path(), 'utf8'), /Where is my order\?/);
      await page.getByTestId('make-test').click();
      assert.equal(await page.getByTestId('make-test-download').isDisabled(), true, 'the call lasts');
      story.ends('caller_hung_up');
      await page.locator('[data-testid="make-test-download"]:enabled').waitFor();
      await page.getByTestId('make-test-name').fill('express-delivery');
      const scrubbed = page.waitForEvent('download');
      await page.getByTestId('make-test-download').click();
      assert.equal((await scrubbed).suggestedFilename(), 'express-delivery.jsonl');
      assert.match(await readFile(await (await scrubbed).path(), 'utf8'), /^scrubbed /);
      assert.match(
        await page.getByTestId('make-test-commands').innerText(),
        /^npm run replay -- test\/tapes\/express-delivery\.jsonl\n/,
      );
      assert.deepEqual(errorsOf(page), []);
      await page.context().close();
    },
    { tapes, scrubTape },
  );
});

test('where no words may be shown the opened call says that there is a tape, and offers none', async () => {
  const tapes = new KeptTapes(files.folder);
  tapes.began(sidOf(1));
  await StagedConsole.with(
    async (console) => {
      bargeInStory(console);
      const page = await browser.open(`${console.base}/console/calls/${sidOf(1)}`);
      await untilLive(page);
      await page.locator('.facts').filter({ hasText: 'recorded; not shown here' }).waitFor();
      for (const id of ['tape-download', 'make-test']) assert.equal(await page.getByTestId(id).count(), 0, id);
      await page.context().close();
    },
    { tapes, showsTranscripts: false },
  );
});
