import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { before, describe, test } from 'node:test';
import { type Options, scene, warmUp, withRig } from './support/handover-rig.js';
import { PatientPhone, Scene, busy } from './support/handover-scene.js';
import { LossyFront } from './support/lossy-front.js';
import { until } from './support/rig.js';

before(warmUp);

describe('dialling over REST', { concurrency: 4 }, () => {
  const asks = ({ asked }: Scene): string[] => asked.filter((line) => line.startsWith('/twilio/stream-ended'));

  test('a REST update of the live call dials, and Twilio does not request the action URL', async () => {
    await withRig({ rest: {} }, async (rig) => {
      const one = await scene(rig);
      await one.ends('handed_over');
      assert.equal(rig.screens[0]?.attributes['token_status'], 'valid');
      assert.deepEqual(asks(one), []);
      assert.ok(one.asked.includes('REST Dial'));
      assert.match(await rig.running.metrics.text(), /twilio_rest_updates_total\{result="updated"\} 1/);
    });
  });

  for (const [name, refusals, way] of [
    ['a REST request refused once with 429 is retried and dials', 1, 'REST Dial'],
    ['a REST request refused twice with 429 is replaced by one dial by TwiML', 2, '/twilio/stream-ended Dial'],
  ] as const) {
    test(name, async () => {
      const patient = new PatientPhone();
      await withRig({ rest: {}, phone: patient }, async (rig) => {
        rig.rest?.refuseNext(refusals);
        const one = await scene(rig);
        await until(() => one.isBridged, 'the bridge');
        assert.ok(one.asked.includes(way));
        assert.equal(one.dials, 1);
        assert.equal(/"level":"warn".*"result":"refused","status":429/.test(rig.log()), refusals === 2);
        patient.legs[0]?.hangup();
        await one.ends('handed_over');
      });
    });
  }

  test('a REST request with refused credentials is replaced by one dial by TwiML, and the log says why', async () => {
    const patient = new PatientPhone();
    const change: NonNullable<Options>['change'] = (config) => ({
      ...config,
      twilio: { ...config.twilio, authTokens: ['old', ...config.twilio.authTokens] },
    });
    await withRig({ rest: {}, phone: patient, change }, async (rig) => {
      const one = await scene(rig);
      await until(() => one.isBridged, 'the bridge');
      assert.equal(one.dials, 1);
      assert.match(rig.log(), /"result":"refused","status":401,"twilio_error":20003/);
      patient.legs[0]?.hangup();
      await one.ends('handed_over');
    });
  });

  test('a stream that breaks during the REST request leads to one dial', async () => {
    const patient = new PatientPhone();
    await withRig({ rest: { latencyMs: 100 }, phone: patient }, async (rig) => {
      const one = await scene(rig);
      await until(() => rig.rest?.asked === 1, 'the REST request');
      one.call.mediaStream?.drop();
      await until(() => one.isBridged, 'the bridge');
      assert.equal(one.dials, 1);
      assert.equal(one.events('dialling').length, 1);
      patient.legs[0]?.hangup();
      await one.ends('handed_over');
    });
  });

  test('a REST request that times out without effect is replaced by one dial by TwiML', async () => {
    const patient = new PatientPhone();
    await withRig({ rest: { latencyMs: 60_000 }, phone: patient }, async (rig) => {
      const one = await scene(rig);
      await until(() => one.isBridged, 'the bridge');
      assert.deepEqual(asks(one), ['/twilio/stream-ended Dial']);
      assert.match(rig.log(), /"result":"unknown"/);
      patient.legs[0]?.hangup();
      await one.ends('handed_over');
    });
  });

  test('a REST update accepted without effect holds the call for some seconds, then TwiML dials once', async (t) => {
    const patient = new PatientPhone();
    const yes = createServer((_request, response) => response.end('{}'));
    t.after(() => {
      yes.closeAllConnections();
      yes.close();
    });
    await new Promise<void>((resolve) => {
      yes.listen(0, '127.0.0.1', resolve);
    });
    const restUrl = `http://127.0.0.1:${(yes.address() as AddressInfo).port}`;
    const change: NonNullable<Options>['change'] = (config) => ({ ...config, dial: { ...config.dial, restUrl } });
    await withRig({ rest: {}, phone: patient, change }, async (rig) => {
      const one = await scene(rig);
      await until(() => one.isBridged, 'the bridge');
      assert.deepEqual(one.asked.slice(1, 3), ['/twilio/stream-ended Pause Redirect', '/twilio/held Dial']);
      assert.equal(one.dials, 1);
      patient.legs[0]?.hangup();
      await one.ends('handed_over');
    });
  });

  test('a REST update whose answer is lost still dials, and its dial result counts', async (t) => {
    const patient = new PatientPhone();
    const lost = new LossyFront(() => restUrl);
    let restUrl = '';
    await lost.start();
    t.after(() => lost.close());
    const change: NonNullable<Options>['change'] = (config) => {
      restUrl = config.dial.restUrl;
      return { ...config, dial: { ...config.dial, restUrl: lost.base } };
    };
    await withRig({ rest: {}, phone: patient, change }, async (rig) => {
      const one = new Scene(rig);
      await one.talking();
      const path = `/2010-04-01/Accounts/${rig.carrier.options.accountSid}/Calls/${one.call.callSid}.json`;
      lost.mishaps.set(path, 'hung');
      rig.provider.last.callerSays('I want to speak to a human agent.');
      await until(() => one.isBridged, 'the bridge');
      assert.deepEqual(asks(one), []);
      assert.equal(one.dials, 1);
      assert.match(patient.digits, /^\d{10}#/, 'the whisper is answered while the REST request is open');
      // Only now the gateway stops waiting for the answer of REST. The end of the stream has told it that Twilio took the update.
      await until(() => /"result":"unknown"/.test(rig.log()), 'the end of the REST request');
      await until(() => one.events('dialling').length === 1, 'the dial to be known');
      assert.match(rig.log(), /"by":"rest"/);
      patient.legs[0]?.hangup();
      await one.ends('handed_over');
      assert.match(await rig.running.metrics.text(), /gateway_handovers_total\{outcome="bridged"\} 1\n/);
    });
  });

  test('a caller who hangs up during the REST request ends the call', async () => {
    // Half of the gateway's time limit for the request, on its faster clock.
    await withRig({ rest: { latencyMs: 50 }, phone: new PatientPhone() }, async (rig) => {
      const one = await scene(rig);
      await until(() => rig.rest?.asked === 1, 'the REST request');
      one.call.hangup();
      await one.ends('caller_hung_up');
      assert.equal(one.dials, 0);
      await until(() => /"result":"refused","status":400,"twilio_error":21220/.test(rig.log()), 'the refusal');
    });
  });

  test('after a busy dial over REST the assistant returns, and the next dial goes over REST too', async () => {
    await withRig({ rest: {}, phone: busy }, async (rig) => {
      const one = await scene(rig);
      await one.asksForHuman(2);
      await one.talking(3);
      assert.equal(one.asked.filter((line) => line === 'REST Dial').length, 2);
      one.call.hangup();
    });
  });
});
