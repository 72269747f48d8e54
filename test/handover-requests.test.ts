import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { SPEED, counted, scene, warmUp, withFront } from './support/handover-rig.js';
import { PatientPhone, busy, dropping, inTurn, recordsOf } from './support/handover-scene.js';
import { PUBLIC_HOST, until } from './support/rig.js';
import { scaledClock } from './support/scaled-clock.js';

const FALLBACK = { fallbackUrl: `https://${PUBLIC_HOST}/twilio/fallback` };

before(warmUp);

describe('Twilio requests that arrive twice or get lost', { concurrency: 4 }, () => {
  test('a dial result that Twilio sends twice is handled once and gets the same answer', async () => {
    await withFront({ phone: busy }, async (rig, front) => {
      front.mishaps.set('/twilio/dial-result', 'twice');
      const one = await scene(rig);
      await one.talking(2);
      assert.equal(one.events('dial-ended').length, 1);
      assert.match(front.pairs[0]?.[0] ?? '', /<Stream /);
      assert.equal(front.pairs[0]?.[1], front.pairs[0]?.[0], 'both requests get the same stream');
      await counted(rig, 'gateway_handovers_total{outcome="busy"} 1');
      one.call.hangup();
      await one.ends('caller_hung_up');
    });
  });

  test('a dial result that Twilio sends twice during a redial counts as one try', async () => {
    const patient = new PatientPhone();
    const env = { AFTER_FAILED_DIAL: 'busy=again' };
    await withFront({ phone: inTurn(busy, patient), env }, async (rig, front) => {
      front.mishaps.set('/twilio/dial-result', 'twice');
      const one = await scene(rig);
      await until(() => one.isBridged, 'the second try');
      assert.deepEqual([one.dials, one.events('dial-ended').length, one.events('dialling').length], [2, 1, 2]);
      assert.match(front.pairs[0]?.[0] ?? '', /<Dial /);
      assert.equal(front.pairs[0]?.[1], front.pairs[0]?.[0], 'both requests get the same dial');
      patient.legs[0]?.hangup();
      await one.ends('handed_over');
    });
  });

  for (const [name, mishap] of [
    ['an action request that Twilio sends twice after the stream leads to one dial', 'twice'],
    ['an action request that Twilio sends twice at once after the stream leads to one dial', 'at-once'],
  ] as const) {
    test(name, async () => {
      const patient = new PatientPhone();
      await withFront({ phone: patient }, async (rig, front) => {
        front.mishaps.set('/twilio/stream-ended', mishap);
        const one = await scene(rig);
        await until(() => one.isBridged, 'the bridge');
        const [[first, second] = []] = front.pairs;
        assert.match(first ?? '', /<Dial .*<Number [^>]*whisper/);
        assert.equal(second, first, 'both requests get the same dial');
        assert.equal(one.events('dialling').length, 1);
        assert.equal(one.events('handover-prepared').length, 1);
        assert.match(patient.digits, /^\d{10}#/);
        assert.equal((await recordsOf(rig)).filter(({ handover_id }) => handover_id !== undefined).length, 1);
        assert.match(await rig.running.metrics.text(), /gateway_escalations_total\{[^}]*\} 1\n/);
        patient.legs[0]?.hangup();
        await one.ends('handed_over');
        assert.match(await rig.running.metrics.text(), /gateway_handovers_total\{outcome="bridged"\} 1\n/);
      });
    });
  }

  for (const mishap of ['refused', 'lost'] as const) {
    test(`a Twilio request that is ${mishap} on its way is retried, and the call is unaffected`, async () => {
      const patient = new PatientPhone();
      await withFront(
        { phone: inTurn(busy, patient), env: { AFTER_FAILED_DIAL: 'busy=again' } },
        async (rig, front) => {
          for (const path of ['voice', 'stream-ended', 'dial-result', 'whisper'])
            front.mishaps.set(`/twilio/${path}`, mishap);
          const one = await scene(rig, undefined, FALLBACK);
          await until(() => one.isBridged, 'the bridge after the second ring');
          assert.match(patient.digits, /^\d{10}#/);
          assert.equal(front.mishaps.size, 0);
          patient.legs[0]?.hangup();
          await one.ends('handed_over');
          assert.deepEqual([one.dials, rig.provider.sessions.length], [2, 1]);
          assert.doesNotMatch(rig.log(), /asks the fallback/);
        },
      );
    });
  }

  test('Twilio retries after five seconds when our answer never arrives, and Connect is dialled once', async () => {
    const patient = new PatientPhone();
    await withFront({ phone: patient }, async (rig, front) => {
      front.mishaps.set('/twilio/stream-ended', 'hung');
      const one = await scene(rig, undefined, FALLBACK);
      await until(() => one.isBridged, 'the bridge');
      assert.match(patient.digits, /^\d{10}#/);
      patient.legs[0]?.hangup();
      await one.ends('handed_over');
      assert.equal(one.dials, 1);
      assert.doesNotMatch(rig.log(), /asks the fallback/);
    });
  });

  test('the fallback URL makes good a lost dial result when no agent had answered', async () => {
    await withFront({ phone: busy }, async (rig, front) => {
      front.outages.set('/twilio/dial-result', 'refused');
      const one = await scene(rig, undefined, FALLBACK);
      await one.talking(2);
      assert.match(one.opening, /take a message/);
      assert.match(rig.log(), /Twilio asks the fallback/);
      one.call.hangup();
    });
  });

  test('a dial result that is lost after a conversation does not dial the agent again', async () => {
    const patient = new PatientPhone();
    const clock = scaledClock(SPEED);
    await withFront({ phone: patient, clock }, async (rig, front) => {
      front.outages.set('/twilio/dial-result', 'refused');
      const one = await scene(rig, undefined, FALLBACK);
      await until(() => one.isBridged, 'the bridge');
      await clock.skip(20_000);
      patient.legs[0]?.hangup();
      await one.ends('handed_over');
      assert.equal(one.dials, 1);
      await counted(rig, 'gateway_handovers_total{outcome="bridged"} 1');
    });
  });

  test('a dial result that is lost after the whisper alone leads to another dial', async () => {
    const patient = new PatientPhone();
    const env = { AFTER_FAILED_DIAL: 'failed=again' };
    await withFront({ phone: inTurn(dropping, patient), env }, async (rig, front) => {
      front.outages.set('/twilio/dial-result', 'refused');
      const one = await scene(rig, undefined, FALLBACK);
      await until(() => one.isBridged, 'the second dial');
      assert.equal(one.dials, 2);
      assert.deepEqual(one.said, ['One moment, please.']);
      await counted(rig, 'gateway_handovers_total{outcome="failed"} 1');
      front.outages.clear();
      patient.legs[0]?.hangup();
      await one.ends('handed_over');
    });
  });

  test('the fallback URL repeats a dial instruction that was lost', async () => {
    const patient = new PatientPhone();
    await withFront({ phone: patient }, async (rig, front) => {
      front.outages.set('/twilio/stream-ended', 'lost');
      const one = await scene(rig, undefined, FALLBACK);
      await until(() => one.isBridged, 'the bridge');
      assert.equal(one.dials, 1);
      assert.match(rig.log(), /Twilio asks the fallback/);
      patient.legs[0]?.hangup();
      await one.ends('handed_over');
    });
  });

  test('the gateway stops waiting for a dial result when Twilio reports the end of the call', async () => {
    const statusCallback = `https://${PUBLIC_HOST}/twilio/call-status`;
    const clock = scaledClock(SPEED);
    await withFront({ phone: new PatientPhone(), clock }, async (rig, front) => {
      front.outages.set('/twilio/dial-result', 'refused');
      const one = await scene(rig, undefined, { statusCallback });
      await until(() => one.isBridged, 'the bridge');
      one.call.hangup();
      await rig.carrier.whenIdle();
      await clock.skip(16_000);
      await one.ends('caller_hung_up');
    });
  });

  test('the gateway asks Twilio over REST about a call whose end was never reported', async () => {
    const patient = new PatientPhone();
    const clock = scaledClock(SPEED);
    await withFront({ phone: patient, clock, rest: {} }, async (rig, front) => {
      front.outages.set('/twilio/dial-result', 'refused');
      const one = await scene(rig);
      const other = await scene(rig, '+12025550124');
      await until(() => one.isBridged && other.isBridged, 'the bridges');
      patient.legs[0]?.hangup();
      await rig.carrier.whenIdle();
      assert.equal(rig.running.gateway.activeCalls, 2);
      await clock.skip(5 * 60_000 + 20_000);
      await one.ends('caller_hung_up');
      assert.equal(other.outcome, undefined);
      assert.equal(rig.running.gateway.activeCalls, 1);
      front.outages.clear();
      patient.legs[1]?.hangup();
      await other.ends('handed_over');
    });
  });
});
