import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HubSpotSim } from '../sim/hubspot/server.js';
import type { Clock } from '../src/base/clock.js';
import { startEmbeddedDynamoDb } from '../src/handover/embedded-dynamodb.js';
import { FakeClock } from './support/fake-clock.js';
import { PatientPhone, Scene, silent } from './support/handover-scene.js';
import { type Rig, startRig, until } from './support/rig.js';
import { scaledClock } from './support/scaled-clock.js';

const KEY = 'pat-na1-secret';
const SPEED = 30;

type Options = Parameters<typeof startRig>[0];

async function withHubSpot(
  options: Options & { clock?: Clock },
  body: (rig: Rig, hubspot: HubSpotSim) => Promise<void>,
): Promise<void> {
  const clock = options.clock ?? scaledClock(SPEED);
  const hubspot = await new HubSpotSim({ clock, keys: [KEY] }).start();
  const rig = await startRig({
    ...options,
    clock,
    env: { ENABLE_HUBSPOT: 'true', HUBSPOT_BASE_URL: hubspot.url, HUBSPOT_ACCESS_TOKEN: KEY, ...options.env },
  });
  try {
    await body(rig, hubspot);
    const written = rig.log() + (await rig.running.metrics.text());
    assert.doesNotMatch(written, /pat-na1|human agent|5550123|\bAda\b|Byron/, 'nothing private in logs and metrics');
  } finally {
    await rig.close();
    await hubspot.close();
  }
}

const outcomesOf = async (rig: Rig): Promise<string[]> => {
  const text = await rig.running.metrics.text();
  return [...text.matchAll(/^hubspot_handovers_total\{outcome="(\w+)"\} 1$/gm)].map((match) => match[1] ?? '');
};
const screenOf = ({ screens }: Rig): Readonly<Record<string, string>> => screens[0]?.attributes ?? {};

