import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { parseFault } from './faults.js';
import { HubSpotSim, type HubSpotSimOptions } from './server.js';

interface Answer {
  status: number;
  headers: Headers;
  body: {
    id?: string;
    total?: number;
    category?: string;
    policyName?: string;
    correlationId?: string;
    message?: string;
  };
}

type Ask = (path: string, body?: unknown, more?: { key?: string; type?: string; method?: string }) => Promise<Answer>;

const CONTACTS = '/crm/objects/2026-03/contacts';
const TICKETS = '/crm/objects/2026-03/tickets';
const TICKET = { subject: 'Help', hs_pipeline: '0', hs_pipeline_stage: '1' };
const byPhone = (value: string, propertyName = 'phone'): unknown => ({
  filterGroups: [{ filters: [{ propertyName, operator: 'EQ', value }] }],
});
const tied = (id: string, associationTypeId: number): unknown => [
  { to: { id }, types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId }] },
];

async function withSim(
  options: HubSpotSimOptions,
  body: (ask: Ask, sim: HubSpotSim, clock: FakeClock) => Promise<void>,
): Promise<void> {
  const clock = new FakeClock();
  const sim = await new HubSpotSim({ clock, keys: ['key'], ...options }).start();
  const ask: Ask = async (path, sent, { key = 'key', method, type = 'application/json' } = {}) => {
    const response = await fetch(`${sim.url}${path}`, {
      method: method ?? (sent === undefined ? 'GET' : 'POST'),
      headers: { authorization: `Bearer ${key}`, 'content-type': type },
      ...(sent === undefined ? {} : { body: typeof sent === 'string' ? sent : JSON.stringify(sent) }),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Answer['body'] };
  };
  try {
    await body(ask, sim, clock);
  } finally {
    await sim.close();
  }
}

describe('the simulated HubSpot', () => {
  test('the simulated HubSpot serves the paths of both API generations and no others', async () => {
    await withSim({}, async (ask) => {
      for (const path of [CONTACTS, '/crm/v3/objects/contacts']) {
        assert.equal((await ask(path, { properties: { phone: '+1' } })).status, 201, path);
        assert.equal((await ask(`${path}/search`, {})).status, 200, path);
      }
      for (const version of ['v3', '2026-03'])
        assert.equal((await ask(`/account-info/${version}/details`)).status, 200);
      for (const path of ['/crm/v3/pipelines/tickets', '/crm/pipelines/2026-03/tickets'])
        assert.equal((await ask(path)).status, 200, path);
      for (const path of [
        '/crm/2026-03/objects/contacts',
        '/crm/objects/2025-03/contacts',
        '/crm/v4/objects/contacts',
        '/',
      ])
        assert.equal((await ask(path, {})).status, 404, path);
      assert.equal((await ask(CONTACTS, {}, { method: 'PUT' })).status, 405);
    });
  });

  test('the simulated HubSpot requires a key, its scopes and JSON, and its errors have an id', async () => {
    await withSim({ scopes: ['crm.objects.contacts.read'] }, async (ask) => {
      const unknown = await ask(CONTACTS, {}, { key: 'other' });
      assert.deepEqual([unknown.status, unknown.body.category], [401, 'INVALID_AUTHENTICATION']);
      const scope = await ask(CONTACTS, { properties: {} });
      assert.deepEqual([scope.status, scope.body.category], [403, 'MISSING_SCOPES']);
      assert.match(scope.body.correlationId ?? '', /^[0-9a-f-]{36}$/);
      assert.equal((await ask(`${CONTACTS}/search`, {}, { type: 'text/plain' })).status, 415);
      assert.equal((await ask(`${CONTACTS}/search`, '{')).status, 400);
    });
  });

  test('the simulated HubSpot accepts only known properties, stages, associations and searches', async () => {
    await withSim({}, async (ask, sim) => {
      const contact = (await ask(CONTACTS, { properties: { phone: '+12025550123' } })).body.id ?? '';
      const wrong: [string, unknown][] = [
        [CONTACTS, { properties: { telephone: '1' } }],
        [CONTACTS, { properties: { createdate: '1' } }],
        [CONTACTS, { property: {} }],
        [TICKETS, { properties: { ...TICKET, subject: '' } }],
        [TICKETS, { properties: { ...TICKET, hs_pipeline_stage: '99' } }],
        [TICKETS, { properties: { ...TICKET, hs_ticket_priority: 'high' } }],
        [TICKETS, { properties: TICKET, associations: tied('1', 16) }],
        [TICKETS, { properties: TICKET, associations: tied(contact, 15) }],
        ['/crm/objects/2026-03/notes', { properties: { hs_note_body: 'x' } }],
        [`${CONTACTS}/search`, byPhone('1', 'telephone')],
        [`${CONTACTS}/search`, { filterGroups: [{ filters: [] }] }],
        [`${CONTACTS}/search`, { limit: 500 }],
      ];
      for (const [path, body] of wrong) {
        const { body: said, status } = await ask(path, body);
        assert.deepEqual([status, said.category], [400, 'VALIDATION_ERROR'], JSON.stringify(body));
      }
      assert.equal((await ask(TICKETS, { properties: TICKET, associations: tied(contact, 16) })).status, 201);
      assert.deepEqual(sim.objects('tickets')[0]?.associations, [{ to: 'contacts', id: contact }]);
    });
  });

  test('in the simulated HubSpot an email belongs to one contact, a phone number does not', async () => {
    await withSim({}, async (ask) => {
      const one = { properties: { email: 'ada@example.com', phone: '+12025550123' } };
      assert.equal((await ask(CONTACTS, one)).status, 201);
      assert.equal((await ask(CONTACTS, one)).status, 409);
      assert.equal((await ask(CONTACTS, { properties: { phone: '+12025550123' } })).status, 201);
    });
  });

  test('searches see a new contact after ten seconds, by the number as typed or as calculated', async () => {
    await withSim({}, async (ask, _sim, clock) => {
      await ask(CONTACTS, { properties: { phone: '(202) 555-0123' } });
      const found = async (body: unknown): Promise<number | undefined> =>
        (await ask(`${CONTACTS}/search`, body)).body.total;
      clock.advance(9999);
      assert.equal(await found(byPhone('2025550123', 'hs_searchable_calculated_phone_number')), 0);
      clock.advance(1);
      assert.equal(await found(byPhone('2025550123', 'hs_searchable_calculated_phone_number')), 1);
      assert.equal(await found(byPhone('+12025550123')), 0);
      assert.equal(await found(byPhone('(202) 555-0123')), 1);
    });
  });

  test('searches find a contact that has a mobile number only by that property, not by the other one', async () => {
    await withSim({}, async (ask, sim) => {
      sim.seed('contacts', { mobilephone: '(202) 555-0123' });
      const found = async (property: string): Promise<number | undefined> =>
        (await ask(`${CONTACTS}/search`, byPhone('2025550123', property))).body.total;
      assert.equal(await found('hs_searchable_calculated_mobile_number'), 1);
      assert.equal(await found('hs_searchable_calculated_phone_number'), 0);
    });
  });

  test('a HubSpot lock refuses one kind of request for two seconds, and a migration every kind with Retry-After', async () => {
    await withSim({}, async (ask, sim, clock) => {
      const create = async (): Promise<Answer> => ask(TICKETS, { properties: TICKET });
      sim.faults.plan('tickets', { type: 'lock' });
      assert.deepEqual([(await create()).status, (await create()).body.category], [423, 'LOCKED']);
      assert.equal((await ask(`${CONTACTS}/search`, {})).status, 200);
      clock.advance(1999);
      assert.equal((await create()).status, 423);
      clock.advance(1);
      assert.equal((await create()).status, 201);

      sim.faults.plan('search', { type: 'moving', seconds: 3600 });
      await ask(`${CONTACTS}/search`, {});
      clock.advance(600_000);
      const moving = await create();
      assert.deepEqual([moving.status, moving.headers.get('retry-after')], [477, '3000']);
      clock.advance(3_000_000);
      assert.equal((await create()).status, 201);
      assert.equal(sim.objects('tickets').length, 2);
    });
  });

  test('HubSpot limits searches by the second, other requests by ten seconds, and all requests by the day', async () => {
    const limits = { searchesPerSecond: 2, perTenSeconds: 3, perDay: 9 };
    await withSim({ limits }, async (ask, _sim, clock) => {
      const search = async (): Promise<Answer> => ask(`${CONTACTS}/search`, {});
      const create = async (): Promise<Answer> => ask(CONTACTS, { properties: { phone: '+1' } });
      await search();
      assert.equal((await search()).headers.get('x-hubspot-ratelimit-max'), null);
      const third = await search();
      assert.deepEqual([third.status, third.body.policyName], [429, 'SECONDLY']);
      clock.advance(1000);
      assert.equal((await search()).status, 200);
      assert.equal((await create()).headers.get('x-hubspot-ratelimit-remaining'), '2');
      await create();
      await create();
      assert.equal((await create()).body.policyName, 'TEN_SECONDLY_ROLLING');
      clock.advance(10_000);
      assert.equal((await create()).status, 201);
      const last = await create();
      assert.equal(last.body.policyName, 'DAILY');
      assert.equal(last.headers.get('x-hubspot-ratelimit-daily-remaining'), '0');
      clock.advance(86_400_000);
      assert.equal((await create()).status, 201);
    });
  });

  test('planned HubSpot faults strike before or after the request took effect', async () => {
    await withSim({}, async (ask, sim) => {
      sim.faults.plan('tickets', { type: 'reset' });
      sim.faults.plan('tickets', { type: 'reset-after' });
      sim.faults.plan('tickets', { type: 'status', status: 502 });
      sim.faults.plan('tickets', { type: 'status-after', status: 503 });
      await assert.rejects(ask(TICKETS, { properties: TICKET }));
      assert.equal(sim.objects('tickets').length, 0);
      await assert.rejects(ask(TICKETS, { properties: TICKET }));
      assert.equal(sim.objects('tickets').length, 1);
      assert.equal((await ask(TICKETS, { properties: TICKET })).status, 502);
      assert.equal(sim.objects('tickets').length, 1);
      assert.equal((await ask(TICKETS, { properties: TICKET })).status, 503);
      assert.equal(sim.objects('tickets').length, 2);
      assert.equal((await ask(TICKETS, { properties: TICKET })).status, 201);
    });
  });
});

test('HubSpot faults are parsed from a command line', () => {
  assert.deepEqual(parseFault('tickets=hang-after'), { place: 'tickets', fault: { type: 'hang-after' }, times: 1 });
  assert.deepEqual(parseFault('any*3=503'), { place: 'any', fault: { type: 'status', status: 503 }, times: 3 });
  assert.deepEqual(parseFault('search=slow:2000'), {
    place: 'search',
    fault: { type: 'slow', delayMs: 2000 },
    times: 1,
  });
  assert.deepEqual(parseFault('search=secondly')?.fault, { type: 'limit', policy: 'SECONDLY' });
  assert.deepEqual(parseFault('tickets=503-after')?.fault, { type: 'status-after', status: 503 });
  assert.deepEqual(parseFault('contacts=lock')?.fault, { type: 'lock' });
  assert.deepEqual(parseFault('any=moving:60')?.fault, { type: 'moving', seconds: 60 });
  for (const text of [
    'any=moving',
    'tickets=200-after',
    'tickets=503:1',
    'tickets',
    'deals=503',
    'tickets=200',
    'tickets=slow',
    'tickets=hang:3',
    '',
  ])
    assert.equal(parseFault(text), undefined, text);
});
