import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loudnessEar } from '../../../sim/model/ear.js';
import { scriptedBrain } from '../../../sim/model/script.js';
import { FORMER_TEXT_LIMITS } from '../../../sim/nova/rules.js';
import { isTypedText, withNova } from '../../../test/support/nova-rig.js';
import { until } from '../../../test/support/rig.js';
import { defaultPrompt } from '../../prompts/built-in.js';
import type { Turn } from '../history.js';

const TOOL = { name: 'look_up', description: 'Looks up an order.', parameters: { type: 'object', properties: {} } };

function turn(speaker: Turn['speaker'], text: string): Turn {
  return { speaker, text, itemId: text, interrupted: false };
}

test('a Nova session greets, answers the caller and says goodbye', async () => {
  const sim = {
    brain: scriptedBrain(['Welcome. How can I help?', 'At nine.']),
    ear: loudnessEar({ texts: ['When do you open?'] }),
  };
  await withNova({ sim }, async ({ anomalies, open, seen }) => {
    const call = open({ tools: [TOOL] });
    assert.deepEqual(call.events, [], 'nothing happens before open has returned');
    await call.response(1);
    const sentence = ['assistant-text', 'audio', 'item-done'];
    assert.deepEqual(
      call.kinds().filter((kind) => kind !== 'usage'),
      ['ready', 'response-started', ...sentence, ...sentence, 'response-done'],
    );
    const [first] = call.of('audio');
    assert.deepEqual([first?.chunk.encoding, first?.chunk.sampleRateHz], ['mulaw', 8000]);

    await until(() => call.of('assistant-text-final').length === 2, 'the greeting to have been heard');
    call.speak(600);
    call.pause(1600);
    await call.response(2);
    assert.deepEqual(call.said(), ['Welcome. How can I help?', 'At nine.']);
    const [heard] = call.of('caller-text');
    assert.deepEqual([heard?.text, heard?.final], ['When do you open?', true]);
    assert.equal(call.of('caller-turn')[0]?.itemId, heard?.itemId);
    const order = call.kinds();
    assert.ok(order.indexOf('caller-speech-started') < order.indexOf('caller-speech-stopped'));
    assert.ok(order.indexOf('caller-speech-stopped') < order.indexOf('caller-turn'));
    assert.ok(!order.includes('interruption'));
    const items = new Set(call.of('assistant-text').map(({ itemId }) => itemId));
    for (const { itemId } of call.of('assistant-text-final')) assert.ok(items.has(itemId));

    call.session.close();
    await until(() => seen().end !== undefined, 'the end');
    const { audio, end, inputs, instructions, signatures, tools, turns, typed, voiceId } = seen();
    assert.deepEqual(end, { type: 'orderly' });
    assert.deepEqual([signatures.bad, signatures.final], [0, true]);
    assert.match(instructions, /^Be kind\..*"Welcome\."$/s);
    assert.deepEqual([voiceId, tools.length, typed], ['matthew', 1, ['Hello.']]);
    assert.deepEqual(
      turns.map(({ type }) => type),
      ['asked', 'spoken'],
    );
    assert.equal(audio.sampleRateHz, 8000);
    assert.ok(inputs.findIndex(({ name }) => name === 'audioInput') < inputs.findIndex(isTypedText));
    assert.deepEqual(anomalies, []);
  });
});

test('an answer of Nova whose last audio never ends is complete with its completion', async () => {
  const sim = { turnEnd: 'completion', brain: scriptedBrain(['Welcome.', 'Again.']) } as const;
  await withNova({ sim }, async ({ anomalies, open }) => {
    const call = open();
    await call.response(1);
    call.session.sendText('Again?');
    await call.response(2);
    assert.deepEqual(
      call.of('response-done').map(({ status }) => status),
      ['completed', 'completed'],
    );
    assert.deepEqual(call.said(), ['Welcome.', 'Again.']);
    assert.deepEqual(anomalies, []);
  });
});

test("a caller's turn ends as soon as NOVA_ENDPOINTING asks, or as the service likes", async () => {
  for (const [endpointingSensitivity, settings] of [
    ['LOW', { endpointingSensitivity: 'LOW' }],
    [undefined, undefined],
  ] as const) {
    // The pause that one user measured is a third of the documented one.
    const sim = {
      endpointingScale: 1 / 3,
      brain: scriptedBrain(['At nine.']),
      ear: loudnessEar({ texts: ['When?'] }),
    };
    await withNova({ sim, provider: { endpointingSensitivity } }, async ({ open, seen }) => {
      const call = open({ greeting: undefined });
      call.speak(600);
      call.pause(700);
      await call.response(1);
      const start = seen().inputs.find(({ name }) => name === 'sessionStart');
      assert.deepEqual(start?.body['turnDetectionConfiguration'], settings);
    });
  }
});

