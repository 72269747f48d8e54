import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, test } from 'node:test';
import { KEY, PHONE, withHubSpot } from '../../test/support/hubspot-bench.js';
import { scaledClock } from '../../test/support/scaled-clock.js';
import { HubSpotApi } from './hubspot-api.js';
import { nationalNumber } from './phone-number.js';

test('an answer of HubSpot that expands to eighty megabytes is not read to its end', async () => {
  const bomb = gzipSync(
    Buffer.concat([Buffer.alloc(80_000_000, ' '), Buffer.from('{"portalId":1,"uiDomain":"app.hubspot.com"}')]),
  );
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const api = new HubSpotApi({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    accessToken: KEY,
    apiVersion: '2026-03',
    clock: scaledClock(40),
  });
  try {
    await assert.rejects(api.recordsUrl(), { code: 'HUBSPOT_FAILED', message: /too long a body/ });
  } finally {
    api.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

describe('a handover in HubSpot', { concurrency: true }, () => {
  for (const apiVersion of ['2026-03', 'v3']) {
    test(`a handover of a known contact creates a ticket linked to it and a note on both (API ${apiVersion})`, async () => {
      await withHubSpot({ crm: { apiVersion }, sim: { versions: [apiVersion] } }, async (bench) => {
        const contact = bench.sim.seed('contacts', { firstname: 'Ada', lastname: 'Byron', phone: '(202) 555-0123' });
        const told = bench.begin();
        await bench.ended();
        assert.deepEqual(bench.outcomes, ['complete']);
        const [ticket] = bench.sim.objects('tickets');
        const [note] = bench.sim.objects('notes');
        assert.equal(bench.sim.objects('contacts').length, 1);
        assert.deepEqual(ticket?.associations, [{ to: 'contacts', id: contact.id }]);
        assert.equal(ticket.properties['subject'], 'AI handover: billing c0ffee1');
        assert.equal(ticket.properties['hs_ticket_priority'], 'MEDIUM');
        assert.match(ticket.properties['content'] ?? '', /Caller: \+12025550123\nHandover: 01J1$/);
        assert.deepEqual(note?.associations.map(({ to }) => to).sort(), ['contacts', 'tickets']);
        assert.match(note.properties['hs_note_body'] ?? '', /I was charged &lt;twice&gt;\./);
        assert.deepEqual(told, {
          customer_name: 'Ada Byron',
          hubspot_contact_id: contact.id,
          hubspot_ticket_id: ticket.id,
          crm_url: `https://app.hubspot.com/contacts/12345678/record/0-5/${ticket.id}`,
        });
      });
    });
  }

  for (const mobilephone of [PHONE, '(202) 555-0123'])
    test(`a HubSpot contact that has the number as mobile number only (${mobilephone}) is found, not created again`, async () => {
      await withHubSpot({}, async (bench) => {
        const contact = bench.sim.seed('contacts', { firstname: 'Ada', phone: '+12025550100', mobilephone });
        const told = bench.begin();
        await bench.ended();
        assert.equal(told.hubspot_contact_id, contact.id);
        assert.equal(told.customer_name, 'Ada');
        assert.equal(bench.sim.objects('contacts').length, 1);
      });
    });

  test('of several contacts with the number, HubSpot uses the one with the same notation and no name', async () => {
    await withHubSpot({}, async (bench) => {
      const exact = bench.sim.seed('contacts', { firstname: 'Ada', phone: PHONE });
      bench.sim.seed('contacts', { firstname: 'Bob', phone: '202-555-0123' });
      const told = bench.begin();
      await bench.ended();
      assert.equal(told.hubspot_contact_id, exact.id);
      assert.equal(told.customer_name, undefined);
    });
  });

  test('a new caller becomes one HubSpot contact, even with concurrent calls and a late search index', async () => {
    await withHubSpot({}, async (bench) => {
      const told = [bench.begin(), bench.begin()];
      await bench.ended(2);
      told.push(bench.begin());
      await bench.ended(3);
      const [contact, ...others] = bench.sim.objects('contacts');
      assert.equal(others.length, 0);
      assert.equal(contact?.properties['phone'], PHONE);
      assert.deepEqual(new Set(told.map((one) => one.hubspot_contact_id)), new Set([contact?.id]));
      assert.equal(bench.sim.objects('tickets').length, 3);
      assert.equal(bench.times.filter(({ place }) => place === 'search').length, 1);
    });
  });

  test('a caller who is handed over again keeps the HubSpot ticket, which receives a second note', async () => {
    await withHubSpot({}, async (bench) => {
      const first = bench.begin({ conversationId: 'same' });
      const second = bench.begin({ conversationId: 'same' });
      await bench.ended(2);
      assert.equal(bench.sim.objects('tickets').length, 1);
      assert.equal(bench.sim.objects('notes').length, 2);
      assert.equal(first.hubspot_ticket_id, second.hubspot_ticket_id);
    });
  });

  test('a caller with a withheld number becomes a HubSpot ticket without a contact', async () => {
    await withHubSpot({}, async (bench) => {
      const told = bench.begin({ customerPhone: '' });
      await bench.ended();
      assert.deepEqual(bench.outcomes, ['complete']);
      assert.deepEqual(bench.sim.objects('contacts'), []);
      assert.deepEqual(bench.sim.objects('tickets')[0]?.associations, []);
      assert.equal(told.hubspot_contact_id, undefined);
    });
  });

  test('thirty concurrent handovers stay below the search limit of HubSpot', async () => {
    await withHubSpot({}, async (bench) => {
      for (let number = 10; number < 40; number++) bench.begin({ customerPhone: `+120255501${number}` });
      await bench.ended(30);
      assert.deepEqual(new Set(bench.outcomes), new Set(['complete']));
      assert.equal(bench.sim.requests.filter(({ status }) => status === 429).length, 0);
    });
  });
});

test('the national number is the number without its calling code, of one to three digits', () => {
  for (const [number, national] of [
    [PHONE, '2025550123'],
    ['+447700900123', '7700900123'],
    ['+4915123456789', '15123456789'],
    ['+353861234567', '861234567'],
    ['+79161234567', '9161234567'],
    ['+8613800138000', '13800138000'],
  ] as const)
    assert.equal(nationalNumber(number), national);
});
