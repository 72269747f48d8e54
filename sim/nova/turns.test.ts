import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type NovaLine, withLine } from '../../test/support/nova-line.js';
import type { WireClient } from '../../test/support/nova-wire-client.js';
import { loudnessEar } from '../model/ear.js';
import { scriptedBrain, speak } from '../model/script.js';

/** Makes each sentence last one second, to keep the arithmetic simple. */
const SECOND = { durationMs: 1000 };

const BLOCK = '<TEXT textOutput TEXT PARTIAL_TURN> <AUDIO audioOutput AUDIO';

describe('simulated Nova: a greeting', () => {
  const greet = (line: NovaLine) => line.client.text('USER', 'hi', true);

  test('a greeting needs audio and a text', async (t) => {
    await withLine(t, { brain: scriptedBrain([[speak('Welcome.', SECOND)]]) }, async (line, client) => {
      await line.silence(2000);
      assert.equal(client.outline(), '');
      greet(line);
      await line.silence(80);
      assert.equal(client.outline(), 'completionStart');
      await line.silence(1000);
      assert.equal(client.outline(), `completionStart ${BLOCK} END_TURN> usageEvent`);
      assert.deepEqual(line.session.turns, [{ type: 'asked', instructions: 'hi' }]);
      assert.deepEqual(line.session.typed, ['hi']);
    });
  });

  test('a text before 68 ms of audio is never answered', async (t) => {
    await withLine(t, {}, async (line, client) => {
      await line.silence(60);
      greet(line);
      await line.silence(5000);
      assert.deepEqual(client.named('audioOutput'), []);
      assert.deepEqual(line.session.unheardTexts, ['hi']);
      greet(line);
      await line.silence(200);
      assert.ok(client.named('audioOutput').length > 0);
    });
  });

  test('a greeting needs audio that is still flowing', async (t) => {
    await withLine(t, {}, async (line, client) => {
      await line.silence(500);
      await line.pass(1100);
      assert.equal(client.outline(), '');
      greet(line);
      await line.pass(500);
      assert.equal(client.outline(), 'completionStart');
      await line.silence(200);
      assert.ok(client.named('audioOutput').length > 0);
    });
  });

  test('the demo brain’s greeting is the one that the SYSTEM text contains', async (t) => {
    const begin = (client: WireClient) => client.begin({ instructions: 'Greet the caller with: "Hi, this is Acme."' });
    await withLine(
      t,
      {},
      async (line, client) => {
        await line.silence(100);
        greet(line);
        await line.silence(1000);
        assert.equal(client.texts[0], 'ASSISTANT SPECULATIVE Hi, this is Acme. (PARTIAL_TURN)');
      },
      begin,
    );
  });

  test('a text after a history is not a request for a greeting', async (t) => {
    const begin = (client: WireClient) => {
      client.startSession();
      client.startPrompt();
      client.text('SYSTEM', 'Be kind.');
      client.text('USER', 'Hello?');
      client.text('ASSISTANT', 'Yes?');
      client.startAudio();
    };
    const seen: unknown[] = [];
    const brain = () => ({
      decide: (_: unknown, { history }: { history: unknown }) => {
        seen.push(history);
        return [];
      },
    });
    await withLine(
      t,
      { brain },
      async (line, client) => {
        await line.silence(100);
        client.text('USER', 'and now', true);
        await line.silence(200);
        assert.deepEqual(line.session.turns, [{ type: 'typed', text: 'and now' }]);
        assert.deepEqual(seen[0], [
          { role: 'user', text: 'Hello?' },
          { role: 'assistant', text: 'Yes?' },
          { role: 'user', text: 'and now' },
        ]);
      },
      begin,
    );
  });
});