test('a Nova session lost in a sentence takes back the unspoken words before it fails', async () => {
  const text = 'This is one very long sentence of which not nearly everything was said.';
  const faults = [{ when: { at: 'answer', ms: 900 }, fault: { type: 'instability' } }] as const;
  await withNova({ sim: { faults, brain: scriptedBrain([text]) } }, async ({ open }) => {
    const call = open();
    assert.equal(await call.failure(), 'VOICE_FAILED');
    assert.deepEqual(call.kinds().slice(-3), ['assistant-text-final', 'item-done', 'failed']);
    const [final] = call.of('assistant-text-final');
    assert.ok(final !== undefined && text.startsWith(final.text) && final.text.length < 20, final?.text);
  });
});

test('a Nova session sends the history and has the last turn of the caller answered', async () => {
  const turns = [turn('assistant', 'Welcome.'), turn('caller', 'Hi.'), turn('caller', 'Where is my order?')];
  const long = turn('assistant', 'word '.repeat(1000));
  const sim = { textLimits: FORMER_TEXT_LIMITS, brain: scriptedBrain(['On its way.']) };
  await withNova({ sim }, async ({ open, seen }) => {
    const call = open({
      greeting: undefined,
      answersLast: true,
      conversation: { turns: [...turns.slice(0, 2), long, turns[2] as Turn], isPlaying: false },
    });
    await call.response(1);
    assert.deepEqual(
      seen().history.map(({ role }) => role),
      ['user', 'assistant', 'user', 'assistant'],
    );
    assert.equal(seen().history[3]?.text, long.text.trim());
    assert.deepEqual(seen().typed, ['Where is my order?']);
    assert.deepEqual(call.of('caller-text'), []);
  });
});

test("texts and keys reach Nova as the caller's turns, and keys are named as keys", async () => {
  const sim = { brain: scriptedBrain(['Welcome.', 'Text.', 'Keys.']) };
  await withNova({ sim }, async ({ open, seen }) => {
    const call = open();
    await call.response(1);
    call.session.sendText('Hello there.');
    await call.response(2);
    call.session.sendDigits('4711#');
    await call.response(3);
    assert.deepEqual(seen().typed, ['Hello.', 'Hello there.', 'The caller pressed these keys on the telephone: 4711#']);
    assert.deepEqual(call.said(), ['Welcome.', 'Text.', 'Keys.']);
    assert.deepEqual(call.of('interruption'), [], 'what our own texts interrupt is no interruption');
  });
});

test('the usage events of a Nova session add up to the tokens that Nova reports', async () => {
  await withNova({ sim: { brain: scriptedBrain(['Welcome.', 'Again.']) } }, async ({ open, seen }) => {
    const call = open();
    await call.response(1);
    call.session.sendText('Again?');
    await call.response(2);
    await until(() => seen().outputs.filter(({ name }) => name === 'usageEvent').length >= 2, 'usage');
    await until(() => {
      const total = seen().outputs.findLast(({ name }) => name === 'usageEvent')?.body ?? {};
      const used = call.of('usage');
      const sum = used.reduce((tokens, { inputTokens, outputTokens }) => tokens + inputTokens + outputTokens, 0);
      return sum > 0 && sum === total['totalTokens'];
    }, 'the sum');
  });
});

test("a call's preferred voice is used for Nova", async () => {
  const wish = { voices: { nova: 'tina', openai: 'cedar' }, providers: undefined, lines: defaultPrompt.lines };
  await withNova({ sim: { brain: scriptedBrain(['Guten Tag.']) } }, async ({ open, seen }) => {
    await open({ language: 'de-DE', wish }).response(1);
    assert.equal(seen().voiceId, 'tina');
  });
});

test('an event of Nova whose handling throws is lost and counted, and the session continues', async () => {
  await withNova({}, async ({ anomalies, open }) => {
    const call = open();
    let times = 0;
    call.onEvent = ({ type }) => {
      if (type === 'audio' && times++ === 0) throw new Error('in the owner');
    };
    await call.response(1);
    assert.deepEqual(anomalies, ['event-failed']);
    assert.equal(call.of('failed').length, 0);
    call.session.close();
  });
});
