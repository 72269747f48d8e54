import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PatientPhone } from '../support/handover-scene.js';
import { type Rig, startRig, until } from '../support/rig.js';
import { type Page, TestBrowser, errorsOf, untilLive } from './support/browser.js';

// The pages over a whole gateway with a simulated carrier, as they are used.

let browser: TestBrowser;
before(async () => {
  browser = await TestBrowser.start();
});
after(() => browser.close());

async function withGateway(
  body: (rig: Rig, page: Page, phone: PatientPhone) => Promise<void>,
  env: Record<string, string> = { CONSOLE_TRANSCRIPTS: 'true' },
): Promise<void> {
  const phone = new PatientPhone();
  const rig = await startRig({ env, phone });
  try {
    const page = await browser.open(`${rig.base}/console`);
    await untilLive(page);
    await body(rig, page, phone);
    assert.deepEqual(errorsOf(page), []);
    await page.context().close();
  } finally {
    await rig.close();
  }
}

test('a call is seen, opened and followed to an agent, and the page never has the token', async () => {
  await withGateway(async (rig, page, phone) => {
    const call = rig.call();
    const row = page.locator(`[data-testid="call-row"][data-call-sid="${call.callSid}"]`);
    await row.and(page.locator('[data-state="talking"]')).waitFor();
    await row.click();
    await page.locator(`[data-testid="call-detail"][data-call-sid="${call.callSid}"]`).waitFor();
    await page.locator('[data-testid="timeline-event"][data-kind="model-speech"]').first().waitFor();
    rig.provider.last.callerSays('Where is my parcel?');
    await page.locator('[data-testid="turn"][data-speaker="caller"]').filter({ hasText: 'parcel' }).waitFor();
    await page.getByTestId('action-escalate').click();
    await page.getByTestId('confirm-yes').click();
    await page.locator('[data-testid="timeline-event"][data-kind="operator"]').waitFor();
    await page.locator('[data-testid="journey-step"][data-step="digits"][data-status="done"]').waitFor();
    assert.ok(rig.events.some((event) => event.type === 'escalated' && event.escalation.trigger === 'operator'));
    await until(() => phone.digits.length >= 10, 'the digits to be heard');
    const token = /\d{10}/.exec(phone.digits)?.[0] ?? '';
    assert.match(token, /^\d{10}$/);
    assert.ok(!(await page.content()).includes(token));
    call.hangup();
    await page.locator('[data-testid="call-detail"][data-state="ended"]').waitFor();
  });
});

test('the operator hangs up on a caller, and the call stands among those that ended', async () => {
  await withGateway(async (rig, page) => {
    const call = rig.call();
    await until(() => rig.events.some(({ type }) => type === 'model-speech'), 'the greeting to be heard');
    await page.goto(`${rig.base}/console/calls/${call.callSid}`);
    await page.getByTestId('action-hangup').click();
    await page.getByTestId('confirm-yes').click();
    await page.locator('[data-testid="call-detail"][data-state="ended"]').waitFor();
    await page.goto(`${rig.base}/console`);
    await page
      .locator(`[data-testid="ended-row"][data-call-sid="${call.callSid}"][data-outcome="operator_hung_up"]`)
      .waitFor();
  });
});

test('of a real call the pages show no word and no whole number', async () => {
  await withGateway(async (rig, page) => {
    const call = rig.call();
    await until(() => rig.events.some(({ type }) => type === 'model-speech'), 'the greeting to be heard');
    rig.provider.last.callerSays('Where is my parcel?');
    const row = page.locator(`[data-testid="call-row"][data-call-sid="${call.callSid}"]`);
    await row.filter({ hasText: '+1202…23' }).waitFor();
    await row.click();
    await page.getByTestId('transcript-hidden').waitFor();
    await page.locator('[data-testid="timeline-event"][data-kind="turn"]').nth(1).waitFor({ state: 'attached' });
    const all = await page.content();
    for (const secret of ['5550123', 'parcel']) assert.ok(!all.includes(secret), secret);
    call.hangup();
    await page.locator('[data-testid="call-detail"][data-state="ended"]').waitFor();
  }, {});
});
