import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { loudnessEar } from '../../../sim/model/ear.js';
import { callTool, scriptedBrain, speak } from '../../../sim/model/script.js';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { type NovaCall, withNova } from '../../../test/support/nova-rig.js';
import { until } from '../../../test/support/rig.js';
import { SIMULATED_CREDENTIALS } from '../../../sim/nova/nova-sim.js';
import { FORMER_TEXT_LIMITS } from '../../../sim/nova/rules.js';
import type { Turn } from '../history.js';
import { defaultPrompt } from '../../prompts/built-in.js';

const TOOL = { name: 'look_up', description: 'Looks up an order.', parameters: { type: 'object', properties: {} } };

function turn(speaker: Turn['speaker'], text: string): Turn {
  return { speaker, text, itemId: text, interrupted: false };
}

describe('a session with Nova', () => {
  it('a Nova session greets, answers the caller and says goodbye', async () => {
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

  it('a Nova session reports an interruption once, in either form, and delivers nothing late', async () => {
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

  it('a caller on a loud line interrupts Nova though its only sign is the start of speech', async () => {
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

  it('what Nova takes for speech on a quiet line interrupts nothing', async () => {
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

  it('an answer of Nova that a noise has cut off goes on when the line is quiet', async () => {
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

  it('an answer of Nova whose last audio never ends is complete with its completion', async () => {
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

  it("a caller's turn ends as soon as NOVA_ENDPOINTING asks, or as the service likes", async () => {
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

  it('a Nova session lost in a sentence takes back the unspoken words before it fails', async () => {
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

  it('an interruption clears audio that still plays, even if Nova had sent all of it', async () => {
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

  it('a Nova session sends the history and has the last turn of the caller answered', async () => {
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

  it('a Nova session begins to speak even if more audio is replayed to it than its queue holds', async () => {
    await withNova({ sim: { brain: scriptedBrain(['Welcome.']) } }, async ({ open, seen }) => {
      const call = open();
      call.pause(20_000);
      await call.response(1);
      assert.deepEqual(call.said(), ['Welcome.']);
      const { inputs } = seen();
      assert.ok(inputs.findIndex(({ name }) => name === 'audioInput') < inputs.findIndex(isTypedText));
    });
  });

  it('a Nova session works if the service answers only with its first output', async () => {
    const sim = {
      headers: 'with-first-output',
      brain: scriptedBrain(['Welcome.', 'At nine.']),
      ear: loudnessEar({ texts: ['When do you open?'] }),
    } as const;
    await withNova({ sim }, async ({ anomalies, open }) => {
      const call = open();
      await call.response(1);
      call.speak(600);
      call.pause(2200);
      await call.response(2);
      assert.deepEqual(call.said(), ['Welcome.', 'At nine.']);
      assert.deepEqual(anomalies, []);
    });
  });

  it('a Nova session in which nothing is said is ready though the service sends nothing', async () => {
    const clock = new FakeClock();
    const sim = { headers: 'with-first-output', brain: scriptedBrain(['At nine.']) } as const;
    await withNova({ clock, sim }, async ({ open, sim: service }) => {
      const call = open({ greeting: undefined });
      await until(() => service.sessions[0]?.audio.durationMs === 200, 'the lead');
      clock.advance(1400);
      assert.deepEqual(call.kinds(), []);
      clock.advance(100);
      assert.deepEqual(call.kinds(), ['ready']);
      clock.advance(5000);
      assert.deepEqual(call.kinds(), ['ready']);
      call.session.sendText('When do you open?');
      await until(() => call.of('audio').length > 0, 'the answer');
      call.session.close();
      clock.advance(1000);
      assert.equal(clock.timers, 0);
    });
  });

  it('a Nova session in which nothing is said is not ready before its request has gone out', async () => {
    const clock = new FakeClock();
    let onFound = (): void => undefined;
    const isFound = new Promise<void>((resolve) => {
      onFound = resolve;
    });
    const credentials = (): Promise<typeof SIMULATED_CREDENTIALS> => isFound.then(() => SIMULATED_CREDENTIALS);
    const sim = { headers: 'with-first-output' } as const;
    await withNova({ clock, sim, provider: { credentials } }, async ({ open, sim: service }) => {
      const call = open({ greeting: undefined });
      await setImmediate();
      clock.advance(3000);
      const early = call.kinds();
      onFound();
      await until(() => (service.sessions[0]?.audio.durationMs ?? 0) > 0, 'the request');
      assert.deepEqual(early, []);
      clock.advance(1400);
      assert.deepEqual(call.kinds(), []);
      clock.advance(100);
      assert.deepEqual(call.kinds(), ['ready']);
    });
  });

  it('a Nova session that has something to answer and no response is not ready', async () => {
    for (const begin of [
      (call: NovaCall) => call.session.sendText('When do you open?'),
      (call: NovaCall) => call.speak(300),
    ]) {
      const clock = new FakeClock();
      const sim = { faults: [{ when: { at: 'connect' }, fault: { type: 'silent' } }] } as const;
      let isAsked = false;
      const credentials = (): Promise<typeof SIMULATED_CREDENTIALS> => {
        isAsked = true;
        return Promise.resolve(SIMULATED_CREDENTIALS);
      };
      await withNova({ clock, sim, provider: { credentials } }, async ({ open }) => {
        const call = open({ greeting: undefined });
        begin(call);
        // The request goes out soon after it was signed.
        await until(() => isAsked, 'the signature');
        for (let turns = 0; turns < 100; turns++) await setImmediate();
        clock.advance(5000);
        assert.deepEqual(call.kinds(), ['failed']);
        assert.equal(call.of('failed')[0]?.error.code, 'VOICE_STALLED');
      });
    }
  });

  it('a caller who speaks while a Nova session opens is reported as speaking', async () => {
    await withNova({}, async ({ open }) => {
      const call = open({ greeting: undefined });
      call.speak(300);
      await until(() => call.of('caller-speech-started').length === 1, 'the speech');
      assert.deepEqual(call.kinds().slice(0, 2), ['ready', 'caller-speech-started']);
    });
  });

  it('a Nova session without a greeting is ready and silent', async () => {
    await withNova({ sim: { brain: scriptedBrain(['Never said.']) } }, async ({ open, seen }) => {
      const call = open({ greeting: undefined });
      await until(() => call.of('ready').length === 1, 'the session');
      await until(() => seen().audio.durationMs > 1000, 'a second of silence');
      assert.deepEqual(call.kinds(), ['ready']);
      assert.deepEqual(seen().typed, []);
    });
  });

  it("texts and keys reach Nova as the caller's turns, and keys are named as keys", async () => {
    const sim = { brain: scriptedBrain(['Welcome.', 'Text.', 'Keys.']) };
    await withNova({ sim }, async ({ open, seen }) => {
      const call = open();
      await call.response(1);
      call.session.sendText('Hello there.');
      await call.response(2);
      call.session.sendDigits('4711#');
      await call.response(3);
      assert.deepEqual(seen().typed, [
        'Hello.',
        'Hello there.',
        'The caller pressed these keys on the telephone: 4711#',
      ]);
      assert.deepEqual(call.said(), ['Welcome.', 'Text.', 'Keys.']);
      assert.deepEqual(call.of('interruption'), [], 'what our own texts interrupt is no interruption');
    });
  });

  it('the usage events of a Nova session add up to the tokens that Nova reports', async () => {
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
});

describe('tool calls of Nova', () => {
  for (const doubleEncodeToolUse of [false, true]) {
    it(`a tool call of Nova is reported and answered${doubleEncodeToolUse ? ', with arguments encoded twice' : ''}`, async () => {
      const sim = {
        doubleEncodeToolUse,
        brain: scriptedBrain(['Welcome.', [callTool('look_up', { id: '4711' })], 'It is on its way.']),
      };
      await withNova({ sim }, async ({ anomalies, open, seen }) => {
        const call = open({ tools: [TOOL] });
        call.onEvent = (event) => {
          if (event.type === 'tool-call') call.session.sendToolResult(event.toolCallId, { status: 'sent' });
        };
        await call.response(1);
        call.session.sendText('Where is order 4711?');
        await call.response(2);
        const [used] = call.of('tool-call');
        assert.deepEqual([used?.name, used?.arguments], ['look_up', { id: '4711' }]);
        assert.deepEqual(
          seen().toolResults.map(({ content, toolUseId }) => [toolUseId, content]),
          [[used?.toolCallId, '{"status":"sent"}']],
        );
        assert.deepEqual(anomalies, []);

        call.session.sendToolResult(used?.toolCallId ?? '', { status: 'again' });
        call.session.sendToolResult('nobody-asked', { status: 'ok' });
        call.session.sendText('Thanks.');
        await until(() => seen().typed.length === 3, 'the session continues');
        assert.deepEqual(anomalies, ['unknown-tool-call', 'unknown-tool-call']);
        assert.equal(seen().toolResults.length, 1);
        assert.equal(seen().end, undefined);
      });
    });
  }

  it('a tool call of Nova with unreadable arguments is answered by the session itself', async () => {
    const sim = { brain: scriptedBrain(['Welcome.', [callTool('look_up', '{"id":')], 'Sorry.']) };
    await withNova({ sim }, async ({ anomalies, open, seen }) => {
      const call = open({ tools: [TOOL] });
      await call.response(1);
      call.session.sendText('Where is order 4711?');
      await call.response(2);
      assert.deepEqual(call.of('tool-call'), []);
      assert.match(seen().toolResults[0]?.content ?? '', /^\{"error":/);
      assert.deepEqual(anomalies, ['unreadable-tool-call']);
    });
  });
});

it("a call's preferred voice is used for Nova", async () => {
  const wish = { voices: { nova: 'tina', openai: 'cedar' }, providers: undefined, lines: defaultPrompt.lines };
  await withNova({ sim: { brain: scriptedBrain(['Guten Tag.']) } }, async ({ open, seen }) => {
    await open({ language: 'de-DE', wish }).response(1);
    assert.equal(seen().voiceId, 'tina');
  });
});

describe('synthesised lines in a Nova session', () => {
  const speakLine = (): Promise<Uint8Array> => Promise.resolve(new Uint8Array(3200).fill(1));

  it('a line beside Nova is synthesised in the language of the call', async () => {
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

  it("a line beside Nova follows the model's turn, and fails at once without a synthesiser", async () => {
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

  it('a line beside Nova is spoken after the model was cancelled', async () => {
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

  it('a line beside Nova waits for the sentence that the model speaks while its tool runs', async () => {
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

  it('a line beside Nova fills the silence while a tool runs', async () => {
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

  it('an event of Nova whose handling throws is lost and counted, and the session goes on', async () => {
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
});

function isTypedText({ body, name }: { name: string; body: Readonly<Record<string, unknown>> }): boolean {
  return name === 'contentStart' && body['type'] === 'TEXT' && body['interactive'] === true;
}

function isAudioEnd({ body, name }: { name: string; body: Readonly<Record<string, unknown>> }): boolean {
  return name === 'contentEnd' && body['type'] === 'AUDIO';
}
