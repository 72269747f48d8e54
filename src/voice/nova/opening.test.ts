import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { loudnessEar } from '../../../sim/model/ear.js';
import { scriptedBrain } from '../../../sim/model/script.js';
import { SIMULATED_CREDENTIALS } from '../../../sim/nova/nova-sim.js';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { type NovaCall, isTypedText, withNova } from '../../../test/support/nova-rig.js';
import { until } from '../../../test/support/rig.js';

test('a Nova session begins to speak even if more audio is replayed to it than its queue holds', async () => {
  await withNova({ sim: { brain: scriptedBrain(['Welcome.']) } }, async ({ open, seen }) => {
    const call = open();
    call.pause(20_000);
    await call.response(1);
    assert.deepEqual(call.said(), ['Welcome.']);
    const { inputs } = seen();
    assert.ok(inputs.findIndex(({ name }) => name === 'audioInput') < inputs.findIndex(isTypedText));
  });
});

test('a Nova session works if the service answers only with its first output', async () => {
  const sim = {
    headers: 'with-first-output',
    brain: scriptedBrain(['Welcome.', 'At nine.']),
    ear: loudnessEar({ texts: ['When do you open?'] }),
  } as const;
  await withNova({ sim }, async ({ anomalies, open }) => {
    const call = open();
    await call.response(1);
    call.speak(600);
    call.pause(2200);
    await call.response(2);
    assert.deepEqual(call.said(), ['Welcome.', 'At nine.']);
    assert.deepEqual(anomalies, []);
  });
});

test('a Nova session in which nothing is said is ready though the service sends nothing', async () => {
  const clock = new FakeClock();
  const sim = { headers: 'with-first-output', brain: scriptedBrain(['At nine.']) } as const;
  await withNova({ clock, sim }, async ({ open, sim: service }) => {
    const call = open({ greeting: undefined });
    await until(() => service.sessions[0]?.audio.durationMs === 200, 'the lead');
    clock.advance(1400);
    assert.deepEqual(call.kinds(), []);
    clock.advance(100);
    assert.deepEqual(call.kinds(), ['ready']);
    clock.advance(5000);
    assert.deepEqual(call.kinds(), ['ready']);
    call.session.sendText('When do you open?');
    await until(() => call.of('audio').length > 0, 'the answer');
    call.session.close();
    clock.advance(1000);
    assert.equal(clock.timers, 0);
  });
});

test('a Nova session in which nothing is said is not ready before its request has gone out', async () => {
  const clock = new FakeClock();
  let onFound = (): void => undefined;
  const isFound = new Promise<void>((resolve) => {
    onFound = resolve;
  });
  const credentials = (): Promise<typeof SIMULATED_CREDENTIALS> => isFound.then(() => SIMULATED_CREDENTIALS);
  const sim = { headers: 'with-first-output' } as const;
  await withNova({ clock, sim, provider: { credentials } }, async ({ open, sim: service }) => {
    const call = open({ greeting: undefined });
    await setImmediate();
    clock.advance(3000);
    const early = call.kinds();
    onFound();
    await until(() => (service.sessions[0]?.audio.durationMs ?? 0) > 0, 'the request');
    assert.deepEqual(early, []);
    clock.advance(1400);
    assert.deepEqual(call.kinds(), []);
    clock.advance(100);
    assert.deepEqual(call.kinds(), ['ready']);
  });
});

test('a Nova session that has something to answer and no response is not ready', async () => {
  for (const begin of [
    (call: NovaCall) => call.session.sendText('When do you open?'),
    (call: NovaCall) => call.speak(300),
  ]) {
    const clock = new FakeClock();
    const sim = { faults: [{ when: { at: 'connect' }, fault: { type: 'silent' } }] } as const;
    let isAsked = false;
    const credentials = (): Promise<typeof SIMULATED_CREDENTIALS> => {
      isAsked = true;
      return Promise.resolve(SIMULATED_CREDENTIALS);
    };
    await withNova({ clock, sim, provider: { credentials } }, async ({ open }) => {
      const call = open({ greeting: undefined });
      begin(call);
      // The request goes out soon after it was signed.
      await until(() => isAsked, 'the signature');
      for (let turns = 0; turns < 100; turns++) await setImmediate();
      clock.advance(5000);
      assert.deepEqual(call.kinds(), ['failed']);
      assert.equal(call.of('failed')[0]?.error.code, 'VOICE_STALLED');
    });
  }
});

test('a caller who speaks while a Nova session opens is reported as speaking', async () => {
  await withNova({}, async ({ open }) => {
    const call = open({ greeting: undefined });
    call.speak(300);
    await until(() => call.of('caller-speech-started').length === 1, 'the speech');
    assert.deepEqual(call.kinds().slice(0, 2), ['ready', 'caller-speech-started']);
  });
});

test('a Nova session without a greeting is ready and silent', async () => {
  await withNova({ sim: { brain: scriptedBrain(['Never said.']) } }, async ({ open, seen }) => {
    const call = open({ greeting: undefined });
    await until(() => call.of('ready').length === 1, 'the session');
    await until(() => seen().audio.durationMs > 1000, 'a second of silence');
    assert.deepEqual(call.kinds(), ['ready']);
    assert.deepEqual(seen().typed, []);
  });
});
