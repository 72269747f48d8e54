import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { EventReceiver } from '../sim/hooks/event-receiver.js';
import { counted } from './support/handover-rig.js';
import { withPair } from './support/gateway-pair.js';
import { RECORDED, recordedScene, withRecorder } from './support/recorded-call.js';
import { RedisServer, skipWithoutRedis } from './support/redis-server.js';
import { ACCOUNT_SID, PUBLIC_HOST, until } from './support/rig.js';
import { scaledClock } from './support/scaled-clock.js';

const NOT_RECORDED = 'This call is not recorded after all.';

for (const pipeline of [true, false]) {
  const mode = pipeline ? 'through the pipeline' : 'through the direct bridge';

  test(`a call is recorded from the moment its caller has heard so, on two channels, ${mode}`, async () => {
    await withRecorder({ pipeline }, async (rig) => {
      let heard = 0;
      rig.provider.onOpen = (session) => session.speak(session.options.greeting ?? '', 2000);
      const { is, recordings, scene } = await recordedScene(rig);
      assert.ok(scene.opening.startsWith(`${RECORDED} Hello`), scene.opening);
      scene.call.on('heard', (frame) => {
        if (frame.some((byte) => byte === 0x10)) heard++;
        if (heard < 95) assert.equal(recordings.length, 0, 'nothing is recorded before the line is over');
      });
      const recording = await is('in-progress');
      assert.ok(heard >= 95, `${heard} frames of the line were heard`);
      assert.equal(recording.options.channels, 'dual');
      assert.deepEqual(scene.problems, []);
      // Twilio calls a recording without a sound absent.
      await until(() => recording.durationMs > 0, 'something is recorded');
      scene.call.hangup();
      await is('completed');
      await until(() => scene.outcome !== undefined, 'the end');
      assert.equal(scene.events('recording')[0]?.sid, recording.sid);
      await counted(rig, 'gateway_recordings_total{outcome="started"} 1');
    });
  });

  test(`a caller who interrupts the line hears it again before anything is recorded, ${mode}`, async () => {
    await withRecorder({ pipeline }, async (rig) => {
      rig.provider.onOpen = (session) => session.speak(session.options.greeting ?? '', 3000);
      const { is, recordings, scene } = await recordedScene(rig);
      await until(() => scene.events('turn').length > 0, 'the greeting');
      const { last } = rig.provider;
      last.callerSays('Where is my order?');
      assert.deepEqual(last.said, []);
      last.speak('It is on its way.', 200);
      await until(() => last.said.includes(RECORDED), 'the line');
      assert.equal(recordings.length, 0);
      await is('in-progress');
    });
  });

  test(`an assistant that leaves the line out has it said by the gateway, ${mode}`, async () => {
    await withRecorder({ pipeline }, async (rig) => {
      rig.provider.onOpen = (session) => session.speak('Hi there.', 300);
      const { is } = await recordedScene(rig);
      await is('in-progress');
      assert.deepEqual(rig.provider.last.said, [RECORDED]);
    });
  });

  test(`with consent nothing is recorded until the caller has agreed and has heard so, ${mode}`, async () => {
    await withRecorder({ pipeline, env: { CALL_RECORDING: 'consent' } }, async (rig) => {
      const { is, recordings, scene, tool } = await recordedScene(rig);
      assert.doesNotMatch(scene.opening, /recorded/);
      await until(() => scene.events('turn').length > 0, 'the greeting');
      rig.provider.last.callerSays('Yes, you may record this.');
      rig.provider.last.speak('Thank you.', 200);
      assert.equal(recordings.length, 0);
      await tool('recording_consent', { agreed: true });
      await until(() => rig.provider.last.said.includes(RECORDED), 'the line');
      assert.equal(recordings.length, 0, 'not before the line is heard');
      await is('in-progress');
    });
  });

  test(`a caller who takes the consent back is no longer recorded, ${mode}`, async () => {
    await withRecorder({ pipeline }, async (rig) => {
      const { is, recordings, scene, tool } = await recordedScene(rig);
      const recording = await is('in-progress');
      await tool('recording_consent', { agreed: false });
      await is('completed');
      assert.deepEqual(recording.changes, ['stopped']);
      await tool('recording_consent', { agreed: true });
      rig.provider.last.speak('As you like.', 200);
      await until(() => rig.provider.last.toolResults.length === 2, 'the answers');
      assert.equal(recordings.length, 1);
      assert.ok(!scene.call.isOver);
      await counted(rig, 'gateway_recordings_total{outcome="withdrawn"} 1');
    });
  });

  test(`a recording stops when the call goes to a human, and the human's side knows where it is, ${mode}`, async () => {
    await withRecorder({ pipeline }, async (rig) => {
      const { is, scene } = await recordedScene(rig);
      const recording = await is('in-progress');
      await until(() => scene.events('recording').length === 1, 'its SID');
      rig.provider.last.callerSays('I want to speak to a human agent.');
      await scene.ends('handed_over');
      assert.deepEqual(recording.changes, ['stopped']);
      const { recording_sid: sid, recording_url: url } = rig.screens[0]?.attributes ?? {};
      assert.equal(sid, recording.sid);
      assert.equal(url, `${rig.restUrl}/2010-04-01/Accounts/${ACCOUNT_SID}/Recordings/${recording.sid}`);
    });
  });
}

