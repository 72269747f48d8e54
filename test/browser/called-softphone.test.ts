import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { TestBrowser, errorsOf } from './support/browser.js';
import { StagedConsole } from './support/staged-console.js';
import { sidOf } from './support/stories.js';
import { untilState } from './support/whole-gateway.js';

// The softphone as the telephone that the gateway calls.

let browser: TestBrowser;
before(async () => {
  browser = await TestBrowser.start({ isWhole: true });
});
after(() => browser.close());

test('a softphone waits for a call, rings, is answered, and can decline', async () => {
  const console = await StagedConsole.start({ hasPhones: true, outbound: true });
  try {
    const page = await browser.open(`${console.base}/console/phone`, { locale: 'en-GB' });
    await page.getByTestId('phone-wait').click();
    await console.phones.hears('wait');
    console.phones.tell('phone', 'waiting');
    await untilState(page, 'phone-status', 'waiting');
    assert.equal(await page.getByTestId('phone-hangup').textContent(), 'Stop waiting');
    console.phones.tell('phone', 'called', { callSid: sidOf(1) });
    await untilState(page, 'phone-status', 'called');
    assert.equal(await page.getByTestId('phone-hangup').textContent(), 'Decline');
    await page.getByTestId('phone-answer').click();
    await console.phones.hears('answer');
    console.phones.tell('phone', 'talking', { callSid: sidOf(1) });
    await untilState(page, 'phone-status', 'talking');
    assert.equal(await page.getByTestId('phone-answer').count(), 0);
    await page.getByTestId('phone-hangup').click();
    await console.phones.hears('hangup');
    assert.deepEqual(errorsOf(page), []);
  } finally {
    await console.close();
  }
});

test('a folder that is dropped on the softphone is refused with a sentence', async () => {
  const console = await StagedConsole.start({ hasPhones: true });
  try {
    const page = await browser.open(`${console.base}/console/phone`, { locale: 'en-GB' });
    await page.getByTestId('phone-call').waitFor();
    await page.evaluate(() => {
      // A browser hands a folder over as a file that cannot be read.
      const folder = new File([], 'folder');
      folder.arrayBuffer = () => Promise.reject(new DOMException('a folder', 'NotFoundError'));
      const drop = new DragEvent('drop', { bubbles: true, cancelable: true });
      Object.defineProperty(drop, 'dataTransfer', { value: { files: [folder] } });
      document.body.dispatchEvent(drop);
    });
    await page.locator('[data-testid="phone-error"][data-error="unreadable-file"]').waitFor();
    assert.deepEqual(errorsOf(page), []);
  } finally {
    await console.close();
  }
});

test('a gateway that makes no calls offers no waiting', async () => {
  const console = await StagedConsole.start({ hasPhones: true });
  try {
    const page = await browser.open(`${console.base}/console/phone`, { locale: 'en-GB' });
    await page.getByTestId('phone-call').waitFor();
    assert.equal(await page.getByTestId('phone-wait').count(), 0);
  } finally {
    await console.close();
  }
});
