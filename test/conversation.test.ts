import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { z } from 'zod';
import type { CarrierCall } from '../sim/twilio/carrier-call.js';
import { TandemError } from '../src/base/errors.js';
import { defineTool } from '../src/voice/tools.js';
import { FakeClock } from './support/fake-clock.js';
import { type Rig, startRig, until } from './support/rig.js';
import { ScriptedProvider } from './support/scripted-provider.js';

const outcomeOf = (rig: Rig): unknown => rig.events.find((event) => event.type === 'ended')?.outcome;
const reasonsOf = (rig: Rig): string[] =>
  rig.events.flatMap((event) => (event.type === 'escalated' ? [event.escalation.trigger] : []));
const metricsOf = (rig: Rig): Promise<string> => rig.running.metrics.text();

/** Moves the call's time by `ms`, and lets the sockets deliver between the steps. */
async function pass(clock: FakeClock, call: CarrierCall, ms: number, stepMs = 20): Promise<void> {
  for (let passedMs = 0; passedMs < ms; passedMs += stepMs) {
    clock.advance(stepMs);
    await call.mediaStream?.settle();
  }
}

for (const pipeline of [true, false]) {
  /** Runs `body` on a call whose greeting has been heard, with a clock that is moved by hand. */
  const onCall = async (
    options: Parameters<typeof startRig>[0],
    body: (rig: Rig, call: CarrierCall, clock: FakeClock) => Promise<void>,
  ): Promise<void> => {
    const clock = new FakeClock();
    const rig = await startRig({ pipeline, clock, ...options });
    try {
      const call = rig.call();
      await until(() => rig.events.some((event) => event.type === 'stream-started'), 'the stream');
      await pass(clock, call, 400);
      await body(rig, call, clock);
      call.hangup();
    } finally {
      await rig.close();
    }
  };

  describe(pipeline ? 'in the pipeline' : 'in the direct bridge', { concurrency: true }, () => {
    test('an open stream that carries nothing is replaced, and the assistant remembers the call', async () => {
      for (const [condition, fault, withinMs] of [
        ['frozen', 'marks_overdue', 8000],
        ['congested', 'no_media', 32_000],
      ] as const) {
        await onCall({ env: { IDLE_PROMPT_SECONDS: '0' } }, async (rig, call, clock) => {
          rig.provider.last.callerSays('My order is late.');
          call.mediaStream?.setLine(condition);
          rig.provider.last.speak('I will look into it at once.', 1500);
          const streams = (): number => rig.events.filter(({ type }) => type === 'stream-started').length;
          await pass(clock, call, withinMs, 500);
          await until(() => streams() === 2, `another stream after ${condition}`);
          assert.match(await metricsOf(rig), new RegExp(`gateway_line_faults_total\\{fault="${fault}"\\} 1`));
          assert.ok(rig.provider.last.options.conversation.turns.some(({ text }) => text === 'My order is late.'));
          assert.match(rig.provider.last.options.greeting ?? '', /cut off/);
        });
      }
    });

    test('a silent caller is prompted twice, then the call ends politely', async () => {
      await onCall({}, async (rig, call, clock) => {
        const session = rig.provider.last;
        await pass(clock, call, 9_400);
        assert.deepEqual(session.said, []);
        await pass(clock, call, 700);
        assert.deepEqual(session.said, ['Are you still there?']);
        await pass(clock, call, 10_700);
        assert.equal(session.said.length, 2);
        const ended = call.whenEnded();
        await pass(clock, call, 13_000);
        assert.match(session.said[2] ?? '', /Goodbye/);
        assert.equal(await ended, 'gateway-hung-up');
        assert.equal(outcomeOf(rig), 'caller_silent');
      });
    });

    test('Twilio says the goodbye to a silent caller when the stream breaks during it', async () => {
      await onCall({}, async (rig, call, clock) => {
        const lines: string[] = [];
        call.on('say', (text) => lines.push(text));
        const session = rig.provider.last;
        for (let passedMs = 0; passedMs < 40_000 && session.said.length < 3; passedMs += 20)
          await pass(clock, call, 20);
        assert.match(session.said[2] ?? '', /Goodbye/);
        call.mediaStream?.drop();
        await until(() => lines.length > 0 || call.isOver, 'the goodbye or the end');
        assert.match(lines[0] ?? '', /Goodbye/);
      });
    });

    test("Twilio finishes the assistant's own goodbye when the stream breaks during it", async () => {
      await onCall({}, async (rig, call, clock) => {
        const lines: string[] = [];
        call.on('say', (text) => lines.push(text));
        rig.provider.last.speak('Thank you for calling. Goodbye.', 2000);
        rig.provider.last.emit({ type: 'tool-call', toolCallId: 't', name: 'end_call', arguments: {} });
        await pass(clock, call, 600);
        call.mediaStream?.drop();
        await until(() => lines.length > 0 || call.isOver, 'the goodbye or the end');
        assert.match(lines[0] ?? '', /Goodbye/);
        assert.equal(rig.provider.sessions.length, 1);
      });
    });

    test('a caller who interrupts the last goodbye continues the conversation', async () => {
      await onCall({}, async (rig, call, clock) => {
        const session = rig.provider.last;
        const endsCall = (): void => {
          session.speak('Thank you for calling. Goodbye.', 2000);
          session.emit({ type: 'tool-call', toolCallId: 't', name: 'end_call', arguments: {} });
        };
        endsCall();
        await pass(clock, call, 600);
        session.callerSays('Wait, one more thing: where is my order?');
        session.speak('It comes tomorrow.', 400);
        await pass(clock, call, 3000);
        assert.ok(!call.isOver && !session.isClosed);
        const heard = rig.provider.last.options.conversation.turns.map(({ text }) => text);
        assert.ok(heard.includes('It comes tomorrow.'));

        endsCall();
        await pass(clock, call, 600);
        call.pressDigit('0');
        await call.mediaStream?.settle();
        assert.deepEqual(reasonsOf(rig), ['keypad']);
      });
    });

    test('the caller is still listened to for two seconds after the last word, and then the call ends', async () => {
      await onCall({}, async (rig, call, clock) => {
        const session = rig.provider.last;
        session.speak('Thank you for calling. Goodbye.', 1000);
        session.emit({ type: 'tool-call', toolCallId: 't', name: 'end_call', arguments: {} });
        await pass(clock, call, 2600);
        assert.ok(!call.isOver && !session.isClosed);
        session.callerSays('One more thing: where is my order?');
        session.speak('It comes tomorrow.', 400);
        await pass(clock, call, 5000);
        assert.ok(!call.isOver && !session.isClosed, 'the call continues');

        session.speak('Goodbye.', 400);
        session.emit({ type: 'tool-call', toolCallId: 'u', name: 'end_call', arguments: {} });
        await pass(clock, call, 2200);
        assert.ok(!session.isClosed);
        await pass(clock, call, 600);
        await until(() => call.isOver, 'the end');
      });
    });

    test('a caller who is asked something in the last response has their turn before the call ends', async () => {
      await onCall({}, async (rig, call, clock) => {
        const session = rig.provider.last;
        const asks = (id: string): void => {
          session.speak('Is there anything else?', 600);
          session.emit({ type: 'tool-call', toolCallId: id, name: 'end_call', arguments: {} });
        };
        asks('t');
        await pass(clock, call, 6000);
        assert.ok(!call.isOver && !session.isClosed);
        session.callerSays('Yes, my address has changed.');
        session.speak('Tell me the new one.', 400);
        await pass(clock, call, 5000);
        assert.ok(!call.isOver && !session.isClosed, 'the call continues');
        asks('u');
        await pass(clock, call, 9500);
        await until(() => call.isOver, 'the end of a call whose caller has nothing more to say');
        assert.equal(rig.provider.sessions.length, 1, 'the silent model has not stalled');
      });
    });

    test('the assistant that answers a noise again and again ends the call, and Twilio says the goodbye', async () => {
      await onCall({ env: { MAX_UNANSWERED_TURNS: '3' } }, async (rig, call, clock) => {
        const lines: string[] = [];
        call.on('say', (text) => lines.push(text));
        const session = rig.provider.last;
        const answersNoise = async (): Promise<void> => {
          session.emit({ type: 'caller-speech-started' });
          session.emit({ type: 'caller-speech-stopped' });
          session.speak('Hello? I cannot hear you.', 200);
          await pass(clock, call, 400);
        };
        for (let time = 0; time < 2; time++) {
          session.callerSays('Where is my order?');
          await answersNoise();
          await answersNoise();
        }
        assert.ok(!call.isOver && !session.isClosed, 'the caller has answered meanwhile');
        const ended = call.whenEnded();
        await answersNoise();
        await until(() => session.isClosed, 'the end of the conversation');
        for (let passedMs = 0; passedMs < 30_000 && !call.isOver; passedMs += 100) {
          clock.advance(100);
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
        assert.equal(await ended, 'gateway-hung-up');
        assert.match(lines.join(' '), /Goodbye/);
        assert.equal(outcomeOf(rig), 'caller_silent');
        assert.match(await metricsOf(rig), /gateway_unanswered_calls_total 1\n/);
      });
    });

    test('the assistant that answers a noise again and again hands the call over if silence does', async () => {
      await onCall({ env: { MAX_UNANSWERED_TURNS: '2', SILENCE_ENDS_WITH: 'human' } }, async (rig, call, clock) => {
        const session = rig.provider.last;
        session.callerSays('Where is my order?');
        for (let time = 0; time < 2; time++) {
          session.speak('Hello? I cannot hear you.', 200);
          await pass(clock, call, 400);
        }
        assert.deepEqual(reasonsOf(rig), ['silence']);
      });
    });

    test('a caller who presses a key after the model failed during its goodbye goes to an agent', async () => {
      await onCall({}, async (rig, call, clock) => {
        const gone = (): void =>
          rig.provider.last.emit({ type: 'failed', error: new TandemError('VOICE_REFUSED', 'Gone.') });
        rig.provider.onOpen = () => gone();
        rig.provider.last.speak('Thank you for calling. Goodbye.', 3000);
        rig.provider.last.emit({ type: 'tool-call', toolCallId: 't', name: 'end_call', arguments: {} });
        await pass(clock, call, 600);
        gone();
        await pass(clock, call, 1000);
        assert.ok(call.mediaStream, 'the goodbye keeps playing');
        call.pressDigit('5');
        await until(() => reasonsOf(rig).length > 0, 'an escalation');
        assert.deepEqual(reasonsOf(rig), ['failure']);
      });
    });

    test('a time limit that passes during a goodbye applies when the caller interrupts it', async () => {
      await onCall({ env: { MAX_CALL_SECONDS: '5' } }, async (rig, call, clock) => {
        await pass(clock, call, 3500);
        rig.provider.last.speak('Thank you for calling. Goodbye.', 3000);
        rig.provider.last.emit({ type: 'tool-call', toolCallId: 't', name: 'end_call', arguments: {} });
        await pass(clock, call, 2000);
        assert.deepEqual(reasonsOf(rig), []);
        rig.provider.last.callerSays('One more thing.');
        await pass(clock, call, 1200);
        assert.deepEqual(reasonsOf(rig), ['stopping']);
      });
    });

    test('a silent caller who speaks while the call is ending keeps the call', async () => {
      await onCall({}, async (rig, call, clock) => {
        const session = rig.provider.last;
        for (let passedMs = 0; passedMs < 40_000 && session.said.length < 3; passedMs += 20)
          await pass(clock, call, 20);
        assert.match(session.said[2] ?? '', /Goodbye/);
        await pass(clock, call, 100);
        const before = session.callerBytes;
        session.callerSays('I am here! I had to look for my papers.');
        session.speak('Take your time.', 200);
        await pass(clock, call, 9000);
        assert.ok(!call.isOver && !session.isClosed);
        assert.ok(session.callerBytes > before, 'the model hears the caller');
        assert.equal(session.said.length, 3);
        await pass(clock, call, 2000);
        assert.match(session.said[3] ?? '', /still there/, 'the prompts are counted anew');
      });
    });

    test('a caller who answers is not prompted again, and a long utterance is not interrupted', async () => {
      await onCall({}, async (rig, call, clock) => {
        const session = rig.provider.last;
        await pass(clock, call, 10_200);
        session.callerSays('Yes, I am looking for my papers.');
        session.speak('Take your time.', 200);
        await pass(clock, call, 9_000);
        session.emit({ type: 'caller-speech-started' });
        await pass(clock, call, 15_000);
        assert.equal(session.said.length, 1);
      });
    });

    test('keys reach the model as one number and stop playout, and a 0 inside the number belongs to it', async () => {
      await onCall({}, async (rig, call, clock) => {
        const session = rig.provider.last;
        session.speak('Please key in your order number, ending with the hash key.', 3000);
        await pass(clock, call, 500);
        for (const key of '4070') call.pressDigit(key);
        await call.mediaStream?.settle();
        assert.equal(session.heard.length, 1);
        assert.deepEqual(session.texts, []);
        call.pressDigit('#');
        await call.mediaStream?.settle();
        assert.deepEqual(session.texts, ['4070']);
        call.pressDigit('5');
        await pass(clock, call, 2_100);
        assert.deepEqual(session.texts, ['4070', '5']);
        assert.deepEqual(reasonsOf(rig), []);
        call.pressDigit('0');
        await call.mediaStream?.settle();
        assert.deepEqual(reasonsOf(rig), ['keypad']);
      });
    });

    test('no key requests an agent when HUMAN_KEY is none', async () => {
      await onCall({ env: { HUMAN_KEY: 'none' } }, async (rig, call) => {
        for (const key of '0#') call.pressDigit(key);
        await call.mediaStream?.settle();
        assert.deepEqual(rig.provider.last.texts, ['0']);
        assert.deepEqual(reasonsOf(rig), []);
      });
    });

    test('a trigger that is switched off neither escalates nor is offered to the model, and the others still work', async () => {
      await onCall({ env: { ESCALATION_TRIGGERS: 'keypad' } }, async (rig, call) => {
        const session = rig.provider.last;
        assert.ok(!session.options.tools.some(({ name }) => name === 'transfer_to_human'));
        session.callerSays('I want to speak to a human.');
        session.callerSays('This is ridiculous.');
        session.callerSays('You stupid machine.');
        session.emit({ type: 'tool-call', toolCallId: 't1', name: 'transfer_to_human', arguments: {} });
        await call.mediaStream?.settle();
        assert.deepEqual(reasonsOf(rig), []);
        assert.match(JSON.stringify(session.toolResults), /no tool named transfer_to_human/);
        call.pressDigit('0');
        await call.mediaStream?.settle();
        assert.deepEqual(reasonsOf(rig), ['keypad']);
      });
    });

    test('with SILENCE_ENDS_WITH=human a silent caller is told of the transfer and gets an agent', async () => {
      await onCall({ env: { SILENCE_ENDS_WITH: 'human' } }, async (rig, call, clock) => {
        await pass(clock, call, 31_500);
        assert.deepEqual(reasonsOf(rig), ['silence']);
        assert.match(rig.provider.last.said[2] ?? '', /get you a colleague/);
        await until(() => rig.events.some(({ type }) => type === 'handover-prepared'), 'the record');
        assert.match(await metricsOf(rig), /gateway_escalations_total\{trigger="silence",reason="caller_silent"\} 1/);
      });
    });

    test('a caller who is misunderstood twice gets an agent, and the model stops', async () => {
      await onCall({}, async (rig, call, clock) => {
        const session = rig.provider.last;
        session.callerSays("That's not what I asked.");
        session.speak('I am sorry. We are open from nine to six.', 3000);
        await pass(clock, call, 300);
        assert.deepEqual(reasonsOf(rig), []);
        session.callerSays("No, you don't understand me.");
        await call.mediaStream?.settle();
        assert.deepEqual(reasonsOf(rig), ['misunderstanding']);
        assert.equal(session.heard.length, 1, 'playout is cut');
        assert.match(session.said.at(-1) ?? '', /get you a colleague/);
        assert.match(rig.log(), /"reason":"not_understood"/);
      });
    });

    test('an extension tool runs beside the call, speaks a filler when it is slow, and is aborted with the call', async () => {
      let finish: (value: unknown) => void = () => undefined;
      let signal: AbortSignal | undefined;
      const tool = defineTool({
        name: 'order_status',
        description: 'Where an order is.',
        parameters: z.object({ number: z.string() }),
        filler: 'Let me look.',
        run: (_parameters, context) => {
          ({ signal } = context);
          return new Promise((resolve) => (finish = resolve));
        },
      });
      await onCall({ tools: [tool] }, async (rig, call, clock) => {
        const session = rig.provider.last;
        assert.ok(session.options.tools.some(({ name }) => name === 'order_status'));
        const ask = (toolCallId: string): void =>
          session.emit({ type: 'tool-call', toolCallId, name: 'order_status', arguments: { number: '4711' } });
        ask('t1');
        await pass(clock, call, 700);
        assert.deepEqual(session.said, ['Let me look.']);
        finish({ status: 'on its way' });
        await call.mediaStream?.settle();
        assert.deepEqual(session.toolResults, [{ status: 'on its way' }]);
        ask('t2');
        await call.mediaStream?.settle();
        session.callerSays('I want to speak to a human.');
        assert.equal(signal?.aborted, true);
        finish('too late');
        await call.mediaStream?.settle();
        assert.equal(session.toolResults.length, 1);
      });
    });

    test('a fallback provider takes over the call with its history, and the caller hears one short line', async () => {
      const backup = new ScriptedProvider('backup');
      await onCall({ fallbacks: [backup] }, async (rig, call, clock) => {
        rig.provider.last.callerSays('Where is my order?');
        rig.provider.last.emit({ type: 'failed', error: new TandemError('VOICE_REFUSED', 'Gone.') });
        await pass(clock, call, 20);
        await until(() => backup.sessions.length === 1, 'the second provider');
        const { answersLast, conversation, greeting } = backup.last.options;
        assert.deepEqual([answersLast, greeting], [true, 'Sorry, I lost you for a second.']);
        assert.ok(conversation.turns.some(({ text }) => text === 'Where is my order?'));
        await pass(clock, call, 500);
        const turns = rig.events.flatMap((event) => (event.type === 'turn' ? [event.turn.text] : []));
        assert.deepEqual(turns.slice(-2), ['Where is my order?', 'Sorry, I lost you for a second.']);
        assert.match(await metricsOf(rig), /voice_turn_latency_seconds_count\{provider="backup"\} 1/);
        backup.last.callerSays('I want to speak to a human.');
        assert.deepEqual(reasonsOf(rig), ['phrase']);
        assert.match(await metricsOf(rig), /voice_provider_failovers_total\{from="scripted",to="backup"\} 1/);
      });
    });

    test('when every provider has failed the caller is told and goes to an agent', async () => {
      const backup = new ScriptedProvider('backup', (session) =>
        session.emit({ type: 'failed', error: new TandemError('VOICE_REFUSED', 'Gone too.') }),
      );
      await onCall({ fallbacks: [backup] }, async (rig, call, clock) => {
        const said: string[] = [];
        call.on('say', (text) => said.push(text));
        rig.provider.last.emit({ type: 'failed', error: new TandemError('VOICE_REFUSED', 'Gone.') });
        await pass(clock, call, 20);
        await until(() => said.length > 0, 'the line');
        assert.match(said[0] ?? '', /get you a colleague/);
        assert.deepEqual(reasonsOf(rig), ['failure']);
        assert.match(
          await metricsOf(rig),
          /voice_provider_connection_failures_total\{provider="scripted"\} 1\n.*\{provider="backup"\} 1/,
        );
      });
    });
  });
}
