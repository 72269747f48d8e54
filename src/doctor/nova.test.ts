import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseNovaFault } from '../../sim/nova/faults.js';
import { type NovaSimOptions, SIMULATED_CREDENTIALS, startNovaSim } from '../../sim/nova/nova-sim.js';
import { idsOf } from '../../test/support/examine.js';
import { type Clock, systemClock } from '../base/clock.js';
import { readConfig } from '../config/config.js';
import { ClockWatch } from './clock-watch.js';
import { type NovaQuestion, askNova } from './nova.js';

const faults = (text: string) => ({ faults: [parseNovaFault(text) ?? assert.fail(text)] });

async function ask(sim: NovaSimOptions, env: Record<string, string> = {}, more: Partial<NovaQuestion> = {}) {
  const nova = await startNovaSim(sim);
  const clocks = new ClockWatch();
  try {
    const { nova: settings } = readConfig({ AWS_ENDPOINT_URL_BEDROCK_RUNTIME: nova.url, ...env });
    const findings = await askNova({
      settings,
      voices: [settings.voice],
      clock: systemClock,
      clocks,
      signal: AbortSignal.timeout(180_000),
      credentials: SIMULATED_CREDENTIALS,
      ...more,
    });
    return { findings, ids: idsOf(findings), text: findings[0]?.text ?? '', sessions: nova.sessions };
  } finally {
    await nova.close();
  }
}

/** The system's clock, of a machine whose time is wrong. */
function off(byMs: number): Clock {
  return { ...systemClock, epochMs: () => systemClock.epochMs() + byMs };
}

describe("the doctor's question to Nova", { concurrency: true }, () => {
  test('a session that speaks is fine, and is ended in order', async () => {
    const { ids, sessions, text } = await ask({});
    assert.deepEqual(ids, ['fine nova-ready']);
    assert.match(text, /^amazon\.nova-2-sonic-v1:0 in us-east-1 spoke with the voice matthew after \d+\.\d s\.$/);
    assert.equal(sessions[0]?.signatures.bad, 0);
  });

  for (const [what, id, sim, env, more, text] of [
    [
      'an unknown key',
      'nova-credentials',
      {},
      {},
      { credentials: { ...SIMULATED_CREDENTIALS, accessKeyId: 'AKIAOTHER' } },
      /UnrecognizedClientException.*wrong or expired/,
    ],
    [
      'a wrong secret key',
      'nova-credentials',
      {},
      {},
      { credentials: { ...SIMULATED_CREDENTIALS, secretAccessKey: 'other-secret' } },
      /AWS_SECRET_ACCESS_KEY does not belong/,
    ],
    [
      'no credentials',
      'nova-credentials',
      {},
      {},
      { credentials: () => Promise.reject(Object.assign(new Error('none'), { name: 'CredentialsProviderError' })) },
      /no AWS credentials/,
    ],
    [
      'a missing permission',
      'nova-permission',
      faults('connect=403'),
      {},
      {},
      /bedrock:InvokeModel.*arn:aws:bedrock:us-east-1::foundation-model\/amazon\.nova-2-sonic-v1:0/,
    ],
    [
      'an unknown model',
      'nova-model',
      {},
      { NOVA_MODEL_ID: 'amazon.nova-9-sonic' },
      {},
      /us-east-1 has no model amazon\.nova-9-sonic/,
    ],
    [
      'a model that AWS has ended',
      'nova-model',
      {},
      { NOVA_MODEL_ID: 'amazon.nova-sonic-v1:0' },
      {},
      /ResourceNotFoundException/,
    ],
    ['an unknown voice', 'nova-voice', {}, { NOVA_VOICE: 'greta' }, {}, /"greta".*NOVA_VOICE/],
    [
      'another region',
      'nova-region',
      {},
      { NOVA_REGION: 'us-west-2' },
      {},
      /another region than NOVA_REGION us-west-2/,
    ],
    [
      'a clock that is ten minutes late',
      'clock',
      { clock: off(600_000), maxClockSkewMs: 300_000 },
      {},
      {},
      /clock is wrong/,
    ],
    ['a used-up quota', 'nova-quota', { maxSessions: 0 }, {}, {}, /ThrottlingException/],
    ['a fault of the service', 'nova-failed', faults('connect=500'), {}, {}, /InternalServerException/],
    [
      'a proxy in its place',
      'nova-failed',
      faults('connect=502:proxy'),
      {},
      {},
      /HTTP status 502 and without a reason/,
    ],
    ['a proxy that throttles', 'nova-failed', faults('connect=429:proxy'), {}, {}, /HTTP status 429 and without/],
    ['instability', 'nova-failed', faults('session:1=instability'), {}, {}, /fault of its own/],
    ['a broken connection', 'nova-unreachable', faults('connect=reset'), {}, {}, /cannot be reached/],
  ] as [string, string, NovaSimOptions, Record<string, string>, Partial<NovaQuestion>, RegExp][]) {
    test(`the doctor finds ${what} at Nova, and says what to do`, async () => {
      const { ids, text: found } = await ask(sim, env, more);
      assert.deepEqual(ids, [`fault ${id}`], found);
      assert.match(found, text);
    });
  }

  test('each voice has a session of its own, and a voice that is unknown is named', async () => {
    const { findings } = await ask({}, {}, { voices: ['tiffany', 'greta'] });
    assert.deepEqual(idsOf(findings).toSorted(), ['fault nova-voice', 'fine nova-ready']);
  });

  test('a region that is not known to have the model and has it is a note', async () => {
    const { ids } = await ask({ region: 'eu-west-1' }, { NOVA_REGION: 'eu-west-1' });
    assert.deepEqual(ids, ['fine nova-ready', 'advice nova-region']);
  });

  test('an endpoint where nothing listens is named', async () => {
    const { nova: settings } = readConfig({ AWS_ENDPOINT_URL_BEDROCK_RUNTIME: 'http://127.0.0.1:2' });
    const [finding] = await askNova({
      settings,
      voices: ['matthew'],
      clock: systemClock,
      clocks: new ClockWatch(),
      signal: AbortSignal.timeout(180_000),
      credentials: SIMULATED_CREDENTIALS,
    });
    assert.equal(finding?.id, 'nova-unreachable');
    assert.match(finding.text, /^http:\/\/127\.0\.0\.1:2 cannot be reached/);
  });
});