describe('handovers with HubSpot', { concurrency: 4 }, () => {
  test("the agent's screen shows the HubSpot contact, the ticket and its address", async () => {
    await withHubSpot({}, async (rig, hubspot) => {
      const contact = hubspot.seed('contacts', { firstname: 'Ada', lastname: 'Byron', phone: '202-555-0123' });
      const one = await new Scene(rig).asksForHuman();
      await one.ends('handed_over');
      const [ticket] = hubspot.objects('tickets');
      const [note] = hubspot.objects('notes');
      const screen = screenOf(rig);
      assert.equal(screen['token_status'], 'valid');
      assert.equal(screen['customer_name'], 'Ada Byron');
      assert.equal(screen['hubspot_contact_id'], contact.id);
      assert.equal(screen['hubspot_ticket_id'], ticket?.id);
      assert.equal(screen['crm_url'], `https://app.hubspot.com/contacts/12345678/record/0-5/${ticket?.id}`);
      assert.ok(ticket?.properties['content']?.includes(`Handover: ${screen['handover_id']}`));
      assert.match(note?.properties['hs_note_body'] ?? '', /I want to speak to a human agent/);
      assert.deepEqual(await outcomesOf(rig), ['complete']);
    });
  });

  test('a caller who withholds the number is tied to no HubSpot contact, however the carrier spells it', async () => {
    await withHubSpot({}, async (rig, hubspot) => {
      const numbers = ['+7378742833', '+2562533', 'anonymous'];
      for (const phone of numbers) hubspot.seed('contacts', { firstname: 'Ada', phone });
      const known = hubspot.objects('contacts').length;
      for (const [index, from] of numbers.entries()) {
        await (await new Scene(rig, from).asksForHuman()).ends('handed_over');
        assert.equal(rig.screens[index]?.attributes['customer_name'], 'unknown');
      }
      assert.equal(hubspot.objects('contacts').length, known);
      assert.deepEqual(
        hubspot.objects('tickets').map(({ associations }) => associations.length),
        [0, 0, 0],
      );
    });
  });

  test('the HubSpot note has what the caller said in its own script, and the screen has the language and the numbers', async () => {
    await withHubSpot({}, async (rig, hubspot) => {
      const one = new Scene(rig);
      await one.talking();
      rig.provider.last.callerSays('मेरा ऑर्डर ४७११ नहीं आया');
      rig.provider.last.callerSays('I want to speak to a human agent.');
      await one.ends('handed_over');
      const summary = screenOf(rig)['summary'] ?? '';
      assert.match(summary, /^Spoke another language than English; numbers said: 4711 \| .*human agent/);
      assert.doesNotMatch(summary, /\?/);
      const [note] = hubspot.objects('notes');
      assert.match(note?.properties['hs_note_body'] ?? '', /Caller: मेरा ऑर्डर ४७११ नहीं आया \| /);
    });
  });

  test('what HubSpot delivers between the dial and the redemption is on the screen', async () => {
    await withHubSpot({}, async (rig, hubspot) => {
      hubspot.faults.plan('tickets', { type: 'slow', delayMs: 4000 });
      const one = new Scene(rig);
      let ticketsAtDial = -1;
      one.call.on('dial-started', () => (ticketsAtDial = hubspot.objects('tickets').length));
      await one.asksForHuman();
      await one.ends('handed_over');
      assert.equal(ticketsAtDial, 0);
      assert.match(screenOf(rig)['hubspot_ticket_id'] ?? '', /^\d+$/);
      assert.match(screenOf(rig)['crm_url'] ?? '', /0-5/);
    });
  });

  for (const [what, plan] of [
    ['down', (hubspot: HubSpotSim) => hubspot.faults.plan('any', { type: 'status', status: 503 }, 99)],
    ['silent', (hubspot: HubSpotSim) => hubspot.faults.plan('any', { type: 'hang' }, 99)],
    ['rate-limited', (hubspot: HubSpotSim) => hubspot.faults.plan('any', { type: 'limit', policy: 'DAILY' }, 99)],
  ] as const) {
    test(`with HubSpot ${what} the agent gets the caller and everything else`, async () => {
      await withHubSpot({}, async (rig, hubspot) => {
        plan(hubspot);
        const one = await new Scene(rig).asksForHuman();
        await one.ends('handed_over');
        const screen = screenOf(rig);
        assert.equal(screen['token_status'], 'valid');
        assert.match(screen['summary'] ?? '', /human agent/);
        for (const name of ['hubspot_contact_id', 'hubspot_ticket_id', 'crm_url']) assert.equal(screen[name] ?? '', '');
        assert.ok(hubspot.requests.length > 0);
        // The others are still tried again when the call is over.
        if (what === 'rate-limited') assert.deepEqual(await outcomesOf(rig), ['failed']);
      });
    });
  }

  test('with the store down HubSpot still has the ticket for the agent who takes the call', async () => {
    const embedded = await startEmbeddedDynamoDb({});
    const patient = new PatientPhone();
    const env = { DYNAMODB_ENDPOINT_URL: embedded.endpointUrl };
    await withHubSpot({ phone: patient, env }, async (rig, hubspot) => {
      await embedded.close();
      const one = await new Scene(rig).asksForHuman();
      await until(() => one.isBridged, 'the bridge');
      await until(() => hubspot.objects('notes').length === 1, 'the note');
      assert.doesNotMatch(hubspot.objects('tickets')[0]?.properties['content'] ?? '', /Handover:/);
      patient.legs[0]?.hangup();
      await one.ends('handed_over');
    });
  });
});

/** Measures the time from the request for an agent to the `<Dial>`. Time moves only while the caller has a stream. */
async function dialledAfterMs(options: Options, plan: (hubspot: HubSpotSim) => void): Promise<number> {
  const clock = new FakeClock();
  let passedMs = 0;
  await withHubSpot({ ...options, clock, phone: silent }, async (rig, hubspot) => {
    plan(hubspot);
    const one = new Scene(rig);
    await one.asksForHuman();
    await until(() => one.events('handover-prepared').length > 0, 'the record');
    const isHearing = (): boolean => one.call.mediaStream !== undefined;
    for (; isHearing() && passedMs < 10_000; passedMs += 20) {
      clock.advance(20);
      await one.call.mediaStream?.settle();
    }
    await until(() => one.dials === 1, 'the dial, while the clock is stopped');
    assert.equal(hubspot.objects('tickets').length, 0);
    one.call.hangup();
    await one.ends('caller_hung_up');
  });
  return passedMs;
}

test('a hanging, slow or rate-limited HubSpot does not delay the dial', async () => {
  const offMs = await dialledAfterMs({ env: { ENABLE_HUBSPOT: 'false' } }, () => undefined);
  const timesMs = await Promise.all([
    dialledAfterMs({}, (hubspot) => hubspot.faults.plan('any', { type: 'hang' }, 99)),
    dialledAfterMs({}, (hubspot) => hubspot.faults.plan('any', { type: 'slow', delayMs: 3000 }, 99)),
    dialledAfterMs({}, (hubspot) => hubspot.faults.plan('any', { type: 'limit', policy: 'SECONDLY' }, 99)),
  ]);
  for (const withMs of timesMs) assert.ok(withMs - offMs <= 50, `${withMs} ms with HubSpot, ${offMs} ms without`);
});
