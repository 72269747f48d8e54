import assert from 'node:assert/strict';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { until } from '../../test/support/rig.js';
import { startStallingServer } from '../../test/support/stalling-server.js';
import { createLogger } from '../telemetry/log.js';
import { TwilioRest, type UpdateResult } from './rest.js';

const SID = `AC${'7'.repeat(32)}`;

interface Twilio {
  rest: TwilioRest;
  clock: FakeClock;
  requests: { method: string; path: string; authorization: string; form: URLSearchParams }[];
  counts: UpdateResult[];
  log: string[];
}

/**
 * Serves one answer after the other, as a status or in full. `undefined`: never answers. `'reset'`: breaks the
 * connection.
 */
async function withTwilio(
  answers: readonly (number | { status: number; body: unknown } | 'reset' | undefined)[],
  body: (twilio: Twilio) => Promise<void>,
): Promise<void> {
  const requests: Twilio['requests'] = [];
  const onRequest = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let text = '';
    for await (const part of request as AsyncIterable<Buffer>) text += part.toString();
    const answer = answers[requests.length];
    const { authorization = '' } = request.headers;
    const { method = '', url = '' } = request;
    requests.push({ method, path: url, authorization, form: new URLSearchParams(text) });
    if (answer === 'reset') request.socket.destroy();
    else if (typeof answer === 'object') response.writeHead(answer.status).end(JSON.stringify(answer.body));
    else if (answer !== undefined)
      response
        .writeHead(answer)
        .end(JSON.stringify(answer < 300 ? {} : { code: 20000 + answer, message: 'x', status: answer }));
  };
  const server = createServer((request, response) => void onRequest(request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const clock = new FakeClock();
  const counts: UpdateResult[] = [];
  const log: string[] = [];
  const rest = new TwilioRest({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    accountSid: SID,
    authToken: 'secret-token',
    clock,
    log: createLogger({
      level: 'info',
      destination: new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          log.push(chunk.toString());
          done();
        },
      }),
    }),
    count: (result) => counts.push(result),
  });
  try {
    await body({ rest, clock, requests, counts, log });
    assert.equal(clock.timers, 0);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

test('a call update posts the TwiML as a form under the account’s credentials', async () => {
  await withTwilio([200], async ({ counts, requests, rest }) => {
    assert.equal(await rest.updateCall('CA1', '<Response/>'), 'updated');
    const [request] = requests;
    assert.equal(request?.path, `/2010-04-01/Accounts/${SID}/Calls/CA1.json`);
    assert.equal(request.authorization, `Basic ${Buffer.from(`${SID}:secret-token`).toString('base64')}`);
    assert.deepEqual(Object.fromEntries(request.form), { Twiml: '<Response/>' });
    assert.deepEqual(counts, ['updated']);
  });
});

for (const [answers, result, requestCount] of [
  // Not in progress, unknown, not allowed: a retry would not help.
  [[400], 'refused', 1],
  [[404], 'refused', 1],
  [[401], 'refused', 1],
  // Too many requests: not processed.
  [[429, 200], 'updated', 2],
  [[429, 429], 'refused', 2],
  [[429, 400], 'refused', 2],
  // A fault: the change may have been made before it.
  [[500, 200], 'updated', 2],
  [[503, 500], 'unknown', 2],
  [[500, 400], 'unknown', 2],
  // No answer: a retry would make the caller wait.
  [['reset'], 'unknown', 1],
] as const) {
  test(`a call update that Twilio answers with ${answers.join(' then ')} is ${result} after ${requestCount} request${requestCount > 1 ? 's' : ''}`, async () => {
    await withTwilio(answers, async ({ clock, counts, log, requests, rest }) => {
      const update = rest.updateCall('CA1', '<Response/>');
      // Time passes slowly, so that the answer comes within the attempt's three seconds.
      const passing = (): boolean => {
        clock.advance(10);
        return requests.length === requestCount;
      };
      await until(passing, 'every request');
      assert.equal(await update, result);
      assert.equal(requests.length, requestCount);
      assert.deepEqual(counts, [result]);
      assert.doesNotMatch(log.join(''), /secret-token|Response/);
    });
  });
}

for (const [status, body, expected] of [
  [200, { status: 'completed' }, true],
  [200, { status: 'canceled' }, true],
  [200, { status: 'in-progress' }, false],
  [200, { status: 'ringing' }, false],
  // Answers that do not tell.
  [200, {}, undefined],
  [200, null, undefined],
  [404, { code: 20404, message: 'x', status: 404 }, undefined],
  [429, { code: 20429, message: 'x', status: 429 }, undefined],
] as const) {
  test(`whether a call is over is ${expected} when Twilio answers ${status} ${JSON.stringify(body)}`, async () => {
    await withTwilio([{ status, body }], async ({ counts, requests, rest }) => {
      assert.equal(await rest.isOver('CA1'), expected);
      assert.deepEqual(
        requests.map(({ method, path }) => `${method} ${path}`),
        [`GET /2010-04-01/Accounts/${SID}/Calls/CA1.json`],
      );
      assert.deepEqual(counts, []);
    });
  });
}

test('whether a call is over is undefined without an answer in ten seconds, or if the connection breaks', async () => {
  await withTwilio([undefined, 'reset'], async ({ clock, requests, rest }) => {
    const isOver = rest.isOver('CA1');
    await until(() => requests.length === 1, 'the request');
    clock.advance(10_000);
    assert.equal(await isOver, undefined);
    assert.equal(await rest.isOver('CA1'), undefined);
  });
});

test('a call update without an answer within three seconds is unknown', async () => {
  await withTwilio([undefined], async ({ clock, requests, rest }) => {
    const update = rest.updateCall('CA1', '<Response/>');
    await until(() => requests.length === 1, 'the request');
    clock.advance(3000);
    assert.equal(await update, 'unknown');
  });
});

test('a call update whose connection is refused is retried once and counts as refused', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const clock = new FakeClock();
  const rest = new TwilioRest({
    baseUrl: `http://127.0.0.1:${port}`,
    accountSid: SID,
    authToken: 'secret-token',
    clock,
    log: createLogger({ level: 'silent' }),
    count: () => undefined,
  });
  const update = rest.updateCall('CA1', '<Response/>');
  let result: UpdateResult | undefined;
  void update.then((settled) => (result = settled));
  const settling = (): boolean => {
    clock.advance(10);
    return result !== undefined;
  };
  await until(settling, 'the second try');
  assert.equal(await update, 'refused');
  assert.equal(clock.timers, 0);
});

