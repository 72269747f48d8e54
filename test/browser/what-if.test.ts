import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ClusterRig } from '../support/cluster-rig.js';
import { PagePhone } from '../support/page-phone.js';
import { until } from '../support/rig.js';
import { type SimulatedGateway, withSimulatedGateway } from '../support/simulated-gateway.js';
import { type Page, TestBrowser, errorsOf, untilLive } from './support/browser.js';
import { drawAndExamine, drawPicture } from './support/picture.js';
import { StagedConsole } from './support/staged-console.js';
import { Story } from './support/stories.js';

// An operator who breaks a simulated call in the opened call's page, and sees what came of it.

const SLOW_MS = 30_000;

let browser: TestBrowser;
before(async () => {
  browser = await TestBrowser.start();
});
after(() => browser.close());

/** A call of a softphone, and its page. */
async function opened(
  { base, open }: SimulatedGateway,
  locale = 'en-GB',
): Promise<{ caller: PagePhone; page: Page; callSid: string }> {
  const caller = await open('phone');
  caller.send({ type: 'call' });
  await until(() => caller.last?.state === 'talking', 'the assistant');
  await until(() => caller.heard.length > 30, 'the greeting');
  const callSid = caller.last?.callSid ?? '';
  const page = await browser.open(`${base}/console/calls/${callSid}`, { locale });
  await untilLive(page);
  return { caller, page, callSid };
}

async function breakIt(page: Page, fault: string): Promise<void> {
  await page.getByTestId(`fault-${fault}`).click();
  await page.getByTestId('confirm-dialog').waitFor();
  await page.getByTestId('confirm-yes').click();
  await page.getByTestId('confirm-dialog').waitFor({ state: 'detached' });
}

const outcomeOf = (page: Page, fault: string, more = '') =>
  page.locator(`[data-testid="fault-outcome"][data-fault="${fault}"]${more}`);

test('the operator breaks a simulated call, and sees for each fault how long the caller heard nothing and who took over', async () => {
  await withSimulatedGateway({ host: 'localhost' }, async (gateway) => {
    const { caller, page } = await opened(gateway);
    await page.getByTestId('fault-stream-drop').click();
    await page.getByTestId('confirm-no').click();
    assert.equal(await page.getByTestId('fault-outcome').count(), 0);

    gateway.provider.last.callerSays('Where is my parcel?');
    await breakIt(page, 'model-reset');
    await outcomeOf(page, 'model-reset', '[data-silence-ms][data-taken-by="scripted"]').waitFor();
    await breakIt(page, 'stream-drop');
    await outcomeOf(page, 'stream-drop', '[data-followed="resume"][data-silence-ms]').waitFor({ timeout: SLOW_MS });
    await breakIt(page, 'store-throttle');
    await breakIt(page, 'connect-busy');
    await drawPicture(page, 'what-if-open-light-wide');
    caller.send({ type: 'digit', digit: '0' });
    await outcomeOf(page, 'store-throttle', '[data-followed="handover"]').waitFor({ timeout: SLOW_MS });
    await outcomeOf(page, 'connect-busy', '[data-followed="dial"]').waitFor({ timeout: SLOW_MS });
    assert.match(await outcomeOf(page, 'connect-busy').innerText(), /busy/);
    await drawAndExamine(page, 'what-if');
    caller.send({ type: 'hangup' });
    await page.locator('[data-testid="call-detail"][data-state="ended"]').waitFor();
    assert.equal(await page.getByTestId('fault-stream-drop').count(), 0, 'nothing can fail any more');
    assert.equal(await page.getByTestId('fault-outcome').count(), 4);
    assert.deepEqual(errorsOf(page), []);
  });
});

test('a page whose worker is killed keeps what happened before, and shows which worker has the call now', async () => {
  const cluster = await ClusterRig.spawn(2, { TWILIO_AUTH_TOKEN: '', PUBLIC_HOST: '', HOST: 'localhost' }).listening();
  const base = `http://localhost:${cluster.port}`;
  const caller = await PagePhone.open(base, 'phone');
  try {
    caller.send({ type: 'call' });
    await until(() => caller.heard.length > 30, 'the greeting', SLOW_MS);
    const page = await browser.open(`${base}/console/calls/${caller.last?.callSid}`);
    await page.locator('[data-testid="timeline-event"][data-kind="model-speech"]').first().waitFor();
    const instance = await page.locator('.facts').innerText();
    const [victim, other] = instance.includes('w1') ? ['w1', 'w2'] : ['w2', 'w1'];
    await breakIt(page, 'worker-kill');
    const outcome = outcomeOf(page, 'worker-kill', `[data-taken-by="${other}"][data-silence-ms]`);
    await outcome.waitFor({ timeout: SLOW_MS });
    assert.match(await page.locator('.facts').innerText(), new RegExp(`\\b${other}\\b`));
    await untilLive(page);
    // The second worker is killed, too, and the first one has a new process by then.
    await until(() => cluster.pids((victim ?? '').slice(1)).length === 2, 'the next process', SLOW_MS);
    await breakIt(page, 'worker-kill');
    await outcomeOf(page, 'worker-kill', `[data-taken-by="${victim}"][data-silence-ms]`).waitFor({ timeout: SLOW_MS });
    assert.equal(await page.locator('[data-testid="log-entry"][data-kind="resume"]').count(), 2);
    assert.ok((await page.locator('[data-testid="log-entry"][data-kind="turn"]').count()) >= 3);
    await drawPicture(page, 'what-if-killed-light-wide');
    assert.deepEqual(errorsOf(page), []);
  } finally {
    caller.close();
    await cluster.close();
  }
});

test('what can be broken, and what came of it, is said in German, too', async () => {
  await withSimulatedGateway({ host: 'localhost' }, async (gateway) => {
    const { page } = await opened(gateway, 'de-DE');
    await breakIt(page, 'stream-drop');
    const outcome = outcomeOf(page, 'stream-drop', '[data-silence-ms]');
    await outcome.waitFor({ timeout: SLOW_MS });
    assert.match(await outcome.innerText(), /Stream wurde abgebrochen\s.*neuen Stream weiter/s);
    await drawPicture(page, 'what-if-german-light-wide');
  });
});

test('of a call that may be real, the page offers nothing that breaks it', async () => {
  await StagedConsole.with(async (staged) => {
    const story = new Story(staged);
    story.caller('Hello?', 800);
    const page = await browser.open(`${staged.base}/console/calls/${story.callSid}`);
    await page.locator('[data-testid="call-detail"][data-ready="true"]').waitFor();
    await page.getByTestId('action-hangup').waitFor();
    assert.equal(await page.getByTestId('faults').count(), 0);
  });
});
