import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PhoneEndpoint } from '../sim/twilio/phone.js';
import { TandemError } from '../src/base/errors.js';
import { FakeClock } from './support/fake-clock.js';
import { PatientPhone } from './support/handover-scene.js';
import { type Rig, startRig, until } from './support/rig.js';
import { scaledClock } from './support/scaled-clock.js';

/** Runs `body` with a gateway of its own, then closes it and checks that nothing private was written down. */
async function withRig(options: Parameters<typeof startRig>[0], body: (rig: Rig) => Promise<void>): Promise<void> {
  const rig = await startRig(options);
  try {
    await body(rig);
  } finally {
    await rig.close();
  }
}

const busy: PhoneEndpoint = { ring: (leg) => leg.reject('busy') };
const turnsOf = (rig: Rig): string[] =>
  rig.events.flatMap((event) => (event.type === 'turn' ? [`${event.turn.speaker}: ${event.turn.text}`] : []));
const outcomeOf = (rig: Rig): unknown => rig.events.find((event) => event.type === 'ended')?.outcome;
const greeted = (rig: Rig): Promise<void> => until(() => turnsOf(rig).length > 0, 'the greeting');

for (const pipeline of [true, false]) {
  describe(pipeline ? 'calls through the pipeline' : 'calls through the direct bridge', { concurrency: true }, () => {
    test('a call is handed to an agent who sees its context', async () => {
      await withRig({ pipeline }, async (rig) => {
        const call = rig.call();
        let token = '';
        call.on('twiml', (request, verbs) => {
          if (request === '/twilio/whisper') token = /\d{10}/.exec(verbs[0]?.attributes['digits'] ?? '')?.[0] ?? '';
        });
        await greeted(rig);
        rig.provider.last.callerSays('Where is my parcel?');
        rig.provider.last.speak('Let me look.', 200);
        rig.provider.last.callerSays('I want to speak to a human agent.');
        assert.equal(await call.whenEnded(), 'gateway-hung-up');
        const [screen] = rig.screens;
        assert.equal(screen?.attributes['token_status'], 'valid');
        assert.equal(screen.attributes['customer_phone'], '+12025550123');
        assert.equal(screen.attributes['intent'], 'order');
        assert.match(screen.attributes['summary'] ?? '', /Where is my parcel\?/);
        await until(() => outcomeOf(rig) !== undefined, 'the end');
        assert.equal(outcomeOf(rig), 'handed_over');
        assert.equal(rig.provider.last.isClosed, true);
        // Neither digits nor words are in the log or the metrics.
        const written = rig.log() + (await rig.running.metrics.text());
        assert.doesNotMatch(written, /parcel|human agent/i);
        assert.match(token, /^\d{10}$/);
        assert.equal(written.includes(token), false);
      });
    });

    test('a call goes to an agent at its time limit', async () => {
      await withRig({ pipeline, env: { MAX_CALL_SECONDS: '20', IDLE_PROMPT_SECONDS: '0' } }, async (rig) => {
        const call = rig.call();
        await call.whenEnded();
        assert.equal(rig.screens[0]?.attributes['token_status'], 'valid');
        assert.equal(rig.screens[0].attributes['reason'], 'call_limit');
      });
    });

    test('key 0 and the transfer tool both count as a request for an agent', async () => {
      for (const ask of [
        (rig: Rig, press: (digit: string) => void) => press('0'),
        (rig: Rig) =>
          rig.provider.last.emit({
            type: 'tool-call',
            toolCallId: 't1',
            name: 'transfer_to_human',
            arguments: { reason: 'billing', summary: 'Was charged twice.' },
          }),
      ]) {
        await withRig({ pipeline }, async (rig) => {
          const call = rig.call();
          await greeted(rig);
          ask(rig, (digit) => call.pressDigit(digit));
          await call.whenEnded();
          assert.equal(rig.screens[0]?.attributes['token_status'], 'valid');
        });
      }
    });

    test('other keys go to the model, and a call of an unknown tool gets an error', async () => {
      await withRig({ pipeline }, async (rig) => {
        const call = rig.call();
        await greeted(rig);
        call.pressDigit('7');
        rig.provider.last.emit({ type: 'tool-call', toolCallId: 't1', name: 'fly', arguments: {} });
        await until(() => rig.provider.last.texts.length > 0, 'the key');
        assert.deepEqual(rig.provider.last.texts, ['7']);
        assert.deepEqual(rig.provider.last.toolResults, [{ error: 'There is no tool named fly.' }]);
        call.hangup();
        await until(() => outcomeOf(rig) === 'caller_hung_up', 'the end');
      });
    });

    test('a call ends when the model ends it, after its goodbye was heard', async () => {
      await withRig({ pipeline }, async (rig) => {
        const call = rig.call();
        await greeted(rig);
        rig.provider.last.speak('Goodbye.', 200);
        rig.provider.last.emit({ type: 'tool-call', toolCallId: 't1', name: 'end_call', arguments: {} });
        assert.equal(await call.whenEnded(), 'gateway-hung-up');
        assert.equal(outcomeOf(rig), 'completed');
      });
    });

    test('an interruption stops playout, and audio that arrives late is dropped', async () => {
      const clock = new FakeClock();
      await withRig({ pipeline, clock }, async (rig) => {
        const call = rig.call();
        let heardMs = 0;
        call.on('heard', (frame) => (heardMs += frame.filter((byte) => byte === 0x10).length / 8));
        rig.provider.onOpen = () => undefined;
        await until(() => rig.events.some((event) => event.type === 'stream-started'), 'the stream');
        const session = rig.provider.last;
        const itemId = session.speak('one two three four five six seven eight nine ten', 4000);
        await call.mediaStream?.settle();
        for (let passedMs = 0; passedMs < 1000; passedMs += 20) {
          clock.advance(20);
          await call.mediaStream?.settle();
        }
        assert.equal(heardMs, 1000);
        const responseId = itemId.replace('i', 'r');
        session.emit({ type: 'interruption' });
        session.speak('', 0);
        session.emit({ type: 'assistant-text', responseId, itemId, text: ' late' });
        // Nothing more is heard, although 3 s of the answer were still queued.
        await call.mediaStream?.settle();
        clock.advance(1000);
        await call.mediaStream?.settle();
        assert.equal(heardMs, 1000);
        assert.deepEqual(
          session.heard.map((item) => [item.itemId, item.heardMs]),
          [[itemId, 1000]],
        );
        assert.match(turnsOf(rig).at(-1) ?? '', /^assistant: one two( three)?$/);
        call.hangup();
      });
    });

    test('a call goes to an agent when the model fails, and the caller is told', async () => {
      await withRig({ pipeline }, async (rig) => {
        const call = rig.call();
        const said: string[] = [];
        call.on('say', (text) => said.push(text));
        await greeted(rig);
        rig.provider.last.emit({ type: 'failed', error: new TandemError('VOICE_REFUSED', 'Gone.') });
        await call.whenEnded();
        assert.match(said.join(' '), /get you a colleague/);
        assert.equal(rig.screens[0]?.attributes['reason'], 'assistant_failed');
      });
    });

    test('Twilio says the goodbye when the model does not speak it', async () => {
      await withRig({ pipeline }, async (rig) => {
        const call = rig.call();
        const said: string[] = [];
        call.on('say', (text) => said.push(text));
        await greeted(rig);
        rig.provider.last.isMute = true;
        rig.provider.last.callerSays('Operator please.');
        await call.whenEnded();
        assert.match(said.join(' '), /connecting you with a colleague/);
        assert.equal(rig.screens[0]?.attributes['token_status'], 'valid');
      });
    });

    test('a call resumes in a new stream with its memory when the connection breaks', async () => {
      await withRig({ pipeline }, async (rig) => {
        const call = rig.call();
        await greeted(rig);
        rig.provider.last.callerSays('I have a question about returns.');
        call.mediaStream?.drop();
        await until(() => rig.provider.sessions.length === 2, 'a second session');
        await until(
          () => rig.events.filter((event) => event.type === 'stream-started').length === 2,
          'a second stream',
        );
        assert.deepEqual(
          rig.provider.last.options.conversation.turns
            .filter((turn) => turn.speaker === 'caller')
            .map((turn) => turn.text),
          ['I have a question about returns.'],
        );
        assert.match(rig.provider.last.options.greeting ?? '', /cut off/);
        assert.equal(rig.provider.sessions[0]?.isClosed, true);
        call.hangup();
        await until(() => outcomeOf(rig) === 'caller_hung_up', 'the end');
      });
    });

    test('the assistant returns after a busy dial, and the third busy dial ends the call politely', async () => {
      await withRig({ pipeline, phone: busy }, async (rig) => {
        const call = rig.call();
        const said: string[] = [];
        call.on('say', (text) => said.push(text));
        for (let attempt = 1; attempt <= 3; attempt++) {
          await until(
            () => rig.events.filter((event) => event.type === 'stream-started').length === attempt,
            `stream ${attempt}`,
          );
          await until(() => rig.provider.sessions.length === attempt, `session ${attempt}`);
          rig.provider.last.callerSays('Give me a real person.');
        }
        assert.equal(await call.whenEnded(), 'gateway-hung-up');
        assert.match(said.join(' '), /nobody can take your call/i);
        assert.equal(outcomeOf(rig), 'no_human');
      });
    });
  });
}