test('a Twilio answer that stalls after its head counts as unknown once its time is over', async () => {
  const server = await startStallingServer();
  const clock = new FakeClock();
  const log = createLogger({ level: 'silent' });
  const counts: UpdateResult[] = [];
  const count = (result: UpdateResult): number => counts.push(result);
  const rest = new TwilioRest({ baseUrl: server.url, accountSid: SID, authToken: 'secret-token', clock, log, count });
  try {
    const updated = rest.updateCall('CA1', '<Response/>');
    await until(() => server.open() === 1, 'the request');
    clock.advance(3000);
    assert.equal(await updated, 'unknown');
    const over = rest.isOver('CA1');
    await until(() => server.requests() === 2, 'the question');
    clock.advance(10_000);
    assert.equal(await over, undefined);
    await until(() => server.open() === 0, 'the connections are closed');
    assert.equal(clock.timers, 0);
  } finally {
    await server.close();
  }
});

test('a Twilio answer that is too long is not read, so it tells nothing but its status', async () => {
  const long = { status: 200, body: { status: 'completed', padding: 'x'.repeat(100_000) } };
  await withTwilio([long, long], async ({ rest }) => {
    assert.equal(await rest.isOver('CA1'), undefined);
    assert.equal(await rest.updateCall('CA1', '<Response/>'), 'updated');
  });
});
