import assert from 'node:assert/strict';
import { type TestContext, describe, test } from 'node:test';
import { NovaLine } from '../../test/nova-line.js';
import type { WireClient } from '../../test/nova-wire-client.js';
import { loudnessEar } from '../model/ear.js';
import { callTool, scriptedBrain, speak, wait } from '../model/script.js';
import { toneVoice } from '../model/voice.js';
import type { NovaSimOptions } from './nova-sim.js';

/** A sentence in a second: quick to count with. */
const SECOND = { durationMs: 1000 };

async function withLine(
  t: TestContext,
  options: NovaSimOptions,
  use: (line: NovaLine, client: WireClient) => Promise<void>,
  begin?: (client: WireClient) => void,
): Promise<void> {
  const line = await NovaLine.open(t, { replyDelayMs: 100, ...options }, begin);
  await use(line, line.client);
  await line.close();
  assert.equal(line.clock.timers, 0, 'timers left behind');
}

/** Names of events, runs of audio as one. */
function names(client: WireClient, from = 0): string {
  const all = client.received.slice(from).map(({ body, name }) => {
    const { stopReason, type } = body;
    if (name === 'contentStart') return `<${String(type)}`;
    return name === 'contentEnd' ? `${String(type)} ${String(stopReason)}>` : name;
  });
  return all.filter((name, at) => name !== 'audioOutput' || all[at - 1] !== 'audioOutput').join(' ');
}

const BLOCK = '<TEXT textOutput TEXT PARTIAL_TURN> <AUDIO audioOutput AUDIO';

