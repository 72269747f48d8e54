import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loudnessEar } from '../../../sim/model/ear.js';
import { scriptedBrain } from '../../../sim/model/script.js';
import { withNova } from '../../../test/support/nova-rig.js';
import { until } from '../../../test/support/rig.js';

test('a Nova session reports an interruption once, in either form, and delivers nothing late', async () => {
  for (const bargeInSignal of ['text-and-stop-reason', 'text', 'stop-reason'] as const) {
    const sim = {
      bargeInSignal,
      brain: scriptedBrain(['This is a very long greeting that nobody wants to hear to its end.', 'All right.']),
      ear: loudnessEar({ texts: ['Stop!'] }),
    };
    await withNova({ sim }, async ({ anomalies, open }) => {
      const call = open();
      await until(() => call.of('audio').length > 3, 'the greeting');
      call.speak(200);
      await until(() => call.of('interruption').length > 0, 'the interruption');
      const responseId = call.of('response-started')[0]?.responseId;
      const audioCount = call.of('audio').length;
      call.pause(1600);
      await call.response(2);
      assert.equal(call.of('interruption').length, 1, bargeInSignal);
      assert.equal(call.said()[1], 'All right.');
      const late = call.of('audio').slice(audioCount);
      assert.ok(late.length > 0 && late.every((event) => event.responseId !== responseId), bargeInSignal);
      assert.deepEqual(anomalies, [], bargeInSignal);
    });
  }
});

test('a caller on a loud line interrupts Nova though its only sign is the start of speech', async () => {
  const sim = {
    bargeInSignal: 'speech-start',
    turnEnd: 'none',
    brain: scriptedBrain(['This is a very long greeting that nobody wants to hear to its end.', 'All right.']),
    ear: loudnessEar({ texts: ['Stop!'] }),
  } as const;
  await withNova({ sim }, async ({ anomalies, open }) => {
    const call = open();
    await until(() => call.of('audio').length > 3, 'the greeting');
    call.speak(200);
    await until(() => call.of('interruption').length > 0, 'the interruption');
    assert.equal(call.of('response-done')[0]?.status, 'cancelled');
    call.pause(1600);
    await call.response(2);
    assert.equal(call.of('interruption').length, 1);
    assert.equal(call.said()[1], 'All right.');
    assert.deepEqual(anomalies, ['silent-turn']);
  });
});

test('what Nova takes for speech on a quiet line interrupts nothing', async () => {
  const sim = {
    bargeInSignal: 'speech-start',
    brain: scriptedBrain(['This is a very long greeting that the caller wants to hear to its end.']),
    // The gateway's own detector takes nothing below 400 for speech.
    ear: loudnessEar({ level: 100 }),
  } as const;
  await withNova({ sim }, async ({ open, seen }) => {
    const call = open();
    await until(() => call.of('audio').length > 3, 'the greeting');
    call.speak(200, 200);
    await until(() => seen().outputNames.includes('userSpeechStart'), 'the event');
    await call.response(1);
    assert.deepEqual(call.of('interruption'), []);
  });
});

test('an answer of Nova that a noise has cut off goes on when the line is quiet', async () => {
  const sim = {
    brain: scriptedBrain(['This is a very long greeting that a noise cuts off in its middle.', 'It goes on.']),
    ear: loudnessEar({ texts: [''] }),
  };
  await withNova({ sim }, async ({ open, seen }) => {
    const call = open();
    call.onEvent = ({ type }) => {
      const itemId = call.of('audio').at(-1)?.itemId ?? '';
      if (type === 'interruption') call.session.reportHeard([{ itemId, heardMs: 500, sentMs: 1000 }]);
    };
    await until(() => call.of('audio').length > 3, 'the greeting');
    call.speak(300);
    await until(() => call.of('interruption').length > 0, 'the interruption');
    await call.response(2);
    assert.equal(call.said()[1], 'It goes on.');
    assert.match(seen().typed.at(-1) ?? '', /A noise on the line has cut you off/);
    assert.equal(call.of('caller-text').length, 0);
  });
});

test('an interruption clears audio that still plays, even if Nova had sent all of it', async () => {
  const sim = {
    audioSpeed: 1000,
    brain: scriptedBrain(['This is a long greeting that plays for seconds.']),
    ear: loudnessEar({ texts: ['Stop!'] }),
  };
  await withNova({ sim }, async ({ open }) => {
    const call = open();
    await call.response(1);
    assert.equal(call.of('response-done')[0]?.status, 'completed');
    call.speak(200);
    await until(() => call.of('interruption').length === 1, 'the interruption');
  });
});
