import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { ConnectApi } from '../sim/connect-api/server.js';
import { PATHS } from '../src/call/paths.js';
import { startEmbeddedDynamoDb } from '../src/handover/embedded-dynamodb.js';
import { defineTool } from '../src/voice/tools.js';
import { SPEED, counted, scene, withFront, withRig } from './support/handover-rig.js';
import { PatientPhone, Scene, busy, dropping, failing, inTurn, silent } from './support/handover-scene.js';
import { PUBLIC_HOST, until } from './support/rig.js';
import { scaledClock } from './support/scaled-clock.js';

/** The number that callers dial. */
const OWN_NUMBER = '+12065550199';

describe('a handover by TwiML', { concurrency: 4 }, () => {
  test('the agent gets the caller with the context, and the caller hears no digits', async () => {
    // Slower than the rest, because the first handover of a busy process takes long and the write has 3 s of this clock.
    await withRig({ clock: scaledClock(3) }, async (rig) => {
      const { call, tones } = await scene(rig);
      await call.whenEnded();
      assert.match(rig.provider.last.said.join(), /connecting you with a colleague/);
      const { customer_phone: phone, reason, summary, token_status: status } = rig.screens[0]?.attributes ?? {};
      assert.deepEqual([status, phone, reason], ['valid', '+12025550123', 'requested_human']);
      assert.match(summary ?? '', /Caller: I want to speak to a human agent/);
      assert.deepEqual(tones, []);
      await counted(rig, 'gateway_handovers_total{outcome="bridged"} 1');
    });
  });

  for (const [name, phone, outcome] of [
    ['after a busy dial the assistant returns and offers to take a message', busy, 'busy'],
    ['after a failed dial the assistant returns and offers to take a message', failing, 'failed'],
    ['after an unanswered dial the assistant returns and offers to take a message', silent, 'no_answer'],
    ['after a dial dropped before the bridge the assistant returns and offers to take a message', dropping, 'dropped'],
  ] as const) {
    test(name, async () => {
      await withRig({ phone }, async (rig) => {
        const one = await scene(rig);
        await one.talking(2);
        assert.match(one.opening, /none of my colleagues is free.*take a message.*call you back/);
        assert.deepEqual(
          one.events('dial-ended').map((event) => event.outcome),
          [outcome],
        );
        await counted(rig, `gateway_handovers_total{outcome="${outcome}"} 1`);
        assert.deepEqual(one.ringSeconds, ['25']);
        assert.ok(one.toolNames.includes('take_message') && one.toolNames.includes('request_callback'));
        one.call.hangup();
        await one.ends('caller_hung_up');
      });
    });
  }

  test('a dropped dial is tried again, and the second try has a token of its own', async () => {
    const patient = new PatientPhone();
    await withRig({ phone: inTurn(dropping, patient), env: { AFTER_FAILED_DIAL: 'dropped=again' } }, async (rig) => {
      const one = await scene(rig);
      await until(() => one.isBridged, 'the second try');
      assert.equal(one.dials, 2);
      assert.deepEqual(one.said, ['One moment, please.']);
      const tokens = one.events('handover-prepared').map((event) => event.handoverId);
      assert.equal(new Set(tokens).size, 2);
      assert.match(rig.log(), /"attempt":1,[^]*"attempt":2,/);
      patient.legs[0]?.hangup();
      await one.ends('handed_over');
    });
  });

  test('three busy dials lead to the step set for exhausted, here voicemail', async () => {
    await withRig({ phone: busy, env: { AFTER_FAILED_DIAL: 'busy=again,exhausted=voicemail' } }, async (rig) => {
      const one = await scene(rig);
      await until(() => one.asked.some((line) => line.includes('Record')), 'the voicemail');
      assert.equal(one.dials, 3);
      await counted(rig, 'gateway_handovers_total{outcome="busy"} 3');
      one.call.hangup();
    });
  });

  for (const [staffed, result, name] of [
    [0, 'unavailable', 'with no agent logged in Connect is not dialled, and the assistant returns at once'],
    [3, 'reachable', 'with an agent logged in Connect is dialled'],
    [undefined, 'unknown', 'Connect is dialled when it does not say whether agents are logged in'],
  ] as const) {
    test(name, async () => {
      const api = new ConnectApi({ instanceId: 'i-1' });
      const queue = 'arn:aws:connect:us-east-1:000000000000:instance/i-1/queue/q-1';
      if (staffed === undefined) api.fault = 'broken';
      else api.queues.set(queue, { AGENTS_STAFFED: staffed });
      const env = {
        CONNECT_CHECK_AVAILABILITY: 'staffed',
        CONNECT_INSTANCE_ID: 'i-1',
        CONNECT_QUEUE_ARN: queue,
        AWS_ENDPOINT_URL_CONNECT: await api.start(),
      };
      await withRig({ phone: busy, env }, async (rig) => {
        const one = await scene(rig);
        await one.talking(2);
        assert.equal(one.dials, staffed === 0 ? 0 : 1);
        assert.match(one.opening, /none of my colleagues is free/);
        assert.deepEqual(api.refusals, []);
        assert.equal(api.asked, 1);
        await counted(rig, `connect_availability_checks_total{result="${result}"} 1`);
        assert.equal(/"level":"warn".*did not report agent/.test(rig.log()), result === 'unknown');
        one.call.hangup();
      });
      await api.close();
    });
  }

  test('a caller who withholds the number reaches the agent with our number, and neither model nor tools are told one', async () => {
    const told: string[] = [];
    const lookUp = defineTool({
      name: 'look_up',
      description: '',
      parameters: z.object({}),
      run: (_arguments, { callerNumber }) => Promise.resolve(told.push(callerNumber)),
    });
    await withRig({ tools: [lookUp] }, async (rig) => {
      for (const from of ['anonymous', '+7378742833']) {
        const before = rig.screens.length;
        const one = new Scene(rig, from);
        await one.talking();
        assert.equal(rig.provider.last.options.callerNumber, undefined);
        rig.provider.last.emit({ type: 'tool-call', toolCallId: 't', name: 'look_up', arguments: {} });
        await until(() => rig.provider.last.toolResults.length === 1, 'the tool');
        assert.equal(told.at(-1), '');
        await one.asksForHuman();
        await one.call.whenEnded();
        const screen = rig.screens[before];
        assert.deepEqual(
          [screen?.customerNumber, screen?.attributes['token_status'], screen?.attributes['customer_phone']],
          [OWN_NUMBER, 'valid', 'unknown'],
        );
      }
    });
  });

  for (const [name, path, outcome] of [
    ['above the limit of calls, a caller who withholds the number reaches an agent', PATHS.voice, 'refused_busy'],
    [
      'after the memory of the call was lost, a caller who withholds the number reaches an agent',
      PATHS.streamEnded,
      'abandoned',
    ],
  ] as const) {
    test(name, async () => {
      await withRig({ env: { MAX_CONCURRENT_CALLS: '1' } }, async (rig) => {
        const first = new Scene(rig);
        await first.talking();
        for (const from of ['', '+8656696']) {
          const before = rig.screens.length;
          const call = rig.call(from, { voiceUrl: `https://${PUBLIC_HOST}${path}` });
          const said: string[] = [];
          call.on('say', (text) => said.push(text));
          await call.whenEnded();
          assert.equal(rig.screens[before]?.customerNumber, OWN_NUMBER);
          assert.equal(said.length, outcome === 'abandoned' ? 1 : 0);
        }
        await counted(rig, `gateway_sessions_total{outcome="${outcome}"} 2`);
        first.call.hangup();
      });
    });
  }

  test('a caller who hangs up during ringing ends the call, and the ringing leg is cancelled', async () => {
    await withRig({ phone: silent }, async (rig) => {
      const one = await scene(rig);
      await until(() => one.dials === 1, 'the ringing');
      one.call.hangup();
      await one.ends('caller_hung_up');
      assert.deepEqual(one.events('dial-ended')[0]?.outcome, 'caller_gone');
      assert.deepEqual(one.dialEnds, ['canceled false']);
    });
  });

  test('a stream that breaks during the goodbye still leads to an agent', async () => {
    await withRig({}, async (rig) => {
      const one = await scene(rig);
      one.call.mediaStream?.drop();
      await one.call.whenEnded();
      assert.equal(rig.screens[0]?.attributes['token_status'], 'valid');
    });
  });

  test('a Twilio error on the dial is logged with its code, and the next step is taken', async () => {
    await withRig({ phone: failing, carrier: { extraFields: { ErrorCode: '13224' } } }, async (rig) => {
      const one = await scene(rig);
      await one.talking(2);
      assert.match(rig.log(), /"outcome":"failed","twilio_error":13224/);
      one.call.hangup();
    });
  });

  test('a failing whisper URL puts the caller through without the digits', async () => {
    const patient = new PatientPhone();
    await withFront({ phone: patient }, async (rig, front) => {
      front.outages.set('/twilio/whisper', 'refused');
      const one = await scene(rig);
      await until(() => one.isBridged, 'the bridge');
      assert.equal(patient.digits, '');
      assert.ok(one.problems.includes(11200), one.problems.join());
      patient.legs[0]?.hangup();
      await one.ends('handed_over');
    });
  });

  test('with the store down the caller is put through without a token, and no callback is promised', async () => {
    const embedded = await startEmbeddedDynamoDb({});
    const env = { DYNAMODB_ENDPOINT_URL: embedded.endpointUrl, AFTER_FAILED_DIAL: 'busy=callback' };
    const patient = new PatientPhone();
    await withRig({ phone: inTurn(patient, busy), env }, async (rig) => {
      await embedded.close();
      const one = await scene(rig);
      await until(() => one.isBridged, 'the bridge');
      assert.equal(patient.digits, '');
      assert.match(rig.log(), /handover record could not be written/);
      patient.legs[0]?.hangup();
      await one.ends('handed_over');

      const two = await scene(rig, '+12025550124');
      await two.ends('no_human');
      assert.match(two.said.join(), /nobody can take your call/);
      assert.match(await rig.running.metrics.text(), /gateway_messages_total\{kind="callback",outcome="lost"\} 1/);
    });
  });
});

describe('a call that was put through', { concurrency: 4 }, () => {
  for (const [name, by] of [
    ['the gateway does nothing that ends a call put through by TwiML', 'twiml'],
    ['the gateway does nothing that ends a call put through over REST', 'rest'],
  ] as const) {
    test(name, async () => {
      const patient = new PatientPhone();
      const clock = scaledClock(SPEED);
      const env = { MAX_CALL_SECONDS: '100' };
      await withRig({ phone: patient, clock, env, ...(by === 'rest' ? { rest: {} } : {}) }, async (rig) => {
        const one = await scene(rig);
        await until(() => one.isBridged, 'the bridge');
        assert.equal(rig.provider.last.isClosed, true);
        assert.equal(one.call.mediaStream, undefined);
        await clock.skip(61_000);
        await rig.running.gateway.drain(0);
        assert.equal(rig.running.gateway.activeCalls, 1);
        await clock.skip(61_000);
        await rig.running.gateway.close();
        await clock.skip(61_000);
        assert.equal(one.call.isOver, false);
        assert.deepEqual(patient.goneBy, []);
        assert.equal(one.dials, 1);
        one.call.hangup();
      });
    });
  }
});