test('pipeline and direct bridge produce the same transcript, the same audio and the same handover', async () => {
  const results = await Promise.all(
    [true, false].map(async (pipeline) => {
      let heardBytes = 0;
      const result: unknown[] = [];
      await withRig({ pipeline }, async (rig) => {
        const call = rig.call();
        call.on('heard', (frame) => (heardBytes += frame.filter((byte) => byte === 0x10).length));
        await greeted(rig);
        const heard = async (durationMs: number): Promise<void> => {
          await until(() => heardBytes === durationMs * 8, `${durationMs} ms`);
          // The mark that reports this to the gateway is still on its way.
          await call.mediaStream?.settle();
        };
        await heard(300);
        rig.provider.last.callerSays('What does shipping cost?');
        rig.provider.last.speak('Five dollars.', 400);
        await heard(700);
        rig.provider.last.callerSays('Can I talk to a representative please?');
        await call.whenEnded();
        const { conversation_id: _c, handover_id: _h, ...attributes } = rig.screens[0]?.attributes ?? {};
        result.push(turnsOf(rig), heardBytes, attributes, outcomeOf(rig));
      });
      return result;
    }),
  );
  assert.deepEqual(results[0], results[1]);
  const attributes = results[0]?.[2] as Record<string, string> | undefined;
  assert.equal(attributes?.['token_status'], 'valid');
});

