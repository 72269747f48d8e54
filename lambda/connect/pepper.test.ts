import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isTandemError } from '../../src/base/errors.js';
import { FakeClock } from '../../test/support/fake-clock.js';
import { SecretsManagerSim } from '../../test/support/secrets-manager.js';
import { Pepper } from './pepper.js';

const PEPPER = '6f1ed002ab5595859014ebf0951522d9';
const OTHER = 'c35f9e0b1f2a87c6f1ed002ab5595859';
const MINUTE_MS = 60_000;

describe('the pepper of the Lambda', () => {
  let service: SecretsManagerSim;
  let clock: FakeClock;
  /** The messages of the failures that no caller of `get` learnt of. */
  let failures: string[];

  beforeEach(async () => {
    service = await new SecretsManagerSim().start();
    clock = new FakeClock(Date.parse('2026-11-30T12:00:00Z'));
    failures = [];
  });
  afterEach(() => service.close());

  const pepperOf = (env: Record<string, string>): Pepper =>
    new Pepper({
      env,
      clock,
      onFailure: (error) => {
        assert.ok(isTandemError(error), String(error));
        failures.push(error.message);
      },
    });

  test('the pepper in its variable is read as the gateway reads it, without spaces and a line end', async () => {
    assert.equal(await pepperOf({ HANDOVER_TOKEN_PEPPER: ` ${PEPPER}\r\n` }).get(), PEPPER);
  });

  test('a pepper that is missing, too short or in quotation marks is refused without showing it', async () => {
    for (const [value, what] of [
      ['', /Neither HANDOVER_TOKEN_PEPPER_SECRET_ARN nor HANDOVER_TOKEN_PEPPER is set/],
      ['hunter2', /HANDOVER_TOKEN_PEPPER .*at least 16 characters/],
      [`"hunter2${PEPPER}"`, /HANDOVER_TOKEN_PEPPER .*quotation marks/],
    ] as const) {
      await assert.rejects(pepperOf({ HANDOVER_TOKEN_PEPPER: value }).get(), (error: Error) => {
        assert.match(error.message, what);
        return !error.message.includes('hunter2');
      });
    }
  });

  test('a pepper in Secrets Manager is asked for once, with a valid signature, and wins over the variable', async () => {
    service.answer = { secret: `${PEPPER}\n` };
    const pepper = pepperOf({ ...service.env, HANDOVER_TOKEN_PEPPER: OTHER });
    assert.deepEqual(await Promise.all([pepper.get(), pepper.get()]), [PEPPER, PEPPER]);
    assert.equal(await pepper.get(), PEPPER);
    assert.deepEqual([service.requests, service.problems, failures], [1, [], []]);
  });

  test('the pepper is read by its name from a secret of the console, a JSON object', async () => {
    service.answer = { secret: JSON.stringify({ HANDOVER_TOKEN_PEPPER: PEPPER, other: 'x' }) };
    assert.equal(await pepperOf(service.env).get(), PEPPER);
    for (const secret of [JSON.stringify({ pepper: PEPPER }), '{"HANDOVER_TOKEN_PEPPER": 7}', '{broken']) {
      service.answer = { secret };
      await assert.rejects(pepperOf(service.env).get(), /JSON without a key HANDOVER_TOKEN_PEPPER/);
    }
  });

  test('a pepper that was changed in Secrets Manager is used some minutes later, and no caller waits for it', async () => {
    service.answer = { secret: PEPPER };
    const pepper = pepperOf(service.env);
    await pepper.get();
    service.answer = { secret: OTHER };
    clock.advance(4 * MINUTE_MS);
    assert.deepEqual([await pepper.get(), service.requests], [PEPPER, 1]);
    clock.advance(2 * MINUTE_MS);
    assert.equal(await pepper.get(), PEPPER, 'the old one, while the new one is asked for');
    while ((await pepper.get()) !== OTHER) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(service.requests, 2);
  });

  test('a failure is told and not remembered, and an older pepper is used meanwhile', async () => {
    const pepper = pepperOf(service.env);
    service.answer = { error: 'AccessDeniedException', status: 400 };
    for (let n = 1; n <= 2; n++) {
      await assert.rejects(pepper.get(), {
        code: 'PEPPER_UNREADABLE',
        message: /refused with AccessDeniedException\. Check .*secretsmanager:GetSecretValue/,
      });
      assert.equal(service.requests, n);
    }
    service.answer = { secret: PEPPER };
    assert.equal(await pepper.get(), PEPPER);

    service.answer = { error: 'InternalServiceError', status: 500 };
    clock.advance(6 * MINUTE_MS);
    assert.equal(await pepper.get(), PEPPER);
    while (failures.length === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(await pepper.get(), PEPPER);
  });

  test('a Secrets Manager that hangs or is away is given up in time', async () => {
    service.answer = 'silence';
    const silent = assert.rejects(pepperOf(service.env).get(), /gave no answer \(timeout\)/);
    while (service.requests === 0) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(2000);
    await silent;
    const away = { ...service.env, AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://127.0.0.1:1' };
    await assert.rejects(pepperOf(away).get(), /gave no answer \((ECONNREFUSED|unknown error)\)/);
    assert.equal(clock.timers, 0);
  });

  test('an ARN that is none, and an environment without credentials, are named', async () => {
    const wrong = { ...service.env, HANDOVER_TOKEN_PEPPER_SECRET_ARN: 'tandem/pepper' };
    await assert.rejects(pepperOf(wrong).get(), /HANDOVER_TOKEN_PEPPER_SECRET_ARN is not the ARN of a secret/);
    const { AWS_ACCESS_KEY_ID: _id, ...without } = service.env;
    await assert.rejects(pepperOf(without).get(), /no AWS credentials/);
    assert.equal(service.requests, 0);
  });
});
