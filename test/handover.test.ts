import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { ConnectApi } from '../sim/connect-api/server.js';
import { TandemError } from '../src/base/errors.js';
import { PATHS } from '../src/call/paths.js';
import { startEmbeddedDynamoDb } from '../src/handover/embedded-dynamodb.js';
import { defineTool } from '../src/voice/tools.js';
import {
  PatientPhone,
  Scene,
  busy,
  callbacksOf,
  dropping,
  failing,
  inTurn,
  recordsOf,
  silent,
} from './support/handover-scene.js';
import { LossyFront } from './support/lossy-front.js';
import { PUBLIC_HOST, type Rig, startRig, until } from './support/rig.js';
import { scaledClock } from './support/scaled-clock.js';

const SPEED = 30;
/** The number that callers dial. */
const OWN_NUMBER = '+12065550199';
const SPOKEN = new Uint8Array(16_000).fill(0x20);

type Options = Parameters<typeof startRig>[0];

async function withRig(options: Options, body: (rig: Rig) => Promise<void>): Promise<void> {
  const rig = await startRig({ clock: scaledClock(SPEED), ...options });
  try {
    await body(rig);
    const written = rig.log();
    assert.doesNotMatch(written, /human agent|\d{10}#|"text":"[^[]/, 'no words and no digits in the log');
  } finally {
    await rig.close();
  }
}

/** Checks one line of the metrics, like `gateway_handovers_total{outcome="busy"} 1`. */
async function counted(rig: Rig, line: string): Promise<void> {
  const text = await rig.running.metrics.text();
  const [name = ''] = line.split('{');
  assert.ok(text.split('\n').includes(line), `${line} among ${text.match(new RegExp(`^${name}.*`, 'gm'))?.join(' ')}`);
}

const scene = (rig: Rig, from?: string, options?: Parameters<Rig['call']>[1]): Promise<Scene> =>
  new Scene(rig, from, options).asksForHuman();

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

const FALLBACK = { fallbackUrl: `https://${PUBLIC_HOST}/twilio/fallback` };

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
      // Only now the gateway gives the answer of REST up. The end of the stream has told it that Twilio took the update.
      await until(() => /"result":"unknown"/.test(rig.log()), 'the end of the REST request');
      await until(() => one.events('dialling').length === 1, 'the dial to be known');
      assert.match(rig.log(), /"by":"rest"/);
      patient.legs[0]?.hangup();
      await one.ends('handed_over');
      assert.match(await rig.running.metrics.text(), /gateway_handovers_total\{outcome="bridged"\} 1\n/);
    });
  });

  test('a caller who hangs up during the REST request ends the call', async () => {
    // Half of the time that the gateway gives the request, on its faster clock.
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

/** Runs `body` with a rig whose carrier reaches the gateway through a proxy that loses and repeats requests. */
async function withFront(options: Options, body: (rig: Rig, front: LossyFront) => Promise<void>): Promise<void> {
  let base = '';
  const front = await new LossyFront(() => base).start();
  try {
    await withRig({ ...options, carrier: { resolve: () => front.base } }, async (rig) => {
      ({ base } = rig);
      await body(rig, front);
    });
  } finally {
    await front.close();
  }
}