describe('simulated Nova: turns of the caller', () => {
  const ear = () => loudnessEar({ texts: ['first', 'second', 'third'] });

  for (const [sensitivity, pauseMs] of [
    ['HIGH', 1500],
    ['MEDIUM', 1750],
    ['LOW', 2000],
  ] as const)
    test(`the caller’s turn ends after ${pauseMs} ms at sensitivity ${sensitivity}`, async (t) => {
      const begin = (client: WireClient) => {
        client.startSession({ turnDetectionConfiguration: { endpointingSensitivity: sensitivity } });
        client.startPrompt();
        client.text('SYSTEM', 'Be kind.');
        client.startAudio();
      };
      await withLine(
        t,
        { ear: ear(), brain: scriptedBrain([]) },
        async (line, client) => {
          await line.silence(200);
          await line.speech(400);
          await line.silence(pauseMs - 20);
          assert.equal(client.outline(), 'userSpeechStart completionStart');
          await line.silence(20);
          assert.equal(
            client.outline(),
            'userSpeechStart completionStart userSpeechEnd <TEXT textOutput TEXT PARTIAL_TURN> usageEvent',
          );
          assert.equal(client.named('userSpeechStart')[0]?.['inputAudioOffsetMs'], 200);
          const { inputAudioDetectionOffsetMs, inputAudioOffsetMs } = client.named('userSpeechEnd')[0] ?? {};
          assert.deepEqual(
            [inputAudioOffsetMs, inputAudioDetectionOffsetMs],
            [600, 600 + Math.ceil(pauseMs / 20) * 20],
          );
          assert.equal(client.named('textOutput')[0]?.['role'], 'USER');
          assert.deepEqual(client.texts, ['USER FINAL first (PARTIAL_TURN)']);
        },
        begin,
      );
    });

  test('the silences that end a turn can be scaled', async (t) => {
    await withLine(t, { ear: ear(), brain: scriptedBrain([]), endpointingScale: 0.2 }, async (line, client) => {
      await line.speech(400);
      await line.silence(300);
      assert.deepEqual(client.texts, ['USER FINAL first (PARTIAL_TURN)']);
    });
  });

  test('two utterances within the pause are one turn, and noise is no turn', async (t) => {
    const inner = loudnessEar({ texts: ['one', 'two', '', 'four'] });
    const short = { ...inner, listen: (listener: Parameters<typeof inner.listen>[0]) => inner.listen(listener) };
    await withLine(t, { ear: short, brain: scriptedBrain(['A.', 'B.']) }, async (line, client) => {
      await line.speech(300);
      await line.silence(800);
      await line.speech(300);
      await line.silence(1500);
      assert.deepEqual(client.texts, ['USER FINAL one (PARTIAL_TURN)', 'USER FINAL two (PARTIAL_TURN)']);
      await line.silence(5000);
      await line.speech(300);
      await line.silence(2000);
      assert.deepEqual(line.session.turns, [{ type: 'spoken', text: 'one two' }]);
    });
  });

  test('the caller’s turn continues if the caller speaks again before the answer starts', async (t) => {
    await withLine(t, { ear: ear(), brain: scriptedBrain(['A.']), replyDelayMs: 600 }, async (line, client) => {
      await line.speech(300);
      await line.silence(1600);
      await line.speech(300);
      await line.silence(2200);
      assert.deepEqual(line.session.turns, [{ type: 'spoken', text: 'first second' }]);
      assert.equal(line.session.interruptions, 0);
      assert.equal(client.texts.at(-1), 'ASSISTANT SPECULATIVE A. (PARTIAL_TURN)');
    });
  });

  test('the caller’s turn is heard at 16 and 24 kHz', async (t) => {
    for (const sampleRateHertz of [16_000, 24_000]) {
      const begin = (client: WireClient) => {
        client.startSession();
        client.startPrompt();
        client.text('SYSTEM', 'Be kind.');
        client.startAudio({ sampleRateHertz });
      };
      await withLine(
        t,
        { ear: ear(), brain: scriptedBrain([]) },
        async (line, client) => {
          // The client's frames have 160 samples, which are shorter at these rates.
          const factor = sampleRateHertz / 8000;
          await line.speech(400 * factor);
          await line.silence(1560 * factor);
          assert.deepEqual(client.texts, ['USER FINAL first (PARTIAL_TURN)']);
        },
        begin,
      );
    }
  });
});
