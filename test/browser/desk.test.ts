import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { HubSpotSim } from '../../sim/hubspot/server.js';
import { until } from '../support/rig.js';
import { type SimulatedGateway, withSimulatedGateway } from '../support/simulated-gateway.js';
import { type Page, TestBrowser, errorsOf } from './support/browser.js';
import { drawAndExamine } from './support/picture.js';
import { StagedConsole } from './support/staged-console.js';
import { bargeInStory } from './support/stories.js';
import { CONTACT, untilConnected } from './support/telephone-scenes.js';

// The agent's desk in a browser, with a caller whose telephone is a socket.

const KEY = 'pat-test-3f0c';
const LIMIT_MS = 30_000;

let browser: TestBrowser;
before(async () => {
  browser = await TestBrowser.start({ isWhole: true });
});
after(() => browser.close());

/** Opens a desk, and lets a caller who has said something press 0. Resolves when it rings. */
async function ringing({ base, open, provider }: SimulatedGateway): Promise<Page> {
  const desk = await browser.open(`${base}/console/agent`);
  await desk.locator('[data-testid="agent-status"][data-state="waiting"]').waitFor();
  const caller = await open('phone');
  caller.send({ type: 'call', from: '+12025550123' });
  await until(() => caller.last?.state === 'talking', 'the assistant');
  await until(() => caller.heard.length > 20, 'the greeting');
  provider.last.callerSays('My parcel has not arrived, and I want my money back.');
  caller.send({ type: 'digit', digit: '0' });
  await desk.locator('[data-testid="agent-status"][data-state="ringing"]').waitFor({ timeout: LIMIT_MS });
  return desk;
}

/** Runs in the page, before its own script: the browser opens no sound until the test says so, as if its device were taken. */
function refuseSound(): void {
  const real = AudioContext;
  const refusing = function (): never {
    throw new DOMException('no sound', 'NotSupportedError');
  };
  Object.assign(globalThis, { AudioContext: refusing, allowSound: () => void (globalThis.AudioContext = real) });
}

test('an agent whose browser opens no sound is told so, and can answer when it does', async () => {
  await StagedConsole.with(
    async (console) => {
      bargeInStory(console);
      const desk = await browser.open(`${console.base}/console/agent`, {}, refuseSound);
      await untilConnected(desk);
      console.phones.tell('agent', 'ringing', CONTACT);
      await desk.getByTestId('agent-answer').click();
      await desk.locator('[data-testid="agent-error"][data-error="failed"]').waitFor();
      await desk.evaluate(() => (globalThis as unknown as { allowSound: () => void }).allowSound());
      await desk.locator('[data-testid="agent-answer"]:enabled').click();
      await console.phones.hears('answer');
      assert.deepEqual(errorsOf(desk), []);
      await desk.context().close();
    },
    { hasPhones: true },
  );
});

test('the desk shows what the guide of the flow shows, and below it every attribute of the contact', async () => {
  const hubspot = await new HubSpotSim({ keys: [KEY] }).start();
  hubspot.seed('contacts', { firstname: 'Ada', lastname: 'Byron', phone: '+12025550123' });
  const env = { ENABLE_HUBSPOT: 'true', HUBSPOT_BASE_URL: hubspot.url, HUBSPOT_ACCESS_TOKEN: KEY };
  try {
    await withSimulatedGateway({ env, host: 'localhost' }, async (gateway) => {
      const desk = await ringing(gateway);
      const item = (label: string): Promise<string | null> =>
        desk.locator(`[data-testid="agent-guide-item"][data-label="${label}"] dd`).textContent();
      assert.equal(
        await desk.getByTestId('agent-guide').getByRole('heading', { level: 2 }).textContent(),
        'The caller asked for a person, about an order.',
      );
      assert.equal(await item('Caller'), '+12025550123');
      assert.equal(await item('Name'), 'Ada Byron');
      assert.match((await item('Summary')) ?? '', /My parcel has not arrived/);
      const link = desk.getByTestId('agent-crm-link');
      assert.match((await link.getAttribute('href')) ?? '', /^https:\/\/app\.hubspot\.com\/contacts\//);
      const attribute = (name: string): Promise<string | null> =>
        desk.locator(`[data-testid="agent-attribute"][data-name="${name}"] dd`).textContent();
      assert.equal(await attribute('token_status'), 'valid');
      assert.equal(await attribute('crm_url'), await link.getAttribute('href'));
      assert.match((await attribute('summary')) ?? '', /My parcel has not arrived/);
      await desk
        .locator('[data-testid="agent-transcript"] [data-testid="turn"]')
        .filter({ hasText: 'parcel' })
        .waitFor();
      await drawAndExamine(desk, 'desk-guide');
      assert.deepEqual(errorsOf(desk), []);
    });
  } finally {
    await hubspot.close();
  }
});