test('streams that keep breaking end with an agent, not with silence', async () => {
  await withRig({}, async (rig) => {
    const call = rig.call();
    for (let stream = 1; stream <= 3; stream++) {
      const streams = (): number => rig.events.filter((event) => event.type === 'stream-started').length;
      await until(() => streams() === stream, `stream ${stream}`);
      call.mediaStream?.drop();
    }
    await call.whenEnded();
    assert.equal(rig.screens[0]?.attributes['reason'], 'assistant_failed');
    assert.equal(
      rig.provider.sessions.every((session) => session.isClosed),
      true,
    );
  });
});

test('a stopping gateway hands calls that outlast the drain to an agent', async () => {
  await withRig({}, async (rig) => {
    const call = rig.call();
    await greeted(rig);
    rig.provider.last.callerSays('My internet is broken.');
    await rig.running.gateway.drain(0);
    assert.equal((await fetch(`${rig.base}/ready`)).status, 503);
    await call.whenEnded();
    assert.equal(rig.screens[0]?.attributes['token_status'], 'valid');
    assert.match(rig.screens[0].attributes['summary'] ?? '', /internet is broken/);
    assert.match(rig.provider.last.said.join(), /colleague/, 'the caller is told');
    assert.match(await rig.running.metrics.text(), /^gateway_escalations_total\{trigger="stopping",.*\} 1$/m);
  });
});

