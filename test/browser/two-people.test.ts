import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { TestBrowser, errorsOf } from './support/browser.js';
import { fallsSilent, tapLoudspeaker } from './support/loudspeaker.js';
import { Recordings, repeated, silence } from './support/recordings.js';
import { SLOW_MS, WholeGateway, untilState } from './support/whole-gateway.js';

// The whole call, from the caller's microphone to the agent's loudspeaker and back. Two browsers, because a browser has one fake
// microphone. The microphones repeat a sentence, and the gateway's own recogniser says what comes out of the loudspeakers.

const OF_CALLER = 'I want to speak to a human agent.';
const OF_AGENT = 'Good morning, how can I help you today?';

let gateway: WholeGateway;
let recordings: Recordings;
before(async () => {
  gateway = await WholeGateway.start();
  recordings = await Recordings.open();
});
after(async () => {
  await gateway.close();
  await recordings.remove();
});

test('a caller asks for a human, a person answers in another browser, they hear each other speak, and both see the end', async () => {
  const [ofCaller, ofAgent] = [await gateway.spoken(OF_CALLER), await gateway.spoken(OF_AGENT)];
  const caller = await TestBrowser.start({
    isWhole: true,
    microphone: await recordings.write('caller', [silence(8000), ...repeated(60, [ofCaller, silence(2000)])]),
  });
  const agent = await TestBrowser.start({
    isWhole: true,
    microphone: await recordings.write('agent', repeated(60, [ofAgent, silence(1500)])),
  });
  try {
    const desk = await agent.open(`${gateway.base}/console/agent`, { permissions: ['microphone'] }, tapLoudspeaker);
    await untilState(desk, 'agent-status', 'waiting');
    const phone = await caller.open(`${gateway.base}/console/phone`, { permissions: ['microphone'] }, tapLoudspeaker);
    await untilState(phone, 'phone-status', 'idle');
    await phone.getByTestId('phone-from').fill('+4930901820');
    await phone.getByTestId('phone-call').click();
    await untilState(phone, 'phone-status', 'talking');

    await untilState(desk, 'agent-status', 'ringing');
    const sid = (await phone.getByTestId('phone-status').getAttribute('data-call-sid')) ?? '';
    assert.equal(await desk.getByTestId('agent-status').getAttribute('data-call-sid'), sid);
    const attribute = (name: string): Promise<string | null> =>
      desk.locator(`[data-testid="agent-attribute"][data-name="${name}"] dd`).textContent();
    assert.equal(await attribute('customer_phone'), '+4930901820');
    assert.equal(await attribute('token_status'), 'valid');
    for (const [page, testId] of [
      [phone, 'phone-transcript'],
      [desk, 'agent-transcript'],
    ] as const)
      await page
        .getByTestId(testId)
        .getByText(/human agent/i)
        .first()
        .waitFor();

    await desk.getByTestId('agent-answer').click();
    await untilState(phone, 'phone-status', 'with-human');
    await untilState(desk, 'agent-status', 'talking');
    await gateway.assertHears(phone, OF_AGENT, OF_CALLER);
    await gateway.assertHears(desk, OF_CALLER, OF_AGENT);

    for (const [page, mute, other] of [
      [phone, 'phone-mute', desk],
      [desk, 'agent-mute', phone],
    ] as const) {
      await page.getByTestId(mute).click();
      assert.equal(await page.getByTestId(mute).getAttribute('aria-pressed'), 'true');
      await fallsSilent(other);
      await page.getByTestId(mute).click();
    }
    await gateway.assertHears(desk, OF_CALLER, OF_AGENT);

    await desk.getByTestId('agent-hangup').click();
    await untilState(phone, 'phone-status', 'ended');
    await untilState(desk, 'agent-status', 'ended');
    await desk.locator('[data-testid="agent-outcome"][data-outcome="agent-hung-up"]').waitFor();
    await phone.locator('[data-testid="phone-outcome"][data-outcome="handed_over"]').waitFor();
    const steps = (await gateway.eventsOf(sid)).flatMap((event) => (event.kind === 'agent' ? [event.step] : []));
    assert.deepEqual(steps, ['ringing', 'talking', 'ended']);

    // The next call goes to the agent by a key, and this time the caller hangs up.
    await phone.getByTestId('phone-call').click();
    await untilState(phone, 'phone-status', 'talking');
    await phone.locator('[data-testid="phone-transcript"] [data-testid="turn"]').first().waitFor({ timeout: SLOW_MS });
    await phone.getByTestId('phone-key-0').click();
    await untilState(desk, 'agent-status', 'ringing');
    const next = (await phone.getByTestId('phone-status').getAttribute('data-call-sid')) ?? '';
    assert.notEqual(next, sid);
    assert.ok(
      (await gateway.eventsOf(next)).some((event) => event.kind === 'escalation' && event.trigger === 'keypad'),
    );
    await desk.getByTestId('agent-answer').click();
    await untilState(phone, 'phone-status', 'with-human');
    await phone.getByTestId('phone-hangup').click();
    await untilState(phone, 'phone-status', 'ended');
    await desk.locator('[data-testid="agent-outcome"][data-outcome="caller-hung-up"]').waitFor();
    assert.deepEqual([...errorsOf(phone), ...errorsOf(desk)], []);
  } finally {
    await caller.close();
    await agent.close();
  }
});