test('a recording goes on with a human if the setting says so', async () => {
  await withRecorder({ env: { CALL_RECORDING_AT_HANDOVER: 'continue' } }, async (rig) => {
    const { is, scene } = await recordedScene(rig);
    const recording = await is('in-progress');
    rig.provider.last.callerSays('I want to speak to a human agent.');
    await scene.ends('handed_over');
    assert.deepEqual(recording.changes, []);
    assert.equal(recording.status, 'completed');
  });
});

test('calls of an assistant without the setting are not recorded, and have no tool for it', async () => {
  await withRecorder({ env: { CALL_RECORDING: 'off' } }, async (rig) => {
    const { scene } = await recordedScene(rig);
    assert.doesNotMatch(scene.opening, /recorded/);
    assert.deepEqual(scene.toolNames, ['transfer_to_human', 'end_call']);
    scene.call.hangup();
    await until(() => scene.outcome !== undefined, 'the end');
    assert.equal(rig.rest?.asked, 0);
  });
});

test('the last event of a call says where its recording is', async () => {
  const clock = scaledClock(10);
  const receiver = await new EventReceiver({ secret: 'events-secret-0123456789', clock }).start();
  try {
    const env = { CALL_EVENTS_URL: receiver.url, CALL_EVENTS_SECRET: 'events-secret-0123456789' };
    await withRecorder({ clock, env }, async (rig) => {
      const { is, scene } = await recordedScene(rig);
      const { sid } = await is('in-progress');
      scene.call.hangup();
      await until(() => receiver.events.some(({ type }) => type === 'call.ended'), 'the last event');
      const url = `${rig.restUrl}/2010-04-01/Accounts/${ACCOUNT_SID}/Recordings/${sid}`;
      assert.deepEqual(receiver.events.at(-1)?.data['recording'], { sid, url });
    });
  } finally {
    await receiver.close();
  }
});

