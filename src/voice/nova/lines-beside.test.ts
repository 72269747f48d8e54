import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loudnessEar } from '../../../sim/model/ear.js';
import { callTool, scriptedBrain, speak } from '../../../sim/model/script.js';
import { withNova } from '../../../test/support/nova-rig.js';
import { until } from '../../../test/support/rig.js';

const TOOL = { name: 'look_up', description: 'Looks up an order.', parameters: { type: 'object', properties: {} } };

const speakLine = (): Promise<Uint8Array> => Promise.resolve(new Uint8Array(3200).fill(1));

test('a line beside Nova is synthesised in the language of the call', async () => {
  const languages: string[] = [];
  const inLanguage = (_text: string, language: string): Promise<undefined> => {
    languages.push(language);
    return Promise.resolve(undefined);
  };
  const sim = { brain: scriptedBrain(['Guten Tag.']) };
  await withNova({ sim, provider: { speakLine: inLanguage } }, async ({ open }) => {
    const call = open({ language: 'de-DE' });
    await call.response(1);
    call.session.say('Einen Moment, bitte.', 's1');
    await call.response(2);
    assert.equal(call.of('response-done').at(-1)?.status, 'failed');
    assert.deepEqual(languages, ['de-DE']);
  });
});

test("a line beside Nova follows the model's turn, and fails at once without a synthesiser", async () => {
  const sim = { brain: scriptedBrain(['Welcome to the longest greeting of all.']) };
  await withNova({ sim, provider: { speakLine } }, async ({ open }) => {
    const call = open();
    await until(() => call.of('audio').length > 0, 'the greeting');
    call.session.say('One moment.', 's1');
    await call.response(2);
    assert.deepEqual(
      call.of('response-done').map(({ sayId, status }) => [sayId, status]),
      [
        [undefined, 'completed'],
        ['s1', 'completed'],
      ],
    );
    assert.deepEqual(call.said(), ['Welcome to the longest greeting of all.', 'One moment.']);
  });
  await withNova({ sim }, async ({ open }) => {
    const call = open();
    await until(() => call.of('audio').length > 0, 'the greeting');
    call.session.say('One moment.', 's1');
    assert.deepEqual(call.of('response-done').at(-1)?.status, 'failed');
  });
});

test('a line beside Nova is spoken after the model was cancelled', async () => {
  const sim = {
    brain: scriptedBrain(['Welcome.', 'Never heard. Nor this.']),
    ear: loudnessEar({ texts: ['A human, please.'] }),
  };
  await withNova({ sim, provider: { speakLine } }, async ({ open, seen }) => {
    const call = open();
    await call.response(1);
    call.onEvent = (event) => {
      if (event.type !== 'caller-text') return;
      call.session.cancel();
      call.session.say('Goodbye.', 's1');
    };
    call.speak(600);
    call.pause(1600);
    await call.response(2);
    await until(() => seen().outputs.filter(isAudioEnd).length >= 3, 'the model’s answer');
    await until(() => seen().audio.durationMs > 5000, 'some time');
    assert.deepEqual(call.said(), ['Welcome.', 'Goodbye.']);
  });
});

test('a line beside Nova waits for the sentence that the model speaks while its tool runs', async () => {
  const aside = 'I am looking that up for you now.';
  const brain = scriptedBrain(['Welcome.', [callTool('look_up'), speak(aside)], 'Found.']);
  await withNova({ sim: { brain }, provider: { speakLine } }, async ({ open }) => {
    const call = open({ tools: [TOOL] });
    await call.response(1);
    call.session.sendText('Where is my order?');
    await until(() => call.said().includes(aside), 'the sentence');
    call.session.say('One moment.', 's1');
    await until(() => call.of('response-done').some(({ sayId }) => sayId === 's1'), 'the filler');
    call.session.sendToolResult(call.of('tool-call')[0]?.toolCallId ?? '', {});
    await call.response(4);
    assert.deepEqual(call.said(), ['Welcome.', aside, 'One moment.', 'Found.']);
    const items = call.of('audio').map(({ itemId }) => itemId);
    const runs = items.filter((id, index) => id !== items[index - 1]);
    assert.equal(runs.length, new Set(items).size, 'no sentence is heard in two parts');
  });
});

test('a line beside Nova fills the silence while a tool runs', async () => {
  const sim = { brain: scriptedBrain(['Welcome.', [speak('Let me see.'), callTool('look_up')], 'Found.']) };
  await withNova({ sim, provider: { speakLine } }, async ({ open }) => {
    const call = open({ tools: [TOOL] });
    await call.response(1);
    call.session.sendText('Where is my order?');
    await until(() => call.of('tool-call').length === 1, 'the tool');
    call.session.say('One moment.', 's1');
    await until(() => call.of('response-done').some(({ sayId }) => sayId === 's1'), 'the filler');
    call.session.sendToolResult(call.of('tool-call')[0]?.toolCallId ?? '', {});
    await call.response(4);
    assert.deepEqual(call.said(), ['Welcome.', 'Let me see.', 'One moment.', 'Found.']);
  });
});

function isAudioEnd({ body, name }: { name: string; body: Readonly<Record<string, unknown>> }): boolean {
  return name === 'contentEnd' && body['type'] === 'AUDIO';
}
