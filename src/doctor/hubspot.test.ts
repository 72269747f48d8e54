import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Fault, FaultPlace } from '../../sim/hubspot/faults.js';
import { HubSpotSim, type HubSpotSimOptions } from '../../sim/hubspot/server.js';
import { examine, idsOf } from '../../test/support/examine.js';

const KEY = 'pat-na1-the-right-key';
const ALL = ['crm.objects.contacts.read', 'crm.objects.contacts.write', 'tickets'];

async function ask(options: HubSpotSimOptions, env: Record<string, string> = {}, faults: [FaultPlace, Fault][] = []) {
  const sim = await new HubSpotSim({ keys: [KEY], ...options }).start();
  for (const [place, fault] of faults) sim.faults.plan(place, fault);
  try {
    const settings = { ENABLE_HUBSPOT: 'true', HUBSPOT_ACCESS_TOKEN: KEY, HUBSPOT_BASE_URL: sim.url };
    const { code, findings } = await examine({ ...settings, ...env }, ['HubSpot']);
    const ours = findings.filter(({ service }) => service === 'HubSpot');
    const written = [...sim.objects('contacts'), ...sim.objects('tickets'), ...sim.objects('notes')];
    assert.deepEqual(written, [], 'the doctor writes nothing');
    return { code, ids: idsOf(ours), text: ours.map(({ text }) => text).join('\n') };
  } finally {
    await sim.close();
  }
}

describe("the doctor's question to HubSpot", { concurrency: true }, () => {
  for (const version of ['2026-03', 'v3']) {
    test(`an account with every scope and the right pipeline is fine in version ${version}`, async () => {
      const { code, ids, text } = await ask({ scopes: ALL }, { HUBSPOT_API_VERSION: version });
      assert.deepEqual([code, ids], [0, ['fine hubspot-ready']]);
      assert.equal(text, `Account 12345678, API ${version}: the key has every scope, and pipeline 0 has stage 1.`);
    });
  }

  for (const [what, id, options, env, text] of [
    [
      'a wrong key',
      'hubspot-key',
      {},
      { HUBSPOT_ACCESS_TOKEN: 'pat-na1-another-key' },
      /INVALID_AUTHENTICATION.*Service Keys/,
    ],
    ['a version that does not exist', 'hubspot-version', { versions: ['v3'] }, {}, /no API 2026-03/],
    [
      'a pipeline that does not exist',
      'hubspot-pipeline',
      {},
      { HUBSPOT_TICKET_PIPELINE: '7' },
      /no pipeline 7 for tickets; it has 0\./,
    ],
    [
      'a stage of another pipeline',
      'hubspot-pipeline',
      {},
      { HUBSPOT_TICKET_STAGE: '9' },
      /no stage 9; it has 1, 2, 3, 4\./,
    ],
    ...ALL.map((scope) => [
      `the missing scope ${scope}`,
      'hubspot-scope',
      { scopes: ALL.filter((one) => one !== scope) },
      {},
      new RegExp(`lacks the scope ${scope.replaceAll('.', '\\.')}`),
    ]),
  ] as [string, string, HubSpotSimOptions, Record<string, string>, RegExp][]) {
    test(`the doctor finds ${what} at HubSpot, and says what to do`, async () => {
      const asked = await ask(options, env);
      assert.equal(asked.code, 1);
      assert.ok(asked.ids.includes(`fault ${id}`), asked.text);
      assert.match(asked.text, text);
    });
  }

  test('a limit that is used up, or a service that fails for a moment, does not hide the rest', async () => {
    const limited = await ask({}, {}, [['account', { type: 'limit', policy: 'DAILY' }]]);
    assert.deepEqual([limited.code, limited.ids], [0, ['advice hubspot-limit']]);
    const failing = await ask({}, {}, [['account', { type: 'status', status: 503 }]]);
    assert.deepEqual([failing.code, failing.ids], [1, ['fault hubspot-unreachable']]);
    const halfway = await ask({}, {}, [['search', { type: 'reset' }]]);
    assert.deepEqual([halfway.code, halfway.ids], [0, ['fine hubspot-ready', 'advice hubspot-unreachable']]);
  });

  test('a HubSpot where nothing listens is named', async () => {
    const asked = await ask({}, { HUBSPOT_BASE_URL: 'http://127.0.0.1:2' });
    assert.deepEqual([asked.code, asked.ids], [1, ['fault hubspot-unreachable']]);
    assert.match(asked.text, /^http:\/\/127\.0\.0\.1:2 cannot be reached: nothing listens there/);
  });
});
