import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { TandemError } from '../src/base/errors.js';
import { type Options, scene, warmUp, withRig } from './support/handover-rig.js';
import { Scene, busy, callbacksOf } from './support/handover-scene.js';
import { until } from './support/rig.js';

const SPOKEN = new Uint8Array(16_000).fill(0x20);

before(warmUp);

describe('messages that callers leave', { concurrency: 4 }, () => {
  test('a voicemail is announced, recorded, thanked for, and kept once for the team', async () => {
    await withRig({ phone: busy, env: { AFTER_FAILED_DIAL: 'voicemail' } }, async (rig) => {
      const one = new Scene(rig);
      one.call.on('recording-started', () => {
        one.call.speak(SPOKEN);
      });
      await one.asksForHuman();
      await one.ends('message_taken');
      await rig.carrier.whenIdle();
      assert.match(one.said.join(), /leave a message after the tone.*Thank you/);
      await until(() => one.events('message-kept').length === 2, 'both reports');
      const kept = await callbacksOf(rig);
      assert.equal(kept.length, 1, 'reported twice, kept once');
      assert.equal(kept[0]?.['kind'], 'voicemail');
      assert.match(kept[0]?.['recording_url'] ?? '', /^https:\/\/api\.twilio\.com\/.*\/Recordings\/RE/);
      assert.equal(kept[0]?.['customer_phone'], '+12025550123');
      assert.equal(Number(kept[0]?.['expires_at']) - Number(kept[0]?.['created_at']), 7 * 86_400);
      assert.doesNotMatch(rig.log(), /Recordings\/RE/);
    });
  });

  test('an empty voicemail ends the call with a sentence, and nothing is kept', async () => {
    await withRig({ phone: busy, env: { AFTER_FAILED_DIAL: 'voicemail' } }, async (rig) => {
      const one = await scene(rig);
      await one.ends('no_human');
      assert.match(one.said.at(-1) ?? '', /Goodbye/);
      assert.deepEqual(await callbacksOf(rig), []);
    });
  });

  test('a voicemail is kept when the caller hangs up in the middle of it', async () => {
    await withRig({ phone: busy, env: { AFTER_FAILED_DIAL: 'voicemail' } }, async (rig) => {
      const one = new Scene(rig);
      one.call.on('recording-started', () => {
        one.call.speak(new Uint8Array(800_000).fill(0x20));
        void one.call.pass(3000).then(() => one.call.hangup());
      });
      await one.asksForHuman();
      await one.ends('message_taken');
      await until(() => one.events('message-kept').length > 0, 'the record');
      assert.equal((await callbacksOf(rig)).length, 1);
    });
  });

  test('a callback is promised with a sentence and kept with the caller number', async () => {
    await withRig({ phone: busy, env: { AFTER_FAILED_DIAL: 'callback' } }, async (rig) => {
      const one = await scene(rig);
      await one.ends('callback_promised');
      assert.match(one.said.join(), /will call you back/);
      const [kept] = await callbacksOf(rig);
      assert.deepEqual(
        [kept?.['kind'], kept?.['customer_phone'], kept?.['status']],
        ['callback', '+12025550123', 'open'],
      );
    });
  });

  test('a caller who withholds the number gets voicemail instead of a callback', async () => {
    await withRig({ phone: busy, env: { AFTER_FAILED_DIAL: 'callback' } }, async (rig) => {
      for (const from of ['anonymous', '', '+7378742833']) {
        const one = await scene(rig, from);
        await until(() => one.asked.some((line) => line.includes('Record')), `the voicemail of ${from}`);
        one.call.hangup();
        await one.call.whenEnded();
      }
    });
  });

  test('the assistant takes messages and callbacks, and only after a failed dial', async () => {
    await withRig({ phone: busy }, async (rig) => {
      const one = new Scene(rig);
      await one.talking();
      assert.equal(one.toolNames.includes('take_message'), false);
      await one.asksForHuman();
      await one.talking(2);
      const { last } = rig.provider;
      let calls = 0;
      const ask = (name: string, args: unknown): void =>
        last.emit({ type: 'tool-call', toolCallId: `t${++calls}`, name, arguments: args });
      ask('take_message', { message: 'My order 42 is late. Zoë Müller.' });
      ask('request_callback', { when: 'tomorrow morning', about: 'order 42' });
      ask('take_message', { message: '' });
      await until(() => last.toolResults.length === 3, 'three answers');
      assert.deepEqual(
        last.toolResults.filter((result) => (result as { status?: string }).status === 'kept').length,
        2,
      );
      const kept = await callbacksOf(rig);
      assert.deepEqual(new Set(kept.map((record) => record['kind'])), new Set(['callback', 'message']));
      assert.ok(kept.some((record) => record['message'] === 'My order 42 is late. Zoë Müller.'));
      assert.ok(kept.some((record) => record['when'] === 'tomorrow morning'));
      assert.doesNotMatch(rig.log(), /order 42|Zoë|tomorrow/);
      one.call.hangup();
    });
  });

  const withoutNumber: NonNullable<Options>['change'] = (config) => ({
    ...config,
    handover: { ...config.handover, connectPhoneNumber: undefined },
  });

  test('a caller whose assistant has failed is told so before the call ends if no number can be rung', async () => {
    await withRig({ change: withoutNumber }, async (rig) => {
      const one = new Scene(rig);
      await one.talking();
      rig.provider.last.emit({ type: 'failed', error: new TandemError('VOICE_REFUSED', 'Gone.') });
      await one.ends('no_human');
      assert.match(one.said.join(), /nobody can take your call/);
      assert.equal(rig.provider.sessions.length, 1, 'the assistant is not tried again');
    });
  });

  test('without a Connect number the assistant offers to take a message from the start', async () => {
    await withRig({ change: withoutNumber }, async (rig) => {
      const one = new Scene(rig);
      await one.talking();
      assert.ok(one.toolNames.includes('take_message'));
      for (const stream of [1, 2]) {
        await one.asksForHuman(stream);
        await one.talking(stream + 1);
        assert.match(one.opening, /take a message/);
      }
      await one.asksForHuman(3);
      await one.ends('no_human');
      assert.match(one.said.join(), /nobody can take your call/);
      assert.equal(one.dials, 0);
    });
  });
});
