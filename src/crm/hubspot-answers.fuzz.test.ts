import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AnsweringServer } from '../../test/support/answering-server.js';
import { fuzz, mangled, nearly } from '../../test/support/fuzz.js';
import { scaledClock } from '../../test/support/scaled-clock.js';
import { isTandemError } from '../base/errors.js';
import { HubSpotApi } from './hubspot-api.js';

const OBJECT = { id: '7', properties: { firstname: 'Ada', phone: null }, archived: false };
const ANSWERS = nearly(
  OBJECT,
  { total: 1, results: [OBJECT] },
  { portalId: 12_345, uiDomain: 'app.hubspot.com', timeZone: 'US/Eastern' },
  {
    status: 'error',
    category: 'RATE_LIMITS',
    policyName: 'TEN_SECONDLY_ROLLING',
    correlationId: 'c0ffee00',
    message: 'secret-words',
  },
  { status: 'error', category: 'VALIDATION_ERROR', message: 'secret-words' },
);

test('whatever HubSpot answers, a request resolves with what was asked or rejects with an error that quotes nothing', async (t) => {
  const server = new AnsweringServer();
  // Fast, because a request is repeated after seconds.
  const clock = scaledClock(20_000);
  const api = new HubSpotApi({ baseUrl: await server.listen(), accessToken: 'pat-test', apiVersion: '2026-03', clock });
  t.after(async () => {
    api.close();
    await server.close();
  });
  const anyOf = [{ propertyName: 'phone', operator: 'EQ', value: '+12025550123' }] as const;
  const uses: readonly (() => Promise<unknown>)[] = [
    async () => {
      const found = await api.search('contacts', { anyOf, properties: ['firstname'] });
      for (const { id, properties } of found) {
        assert.ok(typeof id === 'string' && id !== '');
        for (const value of Object.values(properties)) assert.equal(typeof value, 'string');
      }
    },
    async () =>
      assert.equal(
        typeof (await api.create('tickets', { subject: 'S' }, [{ to: 'contacts', id: '7' }], anyOf)),
        'string',
      ),
    async () =>
      assert.match((await api.recordsUrl()) ?? 'https://none/contacts/1', /^https:\/\/[\w.-]+\/contacts\/[-\d.e+]+$/i),
  ];
  const input = fc.record({
    status: fc.constantFrom(200, 200, 201, 204, 400, 403, 404, 408, 423, 425, 429, 477, 500, 502, 503),
    body: fc.oneof({ weight: 9, arbitrary: mangled(ANSWERS) }, fc.constantFrom('', '<html>502 Bad Gateway</html>')),
    retryAfter: fc.constantFrom('0', '1', '-5', '1e9', 'Wed, 21 Oct 2026 07:28:00 GMT', ''),
    use: fc.nat(uses.length - 1),
  });
  await fuzz(
    input,
    async ({ body, retryAfter, status, use }) => {
      const hasBody = status !== 204;
      server.answer = { status, headers: { 'retry-after': retryAfter }, body: hasBody ? body : '' };
      const before = server.requests;
      try {
        await uses[use]?.();
      } catch (error) {
        assert.ok(isTandemError(error), String(error));
        assert.match(error.code, /^HUBSPOT_/);
        assert.doesNotMatch(error.message, /secret|html|555/);
      }
      assert.ok(server.requests - before <= 30, 'the number of requests is bounded');
    },
    { runs: 60 },
  );
});
