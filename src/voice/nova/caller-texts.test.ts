import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loudnessEar } from '../../../sim/model/ear.js';
import { scriptedBrain } from '../../../sim/model/script.js';
import { type NovaCall, withNova } from '../../../test/support/nova-rig.js';
import { LISTEN_FOR_TRANSFER } from '../transcription-watch.js';

const TRANSFER = {
  name: 'transfer_to_human',
  description: 'Calls a colleague.',
  parameters: { type: 'object', properties: {} },
};

/** A service that answers the caller, and sends no text of what they say. */
const silentScribe = () => ({
  callerTexts: false,
  brain: scriptedBrain(['Welcome.', 'At nine.', 'At six.', 'On Sundays.', 'Never.', 'Again.']),
  ear: loudnessEar({ texts: ['When?', 'And then?', 'When not?', 'Really?'] }),
  finals: { afterMs: 100 },
});

async function ask(call: NovaCall, times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    const answered = call.of('response-done').length;
    call.speak(600);
    call.pause(1600);
    await call.response(answered + 1);
  }
}

test('a caller of whom Nova writes nothing is answered, and reported once in a call', async () => {
  await withNova({ sim: silentScribe() }, async ({ anomalies, logged, open }) => {
    const call = open({ tools: [TRANSFER] });
    await call.response(1);
    await ask(call, 3);
    assert.deepEqual(anomalies, []);
    await ask(call, 1);
    assert.deepEqual(call.of('caller-text'), []);
    assert.equal(call.of('response-done').length, 5);
    assert.deepEqual(anomalies, ['transcription-blind']);
    const warnings = logged.filter(({ msg }) => String(msg).includes('sends no text of what this caller says'));
    assert.deepEqual(
      warnings.map(({ conversation_id: id }) => id),
      ['c'],
    );
  });
});

test('the next session of a call without texts is told to listen for the wish for a human', async () => {
  await withNova({ sim: silentScribe() }, async ({ open, seen }) => {
    const call = open({ tools: [TRANSFER] });
    await call.response(1);
    await ask(call, 4);
    const next = open({ tools: [TRANSFER] });
    await next.response(1);
    const bare = open();
    await bare.response(1);
    const other = open({ conversationId: 'd', tools: [TRANSFER] });
    await other.response(1);
    assert.deepEqual(
      [0, 1, 2, 3].map((index) => seen(index).instructions.includes(LISTEN_FOR_TRANSFER)),
      [false, true, false, false],
    );
  });
});
