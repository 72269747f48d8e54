import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SILENCE, sound, startSim } from '../../test/support/openai-sim.js';
import { RealtimeClient } from '../../test/support/realtime-client.js';
import { until } from '../../test/support/rig.js';
import type { ErrorClass, FaultMoment, LaterFault, PlannedFault } from '../model/faults.js';
import { fault, scriptedBrain, speak } from '../model/script.js';

const LONG = [speak('a b c d e f g h i j', { durationMs: 2000 })];
const quick = { speed: Infinity };
const planned = (when: FaultMoment, what: LaterFault): PlannedFault[] => [{ when, fault: what }];

/** Returns the milliseconds of audio that the client received. */
function heardMs(client: RealtimeClient): number {
  const sizes = client
    .of('response.output_audio.delta')
    .map(({ delta }) => Buffer.from(delta as string, 'base64').length);
  return sizes.reduce((sum, size) => sum + size, 0) / 8;
}

test('a connect fault answers with a status, silence or a reset, only for its own connection', async (t) => {
  const statuses = [401, 403, 404, 429, 500, 503];
  const faults: PlannedFault[] = statuses.map((status, index) => ({
    when: { at: 'connect' },
    fault: { type: 'refuse', status },
    session: index + 1,
  }));
  faults.push({ when: { at: 'connect' }, fault: { type: 'silent' }, session: 7 });
  faults.push({ when: { at: 'connect' }, fault: { type: 'reset' }, session: 8 });
  const { port, sim } = await startSim(t, { faults });
  for (const status of statuses) {
    const client = new RealtimeClient(port);
    await until(() => client.refused !== undefined, 'an answer');
    assert.equal(client.refused?.status, status);
    if (status !== 404)
      assert.ok((JSON.parse(client.refused?.body ?? '') as { error: { message: string } }).error.message);
  }
  const silent = new RealtimeClient(port);
  const reset = new RealtimeClient(port);
  assert.equal((await reset.whenClosed()).code, 1006);
  assert.equal(reset.refused, undefined);
  const good = new RealtimeClient(port);
  await good.next('session.created');
  assert.deepEqual([silent.events, silent.closed], [[], undefined]);
  assert.equal(sim.sessions.length, 1);
});

test('a fault in an answer closes, resets or stalls the connection at its millisecond', async (t) => {
  const when: FaultMoment = { at: 'answer', ms: 777 };
  for (const [what, code] of [
    [{ type: 'close', code: 1011, reason: 'gone' }, 1011],
    [{ type: 'close', code: 1006 }, 1006],
    [{ type: 'reset' }, 1006],
  ] as const) {
    const { clock, telephone } = await startSim(t, { brain: scriptedBrain([LONG]), faults: planned(when, what) });
    const client = await telephone();
    client.send({ type: 'response.create' });
    await client.next('response.output_audio.delta');
    clock.advance(10_000);
    assert.equal((await client.whenClosed()).code, code);
    // A reset may also discard data in flight.
    if (code === 1011) assert.equal(heardMs(client), 777);
    else assert.ok(heardMs(client) <= 777);
  }
  const { clock, telephone, sim } = await startSim(t, {
    brain: scriptedBrain([LONG]),
    faults: planned(when, { type: 'stall' }),
  });
  const client = await telephone();
  client.send({ type: 'response.create' });
  await client.next('response.output_audio.delta');
  clock.advance(10_000);
  await until(() => heardMs(client) === 777, 'the answer up to the stall');
  client.send({ type: 'input_audio_buffer.clear' });
  await until(() => sim.sessions[0]?.events.at(-1)?.event['type'] === 'input_audio_buffer.clear', 'it still reads');
  assert.equal(client.events.at(-1)?.type, 'response.output_audio.delta');
  assert.equal(client.closed, undefined);
});

