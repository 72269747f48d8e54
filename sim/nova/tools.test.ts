import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type NovaLine, withLine } from '../../test/support/nova-line.js';
import { loudnessEar } from '../model/ear.js';
import { callTool, scriptedBrain, speak } from '../model/script.js';
import { toneVoice } from '../model/voice.js';

/** Makes each sentence last one second, to keep the arithmetic simple. */
const SECOND = { durationMs: 1000 };

const BLOCK = '<TEXT textOutput TEXT PARTIAL_TURN> <AUDIO audioOutput AUDIO';

describe('simulated Nova: tools', () => {
  const brain = scriptedBrain([[speak('Wait.', SECOND), callTool('look_up', { number: 7 })], 'Found.', 'Never.']);
  const use = async (line: NovaLine): Promise<string> => {
    await line.silence(100);
    line.client.text('USER', 'hi', true);
    await line.silence(1500);
    return String(line.client.named('toolUse')[0]?.['toolUseId']);
  };

  test('a tool use has a block of its own, and an answer follows its result', async (t) => {
    await withLine(t, { brain }, async (line, client) => {
      const toolUseId = await use(line);
      assert.equal(client.outline(), `completionStart ${BLOCK} END_TURN> usageEvent <TOOL toolUse TOOL TOOL_USE>`);
      const [body] = client.named('toolUse');
      assert.deepEqual([body?.['toolName'], body?.['content']], ['look_up', '{"number":7}']);
      client.toolResult(toolUseId, '{"a":1}');
      await line.silence(500);
      assert.deepEqual(line.session.turns.at(-1), { type: 'tool-result', name: 'look_up', output: '{"a":1}' });
      assert.equal(client.texts.at(-1), 'ASSISTANT SPECULATIVE Found. (PARTIAL_TURN)');
      assert.deepEqual(
        line.session.toolResults.map(({ content, name, toolUseId: id }) => ({ content, name, id })),
        [{ content: '{"a":1}', name: 'look_up', id: toolUseId }],
      );
    });
  });

  test('an unanswered tool use keeps the model silent, whatever the caller says', async (t) => {
    await withLine(t, { brain, ear: loudnessEar({ texts: ['hello?'] }) }, async (line, client) => {
      const toolUseId = await use(line);
      await line.speech(300);
      await line.silence(4000);
      client.text('USER', 'hello', true);
      await line.silence(4000);
      assert.equal(client.texts.filter((text) => text.includes('SPECULATIVE')).length, 1);
      assert.ok(client.texts.includes('USER FINAL hello? (PARTIAL_TURN)'));
      client.toolResult(toolUseId, '{}');
      await line.silence(1500);
      assert.ok(client.texts.includes('ASSISTANT SPECULATIVE Found. (PARTIAL_TURN)'));
      assert.ok(client.texts.includes('ASSISTANT SPECULATIVE Never. (PARTIAL_TURN)'));
    });
  });

  test('the arguments of a tool use can be JSON encoded twice', async (t) => {
    await withLine(t, { brain, doubleEncodeToolUse: true }, async (line, client) => {
      await use(line);
      assert.equal(client.named('toolUse')[0]?.['content'], '"{\\"number\\":7}"');
    });
  });
});

test('simulated Nova: a voice that fails is an error of the server', async (t) => {
  const voice = { ...toneVoice(), speak: () => Promise.reject(new Error('no voice')) };
  await withLine(t, { voice }, async (line, client) => {
    await line.silence(100);
    client.text('USER', 'hi', true);
    await line.silence(200);
    await client.ended;
    assert.equal(client.exception?.type, 'internalServerException');
  });
});
