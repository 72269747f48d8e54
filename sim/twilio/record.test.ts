import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type CarrierRig, withCarrier } from '../../test/support/carrier-rig.js';
import { within } from '../../test/support/deadline.js';
import { FAKE_HOST } from '../../test/support/fake-gateway.js';
import { until } from '../../test/support/rig.js';
import type { CarrierCall } from './carrier-call.js';

const secondsOf = (seconds: number): Uint8Array => new Uint8Array(seconds * 8000).fill(0x20);
const RECORD = `<Record action="/done" recordingStatusCallback="https://${FAKE_HOST}/recorded"`;

interface Recorded extends CarrierRig {
  live: CarrierCall;
  /** Advances call time in steps of a tenth of a second. */
  pass: (durationMs: number) => Promise<void>;
  isRecording: () => boolean;
}

/** Runs `body` on a call that is recording, after the beep. */
async function withRecording(attributes: string, body: (rig: Recorded) => Promise<void>): Promise<void> {
  await withCarrier({}, async (rig) => {
    rig.gateway.say('/voice', `${RECORD} ${attributes}/><Redirect>/nothing</Redirect>`);
    rig.gateway.say('/done', '<Hangup/>');
    rig.gateway.say('/nothing', '<Hangup/>');
    const live = rig.call();
    const pass = async (durationMs: number): Promise<void> => {
      for (let passedMs = 0; passedMs < durationMs; passedMs += 100) {
        rig.clock.advance(100);
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
      }
    };
    let isRecording = false;
    live.on('recording-started', () => (isRecording = true));
    live.on('recording-ended', () => (isRecording = false));
    await until(() => rig.clock.timers === 1 && live.status === 'in-progress', 'the beep');
    await pass(1000);
    assert.ok(isRecording, 'after a beep of one second');
    await body({ ...rig, live, pass, isRecording: () => isRecording });
  });
}

async function done(rig: Recorded): Promise<Record<string, string>> {
  await within(rig.live.whenEnded(), 'the end of the call');
  await rig.carrier.whenIdle();
  return Object.fromEntries(rig.gateway.of('/done')[0]?.form ?? []);
}

describe('simulated carrier: Record', () => {
  test('a recording ends after five seconds of silence and is reported to the action and the callback alike', async () => {
    await withRecording('', async (rig) => {
      rig.live.speak(secondsOf(3));
      await rig.pass(8200);
      const form = await done(rig);
      assert.equal(form['RecordingDuration'], '3');
      assert.equal(form['Digits'], '');
      assert.match(
        form['RecordingUrl'] ?? '',
        /^https:\/\/api\.twilio\.com\/2010-04-01\/Accounts\/AC4+\/Recordings\/RE[0-9a-f]{32}$/,
      );
      const [reported] = rig.gateway.of('/recorded');
      assert.deepEqual(
        ['RecordingUrl', 'RecordingSid', 'RecordingStatus', 'CallSid'].map((name) => reported?.form.get(name)),
        [form['RecordingUrl'], form['RecordingSid'], 'completed', rig.live.callSid],
      );
    });
  });

  for (const [attributes, key, ends] of [
    ['', '7', true],
    ['finishOnKey="#"', '7', false],
    ['finishOnKey="#"', '#', true],
  ] as const) {
    test(`key ${key} ${ends ? 'ends' : 'does not end'} a recording with ${attributes || 'the default finishOnKey'}`, async () => {
      await withRecording(attributes, async (rig) => {
        rig.live.speak(secondsOf(60));
        await rig.pass(2000);
        rig.live.pressDigit(key);
        await rig.pass(200);
        assert.equal(rig.isRecording(), !ends);
        if (!ends) rig.live.hangup();
        const form = await done(rig);
        assert.equal(form['Digits'], ends ? key : 'hangup');
        assert.equal(form['RecordingDuration'], '2');
      });
    });
  }

  test('a recording ends at its maximum length', async () => {
    await withRecording('maxLength="4"', async (rig) => {
      rig.live.speak(secondsOf(60));
      await rig.pass(4000);
      assert.equal((await done(rig))['RecordingDuration'], '4');
    });
  });

  test('an empty recording is not reported, and the next verb runs', async () => {
    await withRecording('timeout="2"', async (rig) => {
      await rig.pass(2000);
      assert.deepEqual(await done(rig), {});
      assert.equal(rig.gateway.of('/nothing').length, 1);
      assert.equal(rig.gateway.of('/recorded').length, 0);
    });
  });

  test('a recording that a hang-up ends is reported, and the answer is ignored', async () => {
    await withRecording('', async (rig) => {
      rig.gateway.say('/done', '<Say>Hello?</Say>');
      rig.live.on('say', () => assert.fail('the caller has hung up'));
      rig.live.speak(secondsOf(2));
      await rig.pass(1000);
      rig.live.hangup();
      await until(() => rig.gateway.of('/done').length === 1, 'the action');
      const form = await done(rig);
      assert.deepEqual([form['Digits'], form['CallStatus']], ['hangup', 'completed']);
    });
  });
});

test('the silence of a telephone that goes on sending ends a recording', async () => {
  await withRecording('timeout="2"', async (rig) => {
    rig.live.speak(secondsOf(1));
    await rig.pass(1000);
    for (let passedMs = 0; passedMs < 3000; passedMs += 100) {
      rig.live.speak(new Uint8Array(800).fill(0xff));
      await rig.pass(100);
    }
    assert.ok(!rig.isRecording());
  });
});