test('a failed or blocked answer ends with its reason, and the next answer is complete', async (t) => {
  const cases: [LaterFault, object][] = [
    [{ type: 'blocked' }, { type: 'incomplete', reason: 'content_filter' }],
    [
      { type: 'failed-response', class: 'throttled' },
      {
        type: 'failed',
        error: {
          type: 'rate_limit_exceeded',
          code: 'rate_limit_exceeded',
          message: 'Rate limit reached for requests. Please try again in 1s.',
        },
      },
    ],
  ];
  for (const [what, details] of cases)
    for (const when of [
      { at: 'turn', turn: 1 },
      { at: 'answer', ms: 300, turn: 1 },
    ] as const) {
      const { telephone } = await startSim(t, {
        brain: scriptedBrain([LONG, LONG]),
        faults: planned(when, what),
        pacing: quick,
      });
      const client = await telephone();
      client.send({ type: 'response.create' });
      const { response } = await client.next('response.done');
      assert.deepEqual(response.status_details, details);
      assert.equal(heardMs(client), when.at === 'turn' ? 0 : 300);
      client.send({ type: 'response.create' });
      await client.next('response.done', 2);
      assert.equal(client.of('response.done')[1]?.['response'].status, 'completed');
    }
});

test('an answer continues after errors of every class, an unknown event and a malformed one', async (t) => {
  const classes: [ErrorClass, string, string | null][] = [
    ['server', 'server_error', null],
    ['throttled', 'rate_limit_exceeded', 'rate_limit_exceeded'],
    ['invalid-request', 'invalid_request_error', 'invalid_value'],
    ['unauthorized', 'invalid_request_error', 'invalid_api_key'],
    ['unavailable', 'server_error', 'service_unavailable'],
    ['timeout', 'invalid_request_error', 'session_expired'],
  ];
  const acts = classes.map(([name]) => fault({ type: 'error', class: name }));
  const brain = scriptedBrain([[...acts, fault({ type: 'unknown-event' }), fault({ type: 'malformed' }), ...LONG]]);
  const { telephone } = await startSim(t, { brain, pacing: quick });
  const client = await telephone();
  client.send({ type: 'response.create' });
  await client.next('response.done');
  const errors = client.of('error').map(({ error }) => [error.type, error.code] as unknown[]);
  assert.deepEqual(
    errors,
    classes.map(([, type, code]) => [type, code]),
  );
  assert.equal(client.of('response.output_thought.delta').length, 1);
  assert.equal(client.broken.length, 1);
  assert.equal(heardMs(client), 2000);
});

test('a timed fault strikes at its time in the session, with or without an answer', async (t) => {
  const faults: PlannedFault[] = [
    { when: { at: 'session', ms: 1000 }, fault: { type: 'error', class: 'server', message: 'In other words.' } },
    { when: { at: 'session', ms: 2000 }, fault: { type: 'failed-response', class: 'server' } },
    { when: { at: 'session', ms: 3000 }, fault: { type: 'close', code: 1012 } },
  ];
  const { clock, telephone } = await startSim(t, { brain: scriptedBrain([LONG, LONG]), pacing: quick, faults });
  const client = await telephone();
  clock.advance(1000);
  assert.equal((await client.next('error'))['error'].message, 'In other words.');
  clock.advance(1000);
  await client.settled();
  assert.deepEqual(client.of('response.done'), [], 'there is no response to fail yet');
  client.send({ type: 'response.create' });
  assert.equal((await client.next('response.done'))['response'].status, 'failed');
  clock.advance(1000);
  assert.equal((await client.whenClosed()).code, 1012);
});

test('a brain or a voice that throws makes the response fail, and the session continues', async (t) => {
  const broken = () => Promise.reject(new Error('no voice'));
  const { telephone } = await startSim(t, { voice: { speak: broken }, brain: scriptedBrain([LONG]) });
  const client = await telephone({ audio: { input: { turn_detection: { type: 'server_vad' } } } });
  client.speak(await sound(200));
  client.speak(SILENCE);
  const { response } = await client.next('response.done');
  assert.deepEqual([response.status, response.status_details.error.type], ['failed', 'server_error']);
  client.send({ type: 'response.create' });
  await client.next('response.done', 2);
  assert.equal(client.of('response.done')[1]?.['response'].status, 'completed');
});
