import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type CarrierRig, streamTwiml, withCarrier } from '../../test/support/carrier-rig.js';
import { FAKE_HOST } from '../../test/support/fake-gateway.js';
import { until } from '../../test/support/rig.js';
import type { CarrierCall } from './carrier-call.js';

const passed = async ({ clock }: CarrierRig, durationMs: number): Promise<void> => {
  clock.advance(durationMs);
  // The steps that follow wait for promises only.
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
};

/** Returns the call when its first document is running. */
async function running(rig: CarrierRig, twiml: string): Promise<CarrierCall> {
  rig.gateway.say('/voice', twiml);
  const call = rig.call();
  let isRunning = false;
  call.on('twiml', () => (isRunning = true));
  await until(() => isRunning, 'the document');
  return call;
}

describe('simulated carrier: verbs', () => {
  test('Say without a synthesizer takes the time that its words would need', async () => {
    await withCarrier({}, async (rig) => {
      const said: string[] = [];
      rig.gateway.say('/voice', '<Say>0123456789</Say>');
      const call = rig.call();
      call.on('say', (text) => said.push(text));
      await until(() => said.length === 1, 'the words');
      assert.equal(call.status, 'in-progress');
      await passed(rig, 649);
      assert.equal(call.isOver, false);
      await passed(rig, 1);
      assert.equal(call.endReason, 'no-more-twiml');
    });
  });

  test('Say with a synthesizer is heard frame by frame', async () => {
    await withCarrier({ synthesize: () => Promise.resolve(new Uint8Array(400).fill(0x10)) }, async (rig) => {
      const sizes: number[] = [];
      rig.gateway.say('/voice', '<Say>x</Say>');
      const call = rig.call();
      call.on('heard', (frame) => sizes.push(frame.length));
      await until(() => sizes.length === 1, 'the first frame');
      for (let frame = 0; frame < 3; frame++) await passed(rig, 20);
      assert.deepEqual(sizes, [160, 160, 80]);
      assert.equal(call.isOver, true);
    });
  });

  test('Pause waits, and does not answer the call if it is the first verb', async () => {
    await withCarrier({}, async (rig) => {
      const call = await running(rig, '<Pause length="3"/><Pause/><Hangup/>');
      assert.equal(call.status, 'ringing');
      await passed(rig, 3000);
      await passed(rig, 999);
      assert.equal(call.status, 'ringing');
      await passed(rig, 1);
      assert.equal(call.endReason, 'gateway-hung-up');
    });
  });

  test('Play plays its digits to the caller with the waits between them', async () => {
    await withCarrier({}, async (rig) => {
      const tones: string[] = [];
      rig.gateway.say('/voice', '<Play digits="1wW2"/>');
      const call = rig.call();
      call.on('tone', (digit) => tones.push(digit));
      await until(() => tones.length === 1, 'the first tone');
      for (const waitMs of [200, 500, 999]) await passed(rig, waitMs);
      assert.deepEqual(tones, ['1']);
      await passed(rig, 1);
      assert.deepEqual(tones, ['1', '2']);
      await passed(rig, 200);
      assert.equal(call.isOver, true);
    });
  });

  test('Play of anything but digits causes a warning (12200)', async () => {
    await withCarrier({}, async ({ call, gateway, problems }) => {
      gateway.say('/voice', '<Play digits="call me"/>');
      await call().whenEnded();
      assert.deepEqual(problems, [12200]);
    });
  });

  test('Reject of an answered call does nothing, and the next verb runs', async () => {
    await withCarrier({ synthesize: () => Promise.resolve(new Uint8Array()) }, async ({ call, gateway }) => {
      gateway.say('/voice', '<Say>Hi.</Say><Reject reason="busy"/><Redirect>/next</Redirect>');
      gateway.say('/next', '<Hangup/>');
      const live = call();
      assert.equal(await live.whenEnded(), 'gateway-hung-up');
      assert.equal(live.status, 'completed');
      assert.equal(gateway.of('/next').length, 1);
    });
  });

  test('Redirect skips the verbs after it', async () => {
    await withCarrier({}, async ({ call, gateway }) => {
      gateway.say('/voice', '<Redirect>/next</Redirect><Say>never</Say>');
      gateway.say('/next', '<Hangup/>');
      const live = call();
      live.on('say', () => assert.fail('it was left'));
      assert.equal(await live.whenEnded(), 'gateway-hung-up');
    });
  });

  test('a TwiML attribute with an invalid value is left out (12200)', async () => {
    await withCarrier({}, async (rig) => {
      const call = await running(rig, '<Pause length="long"/><Redirect method="PUT">/next</Redirect>');
      rig.gateway.say('/next', '<Hangup/>');
      assert.deepEqual(rig.problems, [12200, 12200]);
      await passed(rig, 1000);
      await call.whenEnded();
      assert.equal(rig.gateway.of('/next')[0]?.method, 'POST');
    });
  });

  test('the action of Connect is requested by its own method, with the fields of the call', async () => {
    await withCarrier({}, async ({ call, gateway }) => {
      gateway.say('/voice', streamTwiml('', '', 'action="/after" method="GET"'));
      gateway.say('/after', '<Hangup/>');
      const live = call();
      await until(() => gateway.streams[0]?.of('start').length === 1, 'the stream');
      gateway.stream.socket.close();
      await live.whenEnded();
      const [request] = gateway.of('/after');
      assert.equal(request?.method, 'GET');
      assert.equal(request.form.get('CallStatus'), 'in-progress');
      assert.equal(request.form.get('CallSid'), live.callSid);
    });
  });

  test('a status callback with a relative URL is not requested (12200)', async () => {
    await withCarrier({}, async ({ call, gateway, problems }) => {
      gateway.say('/voice', `<Connect><Stream url="wss://${FAKE_HOST}/stream" statusCallback="/status"/></Connect>`);
      const live = call();
      await until(() => gateway.streams[0]?.of('start').length === 1, 'the stream');
      assert.deepEqual(problems, [12200]);
      live.hangup();
    });
  });
});
