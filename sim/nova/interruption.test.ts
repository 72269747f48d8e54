import assert from 'node:assert/strict';
import { type TestContext, describe, test } from 'node:test';
import { withLine } from '../../test/support/nova-line.js';
import { loudnessEar } from '../model/ear.js';
import { callTool, scriptedBrain, speak } from '../model/script.js';
import type { NovaSimOptions } from './nova-sim.js';

/** Makes each sentence last one second, to keep the arithmetic simple. */
const SECOND = { durationMs: 1000 };

describe('simulated Nova: an interruption', () => {
  const brain = scriptedBrain([[speak('One two three four five six seven eight nine ten.', SECOND)], 'Yes.']);
  const interrupted = async (t: TestContext, options: NovaSimOptions, afterMs: number) => {
    let got: { events: string; texts: string[]; later: string[] } | undefined;
    await withLine(t, { brain, ear: loudnessEar({ texts: ['stop'] }), ...options }, async (line, client) => {
      await line.silence(100);
      client.text('USER', 'hi', true);
      await line.silence(120 + afterMs);
      const from = client.received.length;
      const texts = client.texts.length;
      await line.speech(80);
      got = { events: client.outline(from), texts: client.texts.slice(texts), later: [] };
      await line.speech(200);
      await line.silence(8000);
      got.later = client.texts.slice(texts);
    });
    return got;
  };

  test('an interruption while audio is sent ends the block, and is reported by text and stop reason', async (t) => {
    const got = await interrupted(t, { audioSpeed: 1 }, 400);
    assert.equal(
      got?.events.replaceAll('audioOutput ', ''),
      'userSpeechStart AUDIO INTERRUPTED> <TEXT textOutput TEXT INTERRUPTED>',
    );
    assert.deepEqual(got.texts, ['ASSISTANT FINAL { "interrupted" : true } (INTERRUPTED)']);
    assert.deepEqual(got.later.slice(1), [
      'USER FINAL stop (PARTIAL_TURN)',
      'ASSISTANT SPECULATIVE Yes. (PARTIAL_TURN)',
      'ASSISTANT FINAL One two three four (END_TURN)',
      'ASSISTANT FINAL Yes. (END_TURN)',
    ]);
  });

  test('speech still interrupts an answer that is playing after all of its audio was sent', async (t) => {
    const got = await interrupted(t, { audioSpeed: 10 }, 500);
    assert.equal(got?.events, 'userSpeechStart <TEXT textOutput TEXT INTERRUPTED>');
  });

  test('speech after the end of the playout is not an interruption', async (t) => {
    const got = await interrupted(t, { audioSpeed: 10 }, 1200);
    assert.equal(got?.events, 'userSpeechStart');
    // The final text is late as usual, after the caller's next words.
    assert.deepEqual(got.later.slice(0, 3), [
      'USER FINAL stop (PARTIAL_TURN)',
      'ASSISTANT SPECULATIVE Yes. (PARTIAL_TURN)',
      'ASSISTANT FINAL One two three four five six seven eight nine ten. (END_TURN)',
    ]);
  });

  test('an interruption can be reported by its text alone or by its stop reason alone', async (t) => {
    const text = await interrupted(t, { audioSpeed: 1, bargeInSignal: 'text' }, 400);
    assert.equal(
      text?.events.replaceAll('audioOutput ', ''),
      'userSpeechStart AUDIO END_TURN> <TEXT textOutput TEXT END_TURN>',
    );
    assert.deepEqual(text.texts, ['ASSISTANT FINAL { "interrupted" : true } (END_TURN)']);
    const reason = await interrupted(t, { audioSpeed: 1, bargeInSignal: 'stop-reason' }, 400);
    assert.equal(
      reason?.events.replaceAll('audioOutput ', ''),
      'userSpeechStart AUDIO END_TURN> <TEXT textOutput TEXT INTERRUPTED>',
    );
    assert.deepEqual(reason.texts, ['ASSISTANT FINAL One two three four (INTERRUPTED)']);
  });

  test('an interruption can be reported by the start of speech alone, or without it', async (t) => {
    const start = await interrupted(t, { audioSpeed: 1, bargeInSignal: 'speech-start', turnEnd: 'none' }, 400);
    assert.equal(start?.events.replaceAll('audioOutput ', ''), 'userSpeechStart AUDIO PARTIAL_TURN>');
    const without = await interrupted(t, { audioSpeed: 1, speechEvents: false }, 400);
    assert.equal(
      without?.events.replaceAll('audioOutput ', ''),
      'AUDIO INTERRUPTED> <TEXT textOutput TEXT INTERRUPTED>',
    );
  });

  test('an interruption cuts the final text and the model’s memory down to what was played', async (t) => {
    const memory: unknown[] = [];
    const remembering = () => ({
      decide: (_: unknown, { history }: { history: readonly { text: string }[] }) => {
        memory.push(history.map(({ text }) => text));
        return memory.length === 1 ? [speak('One two three four five six seven eight nine ten.', SECOND)] : [];
      },
    });
    const options = { audioSpeed: 10, finals: { afterMs: 300 }, brain: remembering };
    const got = await interrupted(t, options, 400);
    assert.deepEqual(got?.later.slice(1), [
      'ASSISTANT FINAL One two three four (END_TURN)',
      'USER FINAL stop (PARTIAL_TURN)',
    ]);
    assert.deepEqual(memory[1], ['One two three four', 'stop']);
  });

  test('an interruption cancels the model’s later acts and speech that is not synthesized yet', async (t) => {
    const acts = [speak('One two.', SECOND), callTool('look_up')];
    await withLine(t, { brain: scriptedBrain([acts]), ear: loudnessEar() }, async (line, client) => {
      await line.silence(100);
      client.text('USER', 'hi', true);
      await line.silence(240);
      await line.speech(300);
      await line.silence(3000);
      assert.equal(line.session.interruptions, 1);
      assert.deepEqual(client.named('toolUse'), []);
    });
    let found: (sound: Uint8Array) => void = () => undefined;
    const voice = {
      speak: () =>
        new Promise<Uint8Array>((resolve) => {
          found = resolve;
        }),
    };
    await withLine(t, { voice, brain: scriptedBrain([acts]) }, async (line, client) => {
      await line.silence(100);
      client.text('USER', 'hi', true);
      await line.silence(500);
      await line.speech(300);
      found(new Uint8Array(800));
      await line.silence(500);
      assert.equal(client.outline(), 'completionStart userSpeechStart');
    });
  });

  test('a typed text interrupts the model while it speaks', async (t) => {
    await withLine(t, { brain }, async (line, client) => {
      await line.silence(100);
      client.text('USER', 'hi', true);
      await line.silence(500);
      client.text('USER', '5', true);
      await line.silence(800);
      assert.equal(line.session.interruptions, 1);
      assert.equal(client.texts.at(-1), 'ASSISTANT SPECULATIVE Yes. (PARTIAL_TURN)');
      assert.deepEqual(line.session.turns.at(-1), { type: 'typed', text: '5' });
    });
  });
});
