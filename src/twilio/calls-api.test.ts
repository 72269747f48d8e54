import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { freePort } from '../../test/support/free-port.js';
import { systemClock } from '../base/clock.js';
import { TwilioCalls } from './calls-api.js';

const SID = `CA${'1'.repeat(32)}`;
const FORM = new URLSearchParams({ To: '+12025550123' });

/** Runs `body` against a server that answers every request alike. */
async function withAnswer(
  answer: { status: number; body?: string; breaks?: boolean },
  body: (api: TwilioCalls, asked: string[]) => Promise<void>,
): Promise<void> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (answer.breaks === true) {
      response.destroy();
      return;
    }
    response.writeHead(answer.status, { 'content-type': 'application/json', location: 'https://example.com/' });
    response.end(answer.body ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const account = { baseUrl, accountSid: 'AC1', authToken: 'token' };
  try {
    await body(new TwilioCalls({ account: () => Promise.resolve(account), clock: systemClock }), asked);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

test('only an answer with a SID says that a call was made, and only a clear refusal that none was', async () => {
  const call = JSON.stringify({ sid: SID, status: 'queued' });
  for (const [answer, expected] of [
    [
      { status: 201, body: call },
      { is: 'created', callSid: SID },
    ],
    [{ status: 200, body: '{}' }, { is: 'unknown' }],
    [{ status: 201, body: '<html>' }, { is: 'unknown' }],
    [
      { status: 400, body: '{"code":21211}' },
      { is: 'refused', status: 400, code: 21211 },
    ],
    [
      { status: 401, body: '' },
      { is: 'refused', status: 401, code: undefined },
    ],
    [
      { status: 404, body: '{"code":"x"}' },
      { is: 'refused', status: 404, code: undefined },
    ],
    [{ status: 429, body: '{"code":20429}' }, { is: 'not-processed' }],
    [{ status: 408 }, { is: 'unknown' }],
    [{ status: 500 }, { is: 'unknown' }],
    [{ status: 503 }, { is: 'unknown' }],
    [{ status: 307 }, { is: 'unknown' }],
    [{ status: 201, breaks: true }, { is: 'unknown' }],
  ] as const) {
    await withAnswer(answer, async (api, asked) => {
      assert.deepEqual(await api.create(FORM), expected, JSON.stringify(answer));
      assert.deepEqual(asked, ['POST /2010-04-01/Accounts/AC1/Calls.json']);
    });
  }
});

test('a request that never had a connection was not processed', async () => {
  const account = { baseUrl: `http://127.0.0.1:${await freePort()}`, accountSid: 'AC1', authToken: 'token' };
  const api = new TwilioCalls({ account: () => Promise.resolve(account), clock: systemClock });
  assert.deepEqual(await api.create(FORM), { is: 'not-processed' });
  assert.deepEqual([await api.list('a', 'b'), await api.read(SID), await api.end(SID)], [undefined, undefined, false]);
});

test('the list is asked for by both numbers, and what cannot be read is not taken for empty', async () => {
  const listed = { sid: SID, status: 'completed', direction: 'outbound-api', duration: '7' };
  const created = { date_created: 'Thu, 01 Jan 2026 00:00:05 +0000', answered_by: 'human' };
  const body = JSON.stringify({
    calls: [
      { ...listed, ...created },
      { ...listed, date_created: null },
    ],
  });
  await withAnswer({ status: 200, body }, async (api, asked) => {
    const seen = { callSid: SID, status: 'completed', direction: 'outbound-api', seconds: 7 };
    assert.deepEqual(await api.list('+12065550199', '+12025550123'), [
      { ...seen, createdAtMs: Date.UTC(2026, 0, 1, 0, 0, 5), answeredBy: 'human' },
      { ...seen, createdAtMs: undefined, answeredBy: undefined },
    ]);
    assert.deepEqual(asked, [
      'GET /2010-04-01/Accounts/AC1/Calls.json?To=%2B12025550123&From=%2B12065550199&PageSize=20',
    ]);
  });
  for (const answer of [{ status: 200, body: '{}' }, { status: 200, body: '[' }, { status: 500 }, { status: 429 }])
    await withAnswer(answer, async (api) => assert.equal(await api.list('a', 'b'), undefined));
});

test('a call that is over already counts as ended', async () => {
  for (const [status, body, isEnded] of [
    [200, '{}', true],
    [400, '{"code":21220}', true],
    [400, '{"code":20001}', false],
    [429, '{"code":20429}', false],
    [500, '', false],
  ] as const)
    await withAnswer({ status, body }, async (api) => assert.equal(await api.end(SID), isEnded));
});