describe('a REST API that fails', () => {
  const DENIED = { status: 401, code: 20003, message: 'Authenticate' };

  test('a recording that Twilio refuses costs the caller nothing, and is counted', async () => {
    await withRecorder({}, async (rig) => {
      rig.rest?.failNext(DENIED, DENIED, DENIED);
      const { recordings, scene } = await recordedScene(rig);
      await until(() => rig.log().includes('Twilio did not change the recording'), 'the failure');
      assert.equal(recordings.length, 0);
      assert.deepEqual(rig.provider.last.said, []);
      assert.ok(!scene.call.isOver);
      await counted(rig, 'gateway_recording_failures_total{step="start"} 1');
      await counted(rig, 'gateway_recordings_total{outcome="failed"} 1');
    });
  });

  test('a caller is told that there is no recording after all if the setting says so', async () => {
    await withRecorder({ env: { CALL_RECORDING_FAILURE: 'say' } }, async (rig) => {
      rig.rest?.failNext(DENIED, DENIED, DENIED);
      await recordedScene(rig);
      await until(() => rig.provider.last.said.includes(NOT_RECORDED), 'the line');
    });
  });

  for (const [how, ways] of [
    ['has its effect and whose answer is lost', ['after']],
    ['is lost before it has an effect', ['before']],
    ['has its effect and is never answered', ['hang']],
  ] as const) {
    test(`a request to record that ${how} leads to one recording`, async () => {
      await withRecorder({}, async (rig) => {
        rig.rest?.loseNext(...ways);
        const { is, recordings, scene } = await recordedScene(rig);
        await is('in-progress');
        await until(() => scene.events('recording').length === 1, 'its SID');
        assert.equal(recordings.length, 1);
        assert.equal(scene.events('recording')[0]?.sid, recordings[0]?.sid);
      });
    });
  }

  for (const status of [404, 409]) {
    test(`a recording is stopped although Twilio says ${status} at first`, async () => {
      await withRecorder({}, async (rig) => {
        const { is, tool } = await recordedScene(rig);
        await is('in-progress');
        rig.rest?.failNext({ status, code: status === 404 ? 20404 : 20409, message: 'No' });
        await tool('recording_consent', { agreed: false });
        await is('completed');
      });
    });
  }
});

test('a report of a recording must be signed, and one of an unknown call changes nothing', async () => {
  await withRecorder({}, async (rig) => {
    const { is, recordings } = await recordedScene(rig);
    const recording = await is('in-progress');
    const form = new URLSearchParams({
      CallSid: `CA${'9'.repeat(32)}`,
      AccountSid: ACCOUNT_SID,
      RecordingSid: `RE${'9'.repeat(32)}`,
      RecordingStatus: 'completed',
    });
    const url = `https://${PUBLIC_HOST}/twilio/call-recording`;
    const unsigned = await fetch(`${rig.base}/twilio/call-recording`, { method: 'POST', body: form });
    assert.equal(unsigned.status, 403);
    await unsigned.body?.cancel();
    const signed = await rig.carrier.webhooks.request({ url, method: 'POST', fields: Object.fromEntries(form) });
    assert.ok(signed.ok && signed.status === 204);
    assert.equal(recordings.length, 1);
    assert.equal(recording.status, 'in-progress');
  });
});

describe('a recorded call that another gateway takes over', { skip: skipWithoutRedis }, () => {
  let redis: RedisServer;
  before(async () => {
    redis = await RedisServer.start();
  });
  after(() => redis.stop());

  test('the other gateway knows the recording, and stops it', async () => {
    await withPair(redis.url, { rest: {}, env: { CALL_RECORDING: 'announced' } }, async (pair) => {
      const { call, first, second } = pair;
      await until(() => call.recordings[0]?.status === 'in-progress', 'the recording');
      await until(() => first.events.some(({ type }) => type === 'recording'), 'its SID');
      pair.asked = second;
      call.mediaStream?.drop();
      await until(() => second.provider.sessions.length === 1, 'the session of the other gateway');
      assert.doesNotMatch(second.provider.last.options.greeting ?? '', /recorded/, 'not announced again');
      await until(() => second.events.some(({ type }) => type === 'stream-started'), 'the stream');
      second.provider.last.emit({
        type: 'tool-call',
        toolCallId: 't',
        name: 'recording_consent',
        arguments: { agreed: false },
      });
      await until(() => call.recordings[0]?.status === 'completed', 'the end of the recording');
      assert.equal(call.recordings.length, 1);
    });
  });
});