describe('simulated Nova: a greeting', () => {
  const greet = (line: NovaLine) => line.client.text('USER', 'hi', true);

  test('comes when there is audio and a text, and not before', async (t) => {
    await withLine(t, { brain: scriptedBrain([[speak('Welcome.', SECOND)]]) }, async (line, client) => {
      await line.silence(2000);
      assert.equal(names(client), 'completionStart');
      greet(line);
      await line.silence(80);
      assert.equal(names(client), 'completionStart');
      await line.silence(1000);
      assert.equal(names(client), `completionStart ${BLOCK} END_TURN> usageEvent`);
      assert.deepEqual(line.session.turns, [{ type: 'asked', instructions: 'hi' }]);
      assert.deepEqual(line.session.typed, ['hi']);
    });
  });

  test('needs 68 ms of audio', async (t) => {
    await withLine(t, {}, async (line, client) => {
      await line.silence(60);
      greet(line);
      await line.pass(900);
      assert.equal(names(client), 'completionStart');
      await line.silence(20);
      await line.pass(200);
      assert.ok(client.named('audioOutput').length > 0);
    });
  });

  test('needs audio that flows', async (t) => {
    await withLine(t, {}, async (line, client) => {
      await line.silence(500);
      await line.pass(1100);
      greet(line);
      await line.pass(500);
      assert.equal(names(client), 'completionStart');
      await line.silence(200);
      assert.ok(client.named('audioOutput').length > 0);
    });
  });

  test('of the demonstration is what SYSTEM tells it to say', async (t) => {
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

  test('is not what a text asks for once there is a history', async (t) => {
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
    test(`end after ${pauseMs} ms at sensitivity ${sensitivity}, without any other sign`, async (t) => {
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
          assert.equal(names(client), 'completionStart');
          await line.silence(20);
          assert.equal(names(client), 'completionStart <TEXT textOutput TEXT END_TURN> usageEvent');
          assert.deepEqual(client.texts, ['USER FINAL first (END_TURN)']);
        },
        begin,
      );
    });

  test('have pauses that can be scaled', async (t) => {
    await withLine(t, { ear: ear(), brain: scriptedBrain([]), endpointingScale: 0.2 }, async (line, client) => {
      await line.speech(400);
      await line.silence(300);
      assert.deepEqual(client.texts, ['USER FINAL first (END_TURN)']);
    });
  });

  test('hold what an ear with a shorter pause hears as two utterances; noise is no turn', async (t) => {
    const inner = loudnessEar({ texts: ['one', 'two', '', 'four'] });
    const short = { ...inner, listen: (listener: Parameters<typeof inner.listen>[0]) => inner.listen(listener) };
    await withLine(t, { ear: short, brain: scriptedBrain(['A.', 'B.']) }, async (line, client) => {
      await line.speech(300);
      await line.silence(800);
      await line.speech(300);
      await line.silence(1500);
      assert.deepEqual(client.texts, ['USER FINAL one (PARTIAL_TURN)', 'USER FINAL two (END_TURN)']);
      await line.silence(5000);
      await line.speech(300);
      await line.silence(2000);
      assert.deepEqual(line.session.turns, [{ type: 'spoken', text: 'one two' }]);
    });
  });

  test('go on when the caller does before the answer began', async (t) => {
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

  test('are heard at 16 and 24 kHz', async (t) => {
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
          // The frames of the client are 160 samples, which are shorter at these rates.
          const factor = sampleRateHertz / 8000;
          await line.speech(400 * factor);
          await line.silence(1560 * factor);
          assert.deepEqual(client.texts, ['USER FINAL first (END_TURN)']);
        },
        begin,
      );
    }
  });
});

describe('simulated Nova: an answer', () => {
  const say = async (line: NovaLine): Promise<void> => {
    await line.silence(100);
    line.client.text('USER', 'hi', true);
  };

  test('has a text and audio for each sentence, and ends its turn with the last', async (t) => {
    await withLine(
      t,
      { brain: scriptedBrain(['One two. Three!', [speak('Four?'), wait(300), speak('Five.')]]) },
      async (line, client) => {
        await say(line);
        await line.silence(1500);
        assert.equal(names(client), `completionStart ${BLOCK} PARTIAL_TURN> usageEvent ${BLOCK} END_TURN> usageEvent`);
        assert.deepEqual(
          client.texts.map((text) => text.replace(' (PARTIAL_TURN)', '')),
          ['ASSISTANT SPECULATIVE One two.', 'ASSISTANT SPECULATIVE Three!'],
        );
        await line.silence(6000);
        const from = client.received.length;
        client.text('USER', 'more', true);
        await line.silence(1500);
        assert.equal(names(client, from), `${BLOCK} PARTIAL_TURN> usageEvent ${BLOCK} END_TURN> usageEvent`);
      },
    );
  });

  test('is audio in the rate asked for, sent faster than it plays', async (t) => {
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

  test('has its final texts late, or only with the next input', async (t) => {
    const brain = scriptedBrain([[speak('One.', SECOND)], []]);
    const finals = (client: WireClient) => client.texts.filter((text) => text.includes('ASSISTANT FINAL'));
    await withLine(t, { brain, finals: { afterMs: 2600 } }, async (line, client) => {
      await say(line);
      // 100 ms to the answer, a second to play it.
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
      assert.deepEqual(client.texts.slice(1), ['ASSISTANT FINAL One. (END_TURN)', 'USER FINAL yes (END_TURN)']);
    });
  });

  test('has the fields that all events share, and one completion for the whole session', async (t) => {
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

  test('is cut by the end of the prompt, which puts down what was spoken', async (t) => {
    await withLine(t, { brain: scriptedBrain([[speak('One.', { durationMs: 9000 })]]) }, async (line, client) => {
      await say(line);
      await line.silence(500);
      const from = client.received.length;
      client.leave();
      client.finish();
      await client.ended;
      assert.equal(names(client, from), 'AUDIO END_TURN> <TEXT textOutput TEXT END_TURN> completionEnd');
    });
  });

  test('costs tokens: what came since, and all so far', async (t) => {
    await withLine(
      t,
      { brain: scriptedBrain([[speak('One.', SECOND), speak('Two.', SECOND)]]) },
      async (line, client) => {
        await say(line);
        await line.silence(3000);
        interface Details {
          delta: Record<string, { speechTokens: number }>;
          total: Record<string, { speechTokens: number }>;
        }
        const [first, second] = client.named('usageEvent').map(({ details }) => details as Details);
        assert.deepEqual([first?.delta['output']?.speechTokens, first?.total['output']?.speechTokens], [25, 25]);
        assert.deepEqual([second?.delta['output']?.speechTokens, second?.total['output']?.speechTokens], [25, 50]);
        assert.ok((second?.total['input']?.speechTokens ?? 0) > 0);
      },
    );
  });
});

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
      got = { events: names(client, from), texts: client.texts.slice(texts), later: [] };
      await line.speech(200);
      await line.silence(8000);
      got.later = client.texts.slice(texts);
    });
    return got;
  };

  test('while audio is sent ends the block, and tells so in its text and its stop reason', async (t) => {
    const got = await interrupted(t, { audioSpeed: 1 }, 400);
    assert.equal(got?.events.replaceAll('audioOutput ', ''), 'AUDIO INTERRUPTED> <TEXT textOutput TEXT INTERRUPTED>');
    assert.deepEqual(got.texts, ['ASSISTANT FINAL { "interrupted" : true } (INTERRUPTED)']);
    assert.deepEqual(got.later.slice(1), [
      'USER FINAL stop (END_TURN)',
      'ASSISTANT SPECULATIVE Yes. (PARTIAL_TURN)',
      'ASSISTANT FINAL One two three four (END_TURN)',
      'ASSISTANT FINAL Yes. (END_TURN)',
    ]);
  });

  test('is one too when all audio was sent and its block has ended, but still plays', async (t) => {
    const got = await interrupted(t, { audioSpeed: 10 }, 500);
    assert.equal(got?.events, '<TEXT textOutput TEXT INTERRUPTED>');
  });

  test('is none when nothing plays any more', async (t) => {
    const got = await interrupted(t, { audioSpeed: 10 }, 1200);
    assert.equal(got?.events, '');
    // Late, as ever: after what the caller said next.
    assert.deepEqual(got.later.slice(0, 3), [
      'USER FINAL stop (END_TURN)',
      'ASSISTANT SPECULATIVE Yes. (PARTIAL_TURN)',
      'ASSISTANT FINAL One two three four five six seven eight nine ten. (END_TURN)',
    ]);
  });

  test('can be told by its text alone, or by the stop reason alone', async (t) => {
    const text = await interrupted(t, { audioSpeed: 1, bargeInSignal: 'text' }, 400);
    assert.equal(text?.events.replaceAll('audioOutput ', ''), 'AUDIO END_TURN> <TEXT textOutput TEXT END_TURN>');
    assert.deepEqual(text.texts, ['ASSISTANT FINAL { "interrupted" : true } (END_TURN)']);
    const reason = await interrupted(t, { audioSpeed: 1, bargeInSignal: 'stop-reason' }, 400);
    assert.equal(reason?.events.replaceAll('audioOutput ', ''), 'AUDIO END_TURN> <TEXT textOutput TEXT INTERRUPTED>');
    assert.deepEqual(reason.texts, ['ASSISTANT FINAL One two three four (INTERRUPTED)']);
  });

  test('leaves in the final text what was played, in the model’s memory too', async (t) => {
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
      'USER FINAL stop (END_TURN)',
    ]);
    assert.deepEqual(memory[1], ['One two three four', 'stop']);
  });

  test('is what a text brings about while the model speaks', async (t) => {
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

describe('simulated Nova: tools', () => {
  const brain = scriptedBrain([[speak('Wait.', SECOND), callTool('look_up', { number: 7 })], 'Found.', 'Never.']);
  const use = async (line: NovaLine): Promise<string> => {
    await line.silence(100);
    line.client.text('USER', 'hi', true);
    await line.silence(1500);
    return String(line.client.named('toolUse')[0]?.['toolUseId']);
  };

  test('are used in a block of their own; the answer follows the result', async (t) => {
    await withLine(t, { brain }, async (line, client) => {
      const toolUseId = await use(line);
      assert.equal(names(client), `completionStart ${BLOCK} END_TURN> usageEvent <TOOL toolUse TOOL TOOL_USE>`);
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

  test('leave the model silent until they are answered, whatever the caller says', async (t) => {
    await withLine(t, { brain, ear: loudnessEar({ texts: ['hello?'] }) }, async (line, client) => {
      const toolUseId = await use(line);
      await line.speech(300);
      await line.silence(4000);
      client.text('USER', 'hello', true);
      await line.silence(4000);
      assert.equal(client.texts.filter((text) => text.includes('SPECULATIVE')).length, 1);
      assert.ok(client.texts.includes('USER FINAL hello? (END_TURN)'));
      client.toolResult(toolUseId, '{}');
      await line.silence(1500);
      assert.ok(client.texts.includes('ASSISTANT SPECULATIVE Found. (PARTIAL_TURN)'));
      assert.ok(client.texts.includes('ASSISTANT SPECULATIVE Never. (PARTIAL_TURN)'));
    });
  });

  test('may come encoded twice', async (t) => {
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
