import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sleep } from '../src/base/clock.js';
import { CONTEXT_SECRET, ContextServer } from './support/context-server.js';
import { hasEnd, typesOf, withReceiver } from './support/event-rig.js';
import { Scene } from './support/handover-scene.js';
import { CALLEE, OWN_NUMBER, type OutboundRig, startOutbound } from './support/outbound-rig.js';
import { until } from './support/rig.js';
import { scaledClock } from './support/scaled-clock.js';

for (const pipeline of [true, false]) {
  const mode = pipeline ? 'through the pipeline' : 'through the direct bridge';

  test(`the events of a call that the gateway makes name it, and say who was called, ${mode}`, async () => {
    await withReceiver<OutboundRig>(
      { pipeline },
      async (rig, receiver) => {
        const id = await rig.make();
        await until(() => rig.events.some(({ type }) => type === 'turn'), 'the first words');
        rig.provider.last.callerSays('I want to speak to a human agent.');
        await until(() => hasEnd(receiver), 'the last event');
        const [started] = receiver.events;
        assert.deepEqual(typesOf(receiver.events), ['call.started', 'call.escalated', 'call.handover', 'call.ended']);
        assert.deepEqual(started?.data, { assistant: 'default', outbound_id: id });
        for (const { call } of receiver.events)
          assert.deepEqual([call.direction, call.from, call.to], ['outbound', OWN_NUMBER, CALLEE]);
      },
      startOutbound,
    );
  });
}

test('a call for which there is no room is told once, as refused and put through to a human', async () => {
  const clock = scaledClock(30);
  await withReceiver({ clock, env: { MAX_CONCURRENT_CALLS: '1' } }, async (rig, receiver) => {
    await new Scene(rig).talking();
    const second = new Scene(rig);
    await until(() => receiver.events.length === 2, 'both events');
    const refused = receiver.events[1];
    assert.equal(refused?.type, 'call.refused');
    assert.deepEqual(refused.data, { reason: 'call_limit', to: 'human' });
    assert.equal(refused.call.call_sid, second.call.callSid);
    assert.deepEqual([refused.call.from, refused.sequence], ['+12025550123', 1]);
    assert.deepEqual(second.asked, ['/twilio/voice Dial']);
    // Twilio asks again after a lost answer.
    const form = new URLSearchParams({ CallSid: second.call.callSid, From: '+12025550123', To: '+12065550199' });
    await rig.running.gateway.answer('/twilio/voice', form);
    await sleep(clock, 3000);
    assert.equal(receiver.taken.length, 2);
  });
});

for (const [action, types, outcome] of [
  ['refuse', ['call.started', 'call.ended'], 'refused_by_hook'],
  ['human', ['call.started', 'call.escalated', 'call.handover', 'call.ended'], 'handed_over'],
] as const) {
  test(`the events of a call for which the hook says ${action} tell what became of it`, async () => {
    const clock = scaledClock(30);
    const hook = await ContextServer.start(clock);
    hook.answer = { action, variables: { plan: 'platinum plus' } };
    try {
      const env = { CALL_CONTEXT_URL: hook.url, CALL_CONTEXT_SECRET: CONTEXT_SECRET };
      const limitMs = 600_000;
      await withReceiver(
        { clock, env, change: (config) => ({ ...config, callContext: { ...config.callContext, limitMs } }) },
        async (rig, receiver) => {
          const scene = new Scene(rig);
          await scene.ends(outcome);
          await until(() => hasEnd(receiver), 'the last event');
          assert.deepEqual(typesOf(receiver.events), types);
          assert.equal(receiver.events.at(-1)?.data['outcome'], outcome);
          if (action === 'human')
            assert.deepEqual(receiver.events[1]?.data, { trigger: 'hook', reason: 'put_through' });
          assert.doesNotMatch(JSON.stringify(receiver.taken), /platinum/, 'what a hook knows is told to nobody else');
        },
      );
    } finally {
      await hook.close();
    }
  });
}
