import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type NovaLine, withLine } from '../../test/support/nova-line.js';
import type { WireClient } from '../../test/support/nova-wire-client.js';
import { loudnessEar } from '../model/ear.js';
import { scriptedBrain, speak, wait } from '../model/script.js';

/** Makes each sentence last one second, to keep the arithmetic simple. */
const SECOND = { durationMs: 1000 };

const BLOCK = '<TEXT textOutput TEXT PARTIAL_TURN> <AUDIO audioOutput AUDIO';

describe('simulated Nova: an answer', () => {
  const say = async (line: NovaLine): Promise<void> => {
    await line.silence(100);
    line.client.text('USER', 'hi', true);
  };

  test('an answer has a text and audio for each sentence and ends its turn with the last', async (t) => {
    await withLine(
      t,
      { brain: scriptedBrain(['One two. Three!', [speak('Four?'), wait(300), speak('Five.')]]) },
      async (line, client) => {
        await say(line);
        await line.silence(1500);
        assert.equal(
          client.outline(),
          `completionStart ${BLOCK} PARTIAL_TURN> usageEvent ${BLOCK} END_TURN> usageEvent`,
        );
        assert.deepEqual(
          client.texts.map((text) => text.replace(' (PARTIAL_TURN)', '')),
          ['ASSISTANT SPECULATIVE One two.', 'ASSISTANT SPECULATIVE Three!'],
        );
        await line.silence(6000);
        const from = client.received.length;
        client.text('USER', 'more', true);
        await line.silence(1500);
        assert.equal(client.outline(from), `${BLOCK} PARTIAL_TURN> usageEvent ${BLOCK} END_TURN> usageEvent`);
      },
    );
  });

  test('an answer can end with PARTIAL_TURN, or with its completion after an audio block that never ends', async (t) => {
    for (const [turnEnd, end] of [
      ['none', `${BLOCK} PARTIAL_TURN> usageEvent`],
      ['completion', `${BLOCK.replace(/ AUDIO$/, '')} completionEnd usageEvent`],
    ] as const) {
      await withLine(t, { brain: scriptedBrain(['One.', 'Two.']), turnEnd }, async (line, client) => {
        await say(line);
        await line.silence(1500);
        assert.equal(client.outline(), `completionStart ${end}`);
        await line.silence(6000);
        const from = client.received.length;
        client.text('USER', 'more', true);
        await line.silence(1500);
        assert.ok(client.outline(from).endsWith(end), client.outline(from));
      });
    }
  });

  test('an answer is sent at the requested sample rate, faster than it plays', async (t) => {
    const begin = (client: WireClient) => {
      client.startSession();
      client.startPrompt({}, { sampleRateHertz: 24_000 });
      client.text('SYSTEM', 'Be kind.');
      client.startAudio();
    };
    await withLine(
      t,
      { brain: scriptedBrain([[speak('Long.', { durationMs: 4000 })]]), audioSpeed: 4 },
      async (line, client) => {
        await say(line);
        const bytes = () =>
          client
            .named('audioOutput')
            .reduce((sum, { content }) => sum + Buffer.from(String(content), 'base64').length, 0);
        await line.silence(600);
        assert.ok(Math.abs(bytes() / 48 - 2000) <= 80, `${bytes() / 48} ms after half a second`);
        await line.silence(520);
        assert.equal(bytes(), 4000 * 48);
        const { audioOutputConfiguration } = client.named('contentStart').find(({ type }) => type === 'AUDIO') ?? {};
        assert.deepEqual(audioOutputConfiguration, {
          mediaType: 'audio/lpcm',
          sampleRateHertz: 24_000,
          sampleSizeBits: 16,
          encoding: 'base64',
          channelCount: 1,
        });
      },
      begin,
    );
  });

  test('an answer’s final texts arrive late, or only with the next input', async (t) => {
    const brain = scriptedBrain([[speak('One.', SECOND)], []]);
    const finals = (client: WireClient) => client.texts.filter((text) => text.includes('ASSISTANT FINAL'));
    await withLine(t, { brain, finals: { afterMs: 2600 } }, async (line, client) => {
      await say(line);
      // The answer starts after 100 ms and plays for a second.
      await line.silence(3680);
      assert.deepEqual(finals(client), []);
      await line.silence(40);
      assert.deepEqual(finals(client), ['ASSISTANT FINAL One. (END_TURN)']);
    });
    await withLine(t, { brain, finals: 'next-input', ear: loudnessEar({ texts: ['yes'] }) }, async (line, client) => {
      await say(line);
      await line.silence(20_000);
      assert.deepEqual(finals(client), []);
      await line.speech(300);
      await line.silence(1500);
      assert.deepEqual(client.texts.slice(1), ['ASSISTANT FINAL One. (END_TURN)', 'USER FINAL yes (PARTIAL_TURN)']);
    });
    await withLine(t, { brain, finals: 'next-input' }, async (line, client) => {
      await say(line);
      await line.silence(2000);
      client.text('USER', 'yes', true);
      await line.silence(20);
      assert.deepEqual(client.texts.slice(1), ['ASSISTANT FINAL One. (END_TURN)']);
    });
  });

  test('an answer’s final texts are sent at once when the prompt ends', async (t) => {
    await withLine(t, { brain: scriptedBrain([[speak('One.', SECOND)]]) }, async (line, client) => {
      await say(line);
      await line.silence(1000);
      const from = client.received.length;
      client.leave();
      client.finish();
      await client.ended;
      assert.equal(client.outline(from), '<TEXT textOutput TEXT END_TURN> completionEnd');
      assert.equal(line.clock.timers, 0);
    });
  });

  test('all events share the same ids, and one completion spans the session', async (t) => {
    await withLine(t, { brain: scriptedBrain(['One.', 'Two.']) }, async (line, client) => {
      await say(line);
      await line.silence(4000);
      client.text('USER', 'more', true);
      await line.silence(4000);
      client.leave();
      client.finish();
      await client.ended;
      const common = client.received.map(({ body }) =>
        [body['sessionId'], body['promptName'], body['completionId']].join(),
      );
      assert.equal(new Set(common).size, 1);
      assert.match(String(common[0]), /^[\w-]{36},prompt-1,[\w-]{36}$/);
      assert.equal(client.named('completionStart').length, 1);
      assert.equal(client.received.at(-1)?.name, 'completionEnd');
      assert.deepEqual(line.session.end, { type: 'orderly' });
      const blocks = client.named('contentStart').map(({ contentId }) => contentId);
      assert.equal(new Set(blocks).size, blocks.length);
    });
  });

  test('the end of the prompt ends an answer and sends the text that was spoken', async (t) => {
    await withLine(t, { brain: scriptedBrain([[speak('One.', { durationMs: 9000 })]]) }, async (line, client) => {
      await say(line);
      await line.silence(500);
      const from = client.received.length;
      client.leave();
      client.finish();
      await client.ended;
      assert.equal(client.outline(from), 'AUDIO END_TURN> <TEXT textOutput TEXT END_TURN> completionEnd');
    });
  });

  test('a usage event counts the tokens since the last report and in total', async (t) => {
    await withLine(
      t,
      { brain: scriptedBrain([[speak('One.', SECOND), speak('Two.', SECOND)]]) },
      async (line, client) => {
        await say(line);
        await line.silence(3000);
        interface Details {
          delta: Record<string, { speechTokens: number; textTokens: number }>;
          total: Record<string, { speechTokens: number; textTokens: number }>;
        }
        const [first, second] = client.named('usageEvent').map(({ details }) => details as Details);
        assert.deepEqual([first?.delta['output']?.speechTokens, first?.total['output']?.speechTokens], [25, 25]);
        assert.deepEqual([second?.delta['output']?.speechTokens, second?.total['output']?.speechTokens], [25, 50]);
        // SYSTEM has 24 characters and the text 2; each sentence has 4.
        assert.deepEqual([first?.total['input']?.textTokens, first?.total['output']?.textTokens], [7, 1]);
        assert.equal(second?.total['output']?.textTokens, 2);
        assert.ok((second?.total['input']?.speechTokens ?? 0) > 0);
      },
    );
  });
});
