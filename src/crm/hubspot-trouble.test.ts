import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Fault } from '../../sim/hubspot/faults.js';
import { FakeClock } from '../../test/support/fake-clock.js';
import { PHONE, gaps, withHubSpot } from '../../test/support/hubspot-bench.js';
import { until } from '../../test/support/rig.js';

describe('HubSpot in trouble', { concurrency: true }, () => {
  test('a 5xx of HubSpot is retried after 1, 2, 4 and 8 s, and then the ticket is created without the contact', async () => {
    await withHubSpot({}, async (bench) => {
      bench.sim.faults.plan('search', { type: 'status', status: 503 }, 5);
      const told = bench.begin();
      await bench.ended();
      assert.deepEqual(gaps(bench, 'search'), [1, 2, 4, 8]);
      assert.deepEqual(bench.outcomes, ['complete']);
      assert.equal(told.hubspot_contact_id, undefined);
      assert.equal(told.hubspot_ticket_id, bench.sim.objects('tickets')[0]?.id);
      assert.match(bench.log.join(), /HUBSPOT_FAILED/);
    });
  });

  test('a 429 of HubSpot is retried after the time it asks for, at most ten seconds', async () => {
    await withHubSpot({}, async (bench) => {
      bench.sim.faults.plan('tickets', { type: 'limit', policy: 'TEN_SECONDLY_ROLLING', retryAfterSeconds: 6 });
      bench.sim.faults.plan('tickets', { type: 'limit', policy: 'TEN_SECONDLY_ROLLING', retryAfterSeconds: 60 });
      bench.sim.faults.plan('tickets', { type: 'limit', policy: 'SECONDLY' });
      bench.begin();
      await bench.ended();
      assert.deepEqual(gaps(bench, 'tickets'), [6, 10, 4]);
      assert.deepEqual(bench.outcomes, ['complete']);
    });
  });

  test('a request over the daily limit of HubSpot is not retried', async () => {
    await withHubSpot({ sim: { limits: { perDay: 0 } } }, async (bench) => {
      bench.begin();
      await bench.ended();
      assert.deepEqual(bench.outcomes, ['failed']);
      assert.deepEqual(bench.times.map(({ place }) => place).sort(), ['account', 'search', 'tickets']);
      assert.match(bench.log.join(), /HUBSPOT_DAILY_LIMIT/);
    });
  });

  const UNSURE: readonly (readonly [what: string, fault: Fault])[] = [
    ...(['hang-after', 'reset-after', 'hang', 'malformed', 'no-id'] as const).map((type) => [type, { type }] as const),
    ...[500, 502, 503, 504].map((status) => [`${status}, written`, { type: 'status-after', status }] as const),
    ...[408, 500, 503].map((status) => [`${status}, not written`, { type: 'status', status }] as const),
  ];
  for (const [what, fault] of UNSURE) {
    test(`a HubSpot create that may have been carried out (${what}) is searched for before it is repeated`, async () => {
      await withHubSpot({}, async (bench) => {
        for (const place of ['contacts', 'tickets', 'notes'] as const) bench.sim.faults.plan(place, fault);
        const told = bench.begin();
        await bench.ended();
        assert.deepEqual(bench.outcomes, ['complete']);
        for (const of of ['contacts', 'tickets', 'notes'] as const) assert.equal(bench.sim.objects(of).length, 1, of);
        assert.equal(told.hubspot_contact_id, bench.sim.objects('contacts')[0]?.id);
        assert.equal(told.hubspot_ticket_id, bench.sim.objects('tickets')[0]?.id);
        assert.match(told.crm_url ?? '', new RegExp(`/0-5/${told.hubspot_ticket_id ?? '-'}$`));
      });
    });
  }

  for (const [what, fault] of [
    ['without an answer', { type: 'hang-after' }],
    ['answered 503', { type: 'status-after', status: 503 }],
  ] as const)
    test(`a HubSpot create ${what} is not repeated while the search index is slow`, async () => {
      await withHubSpot({ sim: { indexDelayMs: 30_000 } }, async (bench) => {
        for (const place of ['contacts', 'tickets', 'notes'] as const) bench.sim.faults.plan(place, fault);
        bench.begin();
        await bench.ended();
        assert.deepEqual(bench.outcomes, ['complete']);
        for (const of of ['contacts', 'tickets', 'notes'] as const) assert.equal(bench.sim.objects(of).length, 1, of);
      });
    });

  test('a HubSpot lock of two seconds costs no object, and is waited out before the next attempt', async () => {
    await withHubSpot({}, async (bench) => {
      for (const place of ['search', 'contacts', 'tickets', 'notes'] as const)
        bench.sim.faults.plan(place, { type: 'lock' });
      const told = bench.begin();
      await bench.ended();
      assert.deepEqual(bench.outcomes, ['complete']);
      for (const place of ['search', 'contacts', 'tickets', 'notes']) {
        const [waited = 0, ...more] = gaps(bench, place);
        assert.ok(waited >= 2 && more.length === 0, place);
      }
      assert.equal(told.hubspot_ticket_id, bench.sim.objects('tickets')[0]?.id);
    });
  });

  test('a HubSpot ticket that is refused as too early is made after a wait, without a search', async () => {
    await withHubSpot({}, async (bench) => {
      bench.sim.faults.plan('tickets', { type: 'status', status: 425 }, 2);
      bench.begin({ customerPhone: '' });
      await bench.ended();
      assert.deepEqual(bench.outcomes, ['complete']);
      assert.equal(gaps(bench, 'tickets').length, 2);
      assert.ok(!bench.times.some(({ place }) => place === 'search'));
    });
  });

  test('a status that passes by waiting is told in words of its own when HubSpot keeps to it', async () => {
    for (const [status, words] of [
      [408, /HUBSPOT_BUSY.*408 .*ran out of time/],
      [423, /HUBSPOT_BUSY.*423 .*lock/],
      [425, /HUBSPOT_BUSY.*425 .*so early/],
    ] as const)
      await withHubSpot({}, async (bench) => {
        bench.sim.faults.plan('any', { type: 'status', status }, 99);
        bench.begin();
        await bench.ended();
        assert.deepEqual(bench.outcomes, ['failed']);
        assert.match(bench.log.join(), words);
      });
  });

  test('while HubSpot moves the account nothing is asked again, and the log says for how long', async () => {
    await withHubSpot({}, async (bench) => {
      bench.sim.faults.plan('any', { type: 'moving', seconds: 7200 });
      bench.begin();
      await bench.ended();
      assert.deepEqual(bench.outcomes, ['failed']);
      assert.deepEqual(bench.times.map(({ place }) => place).sort(), ['account', 'search', 'tickets']);
      assert.match(bench.log.join(), /HUBSPOT_MIGRATING.*477 .*about 1[12]\d more minutes/);
    });
  });

  test('a HubSpot contact that was just created is not created again after its ticket was refused', async () => {
    await withHubSpot({ sim: { indexDelayMs: 3_600_000 } }, async (bench) => {
      bench.sim.faults.plan('tickets', { type: 'status', status: 400 });
      bench.begin();
      await bench.ended();
      bench.begin();
      await bench.ended(2);
      assert.deepEqual(bench.outcomes, ['partial', 'complete']);
      assert.equal(bench.sim.objects('contacts').length, 1);
    });
  });

  test('a HubSpot search that is answered without ids is repeated, and creates no second contact', async () => {
    await withHubSpot({}, async (bench) => {
      const contact = bench.sim.seed('contacts', { phone: PHONE });
      bench.sim.faults.plan('search', { type: 'no-id' });
      const told = bench.begin();
      await bench.ended();
      assert.equal(told.hubspot_contact_id, contact.id);
      assert.equal(bench.sim.objects('contacts').length, 1);
    });
  });

  test('an address of the HubSpot records without the account is not remembered', async () => {
    await withHubSpot({}, async (bench) => {
      bench.sim.faults.plan('account', { type: 'no-id' }, 5);
      const first = bench.begin();
      await bench.ended();
      await until(() => bench.log.join().includes('reading the address of the HubSpot records failed'), 'the failure');
      assert.equal(first.crm_url, undefined);
      const second = bench.begin();
      await bench.ended(2);
      assert.match(second.crm_url ?? '', /record\/0-5\/\d+$/);
    });
  });

  test('a HubSpot create that is never answered is sent at most twice', async () => {
    await withHubSpot({}, async (bench) => {
      bench.sim.faults.plan('tickets', { type: 'hang' }, 9);
      bench.begin();
      await bench.ended();
      assert.deepEqual(bench.outcomes, ['partial']);
      assert.equal(bench.times.filter(({ place }) => place === 'tickets').length, 2);
    });
  });

  test('a wrong HubSpot key or a missing scope is not retried, and the log says which', async () => {
    await withHubSpot({ crm: { accessToken: 'pat-test-old' } }, async (bench) => {
      bench.begin();
      await bench.ended();
      assert.deepEqual(bench.outcomes, ['failed']);
      assert.equal(bench.times.filter(({ place }) => place === 'tickets').length, 1);
      assert.match(bench.log.join(), /HUBSPOT_REFUSED.*401 INVALID_AUTHENTICATION \(correlation [0-9a-f-]{36}\)/);
    });
    await withHubSpot(
      { sim: { scopes: ['crm.objects.contacts.read', 'crm.objects.contacts.write'] } },
      async (bench) => {
        const told = bench.begin();
        await bench.ended();
        assert.deepEqual(bench.outcomes, ['partial']);
        assert.equal(told.hubspot_contact_id, bench.sim.objects('contacts')[0]?.id);
        assert.match(bench.log.join(), /403 MISSING_SCOPES/);
      },
    );
  });

  test('a handover fails with HUBSPOT_UNREACHABLE if no server listens at HUBSPOT_BASE_URL', async () => {
    await withHubSpot({ crm: { baseUrl: 'http://127.0.0.1:9' } }, async (bench) => {
      bench.begin();
      await bench.ended();
      assert.deepEqual(bench.outcomes, ['failed']);
      assert.match(bench.log.join(), /HUBSPOT_UNREACHABLE/);
    });
  });

  test('a handover in HubSpot does not wait for the address of the records', async () => {
    await withHubSpot({}, async (bench) => {
      bench.sim.faults.plan('account', { type: 'hang' }, 9);
      const told = bench.begin();
      await bench.ended();
      assert.deepEqual(bench.outcomes, ['complete']);
      assert.equal(told.hubspot_ticket_id, bench.sim.objects('tickets')[0]?.id);
      assert.equal(told.crm_url, undefined);
    });
  });

  test('a handover record that is gone or a store that fails counts as partial and leaves the HubSpot ticket', async () => {
    for (const tell of [() => Promise.resolve(false), () => Promise.reject(new Error('store'))]) {
      await withHubSpot({}, async (bench) => {
        bench.begin({ tell });
        await bench.ended();
        assert.deepEqual(bench.outcomes, ['partial']);
        assert.equal(bench.sim.objects('notes').length, 1);
      });
    }
  });

  test('closing HubSpot abandons requests that hang and retries that wait', async () => {
    const clock = new FakeClock();
    await withHubSpot({ clock }, async (bench) => {
      bench.sim.faults.plan('search', { type: 'hang' });
      bench.sim.faults.plan('tickets', { type: 'status', status: 503 }, 5);
      bench.begin();
      bench.begin({ customerPhone: '' });
      await until(() => bench.times.some(({ place }) => place === 'tickets'), 'both to be pending');
      await bench.crm.close();
      assert.deepEqual(bench.outcomes, ['abandoned', 'abandoned']);
      await until(() => clock.timers === 0, 'every timer to be cancelled');
      bench.begin();
      assert.equal(bench.outcomes.at(-1), 'dropped');
    });
  });
});