test('a stopping gateway stays until the agent it dials has been given the token', async () => {
  const clock = scaledClock(10);
  const agent = new PatientPhone();
  const phone: PhoneEndpoint = { ring: (leg) => void clock.setTimer(12_000, () => agent.ring(leg)) };
  await withRig({ clock, phone }, async (rig) => {
    rig.call();
    await greeted(rig);
    let isDrained = false;
    const drained = rig.running.gateway.drain(0).then(() => (isDrained = true));
    await until(() => agent.legs.length === 1, 'the agent answers');
    assert.equal(isDrained, false);
    await until(() => agent.digits.includes('#'), 'the token');
    await drained;
    agent.legs[0]?.hangup();
  });
});

test('a caller who hangs up during the goodbye ends the call, and Connect is not dialled', async () => {
  await withRig({}, async (rig) => {
    const call = rig.call();
    await greeted(rig);
    rig.provider.last.callerSays('Give me a human please.');
    call.hangup();
    await until(() => outcomeOf(rig) !== undefined, 'the end');
    assert.equal(outcomeOf(rig), 'caller_hung_up');
    assert.equal(
      rig.events.some((event) => event.type === 'dialling'),
      false,
    );
    assert.equal(rig.running.gateway.activeCalls, 0);
    assert.equal(rig.provider.last.isClosed, true);
  });
});

test('frame latency is measured in both directions, and greeting latency once a call', async () => {
  await withRig({}, async (rig) => {
    const call = rig.call();
    await greeted(rig);
    await until(() => rig.provider.last.callerBytes > 1600, 'caller audio');
    const text = await rig.running.metrics.text();
    const count = (sample: string): number =>
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(sample))
          ?.split(' ')[1],
      );
    assert.ok(count('gateway_frame_latency_seconds_count{direction="inbound"}') >= 10);
    assert.ok(count('gateway_frame_latency_seconds_count{direction="outbound"}') >= 2);
    assert.equal(count('voice_greeting_latency_seconds_count'), 1);
    assert.equal(count('gateway_active_sessions'), 1);
    call.hangup();
  });
});

test('above the limit of calls, callers go straight to an agent', async () => {
  await withRig({ env: { MAX_CONCURRENT_CALLS: '1' } }, async (rig) => {
    const first = rig.call();
    await greeted(rig);
    const second = rig.call('+12025550124');
    let bridged = false;
    second.on('bridged', () => (bridged = true));
    await second.whenEnded();
    assert.equal(bridged, true);
    assert.equal(rig.provider.sessions.length, 1);
    assert.equal(rig.screens[0]?.attributes['token_status'], 'missing', 'no context');
    assert.match(await rig.running.metrics.text(), /^gateway_sessions_total\{outcome="refused_busy"\} 1$/m);
    first.hangup();
  });
});

test('above the limit of calls, callers without an agent to dial are told that all lines are busy', async () => {
  const change: NonNullable<Parameters<typeof startRig>[0]>['change'] = (config) => ({
    ...config,
    maxConcurrentCalls: 1,
    handover: { ...config.handover, connectPhoneNumber: undefined },
  });
  await withRig({ change }, async (rig) => {
    const first = rig.call();
    await greeted(rig);
    const second = rig.call('+12025550124');
    const said: string[] = [];
    second.on('say', (text) => said.push(text));
    assert.equal(await second.whenEnded(), 'gateway-hung-up');
    assert.match(said.join(), /All our lines are busy/);
    first.hangup();
  });
});
