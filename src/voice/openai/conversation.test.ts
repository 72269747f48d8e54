import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { loudnessEar } from '../../../sim/model/ear.js';
import { type Act, callTool, fault, scriptedBrain, speak } from '../../../sim/model/script.js';
import { type OpenAiSimOptions, startOpenAiSim } from '../../../sim/openai/server.js';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { SILENCE, sound } from '../../../test/support/openai-sim.js';
import { until } from '../../../test/support/rig.js';
import { VoiceRecorder } from '../../../test/support/voice-recorder.js';
import { AudioChunk } from '../../audio/chunk.js';
import { createLogger } from '../../telemetry/log.js';
import type { Turn } from '../history.js';
import type { VoiceSession, VoiceSessionOptions } from '../session.js';
import type { OpenAiAnomaly } from './anomalies.js';
import { createOpenAiProvider } from './provider.js';

const TRANSFER = {
  name: 'transfer_to_human',
  description: 'Puts the caller through to a person.',
  parameters: { type: 'object', properties: { reason: { type: 'string' } } },
};

/** A provider against the simulated service, which speaks as fast as it can unless the test says otherwise. */
async function startConversation(
  t: TestContext,
  options: OpenAiSimOptions = {},
  change: Partial<VoiceSessionOptions> = {},
) {
  const clock = new FakeClock();
  const sim = await startOpenAiSim({ clock, pacing: { speed: Infinity }, ...options });
  const recorder = new VoiceRecorder();
  const anomalies: OpenAiAnomaly[] = [];
  const provider = createOpenAiProvider({
    apiKey: 'sk-simulated',
    baseUrl: sim.url,
    model: 'gpt-realtime-2.1',
    voice: 'marin',
    transcriptionModel: 'gpt-transcribe',
    log: createLogger({ level: 'silent' }),
    clock,
    onAnomaly: (kind) => anomalies.push(kind),
  });
  const session = provider.open({
    conversationId: 'c',
    instructions: 'You are the assistant of Acme.',
    greeting: 'Welcome to Acme.',
    answersLast: false,
    language: 'en-US',
    tools: [TRANSFER],
    conversation: { turns: [], isPlaying: false },
    listener: recorder.listener,
    ...change,
  });
  t.after(async () => {
    await provider.close();
    await sim.close();
    await until(() => clock.timers === 0, 'every timer is gone');
  });
  return { sim, clock, recorder, anomalies, provider, session };
}

/** Frames of 20 ms, as the telephone sends them. */
function speakInto(session: VoiceSession, mulaw: Uint8Array): void {
  for (let at = 0; at < mulaw.length; at += 160) {
    session.sendAudio(AudioChunk.fromBytes('mulaw', 8000, mulaw.subarray(at, at + 160)));
  }
}

/** Lets time pass until `condition` holds. What is on its way between the two sides arrives meanwhile. */
async function passUntil(clock: FakeClock, condition: () => boolean, what: string, stepMs = 10): Promise<void> {
  for (let steps = 0; !condition(); steps++) {
    assert.ok(steps < 20_000, `did not happen: ${what}`);
    clock.advance(stepMs);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

function saidBy(recorder: VoiceRecorder, responseId: string): string {
  return recorder
    .of('assistant-text')
    .filter((event) => event.responseId === responseId)
    .map(({ text }) => text)
    .join('')
    .trim();
}

test('a call to OpenAI has a greeting word for word, a question, and an answer with audio', async (t) => {
  const ear = loudnessEar({ texts: ['When are you open?'] });
  const { sim, recorder, session, anomalies } = await startConversation(t, { ear });
  const greeting = await recorder.nth('response-done');
  assert.equal(saidBy(recorder, greeting.responseId), 'Welcome to Acme.');
  speakInto(session, await sound(800));
  speakInto(session, SILENCE);
  const answer = await recorder.nth('response-done', 2);
  assert.match(saidBy(recorder, answer.responseId), /Monday to Friday/);
  const text = await recorder.match(
    (event): event is Extract<typeof event, { type: 'caller-text' }> => event.type === 'caller-text' && event.final,
  );
  assert.equal(text.text, 'When are you open?');
  const turn = await recorder.nth('caller-turn');
  assert.equal(turn.itemId, text.itemId);
  assert.ok(recorder.events.indexOf(turn) < recorder.events.indexOf(text));
  const soundMs = recorder.of('audio').reduce((sum, { chunk }) => sum + chunk.durationMs, 0);
  assert.ok(soundMs > 3000, String(soundMs));
  assert.ok(recorder.of('usage').length >= 2);
  assert.deepEqual(sim.sessions[0]?.errors, []);
  assert.deepEqual(anomalies, []);
  assert.equal(sim.sessions[0]?.settings.audio.input.transcription?.languages?.[0], 'en');
});

test('OpenAI receives all caller audio byte for byte, even from before the session was ready', async (t) => {
  const { sim, recorder, session } = await startConversation(t, {}, { greeting: undefined });
  const voice = await sound(300);
  speakInto(session, voice);
  await recorder.nth('ready');
  speakInto(session, voice);
  await until(() => sim.sessions[0]?.callerAudio.length === 2 * voice.length, 'all audio');
  assert.ok(Buffer.concat([voice, voice]).equals(sim.sessions[0]?.callerAudio as Uint8Array));
});

test('OpenAI forgets an interrupted answer from the cut on, and the conversation continues', async (t) => {
  const long = [speak('one two three four five', { durationMs: 5000 }), speak('six seven', { durationMs: 2000 })];
  const ear = loudnessEar({ texts: ['Count.', 'Stop!'] });
  const { sim, clock, recorder, session, anomalies } = await startConversation(t, {
    brain: scriptedBrain(['Welcome.', long, 'Yes?']),
    ear,
    pacing: { speed: 5 },
  });
  await passUntil(clock, () => recorder.of('response-done').length === 1, 'the greeting');
  speakInto(session, await sound(600));
  speakInto(session, SILENCE);
  // All of the first item and some of the second.
  const spokenItems = (): string[] => [...new Set(recorder.of('audio').map(({ itemId }) => itemId))];
  await passUntil(clock, () => spokenItems().length === 3, 'the second item of the answer');
  const [, first = '', second = ''] = spokenItems();
  recorder.react = (event) => {
    if (event.type !== 'interruption') return;
    session.reportHeard([
      { itemId: first, heardMs: 3010, sentMs: 5000 },
      { itemId: second, heardMs: 0, sentMs: 200 },
    ]);
  };
  speakInto(session, await sound(400));
  assert.equal((await recorder.nth('response-done', 2)).status, 'cancelled');
  speakInto(session, SILENCE);
  await passUntil(clock, () => recorder.of('response-done').length === 3, 'the next answer');
  assert.deepEqual(
    sim.sessions[0]?.memory.map(({ role, text }) => `${role}: ${text}`),
    [
      'assistant: Welcome.',
      'user: Count.',
      'assistant: one two three',
      'assistant: ',
      'user: Stop!',
      'assistant: Yes?',
    ],
  );
  assert.deepEqual(sim.sessions[0]?.errors, []);
  assert.deepEqual(anomalies, []);
});

test('OpenAI refuses no cut, wherever the caller interrupts', async (t) => {
  const rounds = 25;
  const answer = [speak('one two three', { durationMs: 1500 }), speak('four', { durationMs: 430 })];
  const { sim, clock, recorder, session, anomalies } = await startConversation(t, {
    brain: scriptedBrain(Array.from({ length: rounds + 1 }, () => answer)),
    ear: loudnessEar({ texts: () => 'go on' }),
    pacing: { speed: 8, deltaMs: [170, 50, 333] },
  });
  // A telephone that plays at once what it gets, and was interrupted at any time since.
  let sent = new Map<string, number>();
  recorder.react = (event) => {
    if (event.type === 'audio') sent.set(event.itemId, (sent.get(event.itemId) ?? 0) + event.chunk.durationMs);
    if (event.type !== 'interruption') return;
    let leftMs = clock.now() % 1700;
    session.reportHeard(
      [...sent].map(([itemId, sentMs]) => {
        const heardMs = Math.min(sentMs, leftMs);
        leftMs -= heardMs;
        return { itemId, heardMs, sentMs };
      }),
    );
    sent = new Map();
  };
  const loud = await sound(200);
  for (let round = 0; round < rounds; round++) {
    const startedMs = clock.now();
    const spoken = recorder.of('response-started').length;
    await passUntil(clock, () => clock.now() - startedMs > (round * 37) % 300, 'some of the answer');
    speakInto(session, loud);
    speakInto(session, SILENCE);
    await until(() => recorder.of('response-started').length > spoken, 'the next answer');
  }
  assert.ok((sim.sessions[0]?.truncations.length ?? 0) > rounds / 2);
  assert.deepEqual(sim.sessions[0]?.errors, []);
  assert.deepEqual(anomalies, []);
});

test('a caller who wants a human has the transfer tool called, and the goodbye is the last line', async (t) => {
  const ear = loudnessEar({ texts: ['I want to talk to a human.'] });
  const { sim, recorder, session } = await startConversation(t, { ear });
  recorder.react = (event) => {
    if (event.type !== 'tool-call') return;
    session.sendToolResult(event.toolCallId, { status: 'ok' });
    session.cancel();
    session.say('I will connect you with a colleague.', 'bye');
  };
  await recorder.nth('response-done');
  speakInto(session, await sound(800));
  speakInto(session, SILENCE);
  const bye = await recorder.match(
    (event): event is Extract<typeof event, { type: 'response-done' }> =>
      event.type === 'response-done' && event.sayId === 'bye',
  );
  assert.equal(bye.status, 'completed');
  assert.equal(saidBy(recorder, bye.responseId), 'I will connect you with a colleague.');
  assert.equal(recorder.of('tool-call')[0]?.name, 'transfer_to_human');
  assert.deepEqual(recorder.events.at(-1), bye);
  const results = sim.sessions[0]?.memory.filter(({ role }) => role === 'tool');
  assert.deepEqual(
    results?.map(({ text }) => text),
    ['{"status":"ok"}'],
  );
});

test('a goodbye that crosses the answer to the last turn is spoken', async (t) => {
  const ear = loudnessEar({ texts: ['I want to talk to a human.'] });
  const { recorder, session } = await startConversation(t, { ear }, { tools: [] });
  await recorder.nth('response-done');
  // As a phrase in the transcript does: the answer to it may have begun by then, or not.
  recorder.react = (event) => {
    if (event.type !== 'caller-turn') return;
    session.cancel();
    session.say('I will connect you.', 'bye');
  };
  speakInto(session, await sound(800));
  speakInto(session, SILENCE);
  const bye = await recorder.match(
    (event): event is Extract<typeof event, { type: 'response-done' }> =>
      event.type === 'response-done' && event.sayId === 'bye',
  );
  assert.equal(bye.status, 'completed');
  assert.equal(saidBy(recorder, bye.responseId), 'I will connect you.');
  assert.equal(recorder.of('failed').length, 0);
});

test('OpenAI answers after a tool result that comes at once and after a late one', async (t) => {
  const brain = scriptedBrain(['Hi.', [callTool('lookup', { order: 7 })], 'It is on its way.']);
  const ear = loudnessEar({ texts: ['Where is my parcel?'] });
  for (const isSlow of [false, true]) {
    const { sim, recorder, session } = await startConversation(t, { brain, ear });
    recorder.react = (event) => {
      if (event.type !== 'tool-call') return;
      if (isSlow) setImmediate(() => session.sendToolResult(event.toolCallId, 'found'));
      else session.sendToolResult(event.toolCallId, 'found');
    };
    await recorder.nth('response-done');
    speakInto(session, await sound(800));
    speakInto(session, SILENCE);
    const answer = await recorder.nth('response-done', 3);
    assert.equal(saidBy(recorder, answer.responseId), 'It is on its way.');
    assert.deepEqual(recorder.of('tool-call')[0]?.arguments, { order: 7 });
    assert.deepEqual(sim.sessions[0]?.errors, []);
  }
});

test('an OpenAI session remembers an earlier conversation and answers its last question after the greeting', async (t) => {
  const turns: Turn[] = [
    { speaker: 'assistant', text: 'How can I help?', itemId: 'a1', interrupted: false },
    { speaker: 'caller', text: 'When are you open?', itemId: 'c1', interrupted: false },
  ];
  const { sim, recorder } = await startConversation(
    t,
    {},
    { greeting: 'Sorry, we were cut off.', answersLast: true, conversation: { turns, isPlaying: false } },
  );
  const done = await recorder.nth('response-done');
  assert.match(saidBy(recorder, done.responseId), /^Sorry, we were cut off\..*nine in the morning/);
  assert.deepEqual(
    sim.sessions[0]?.memory.slice(0, 2).map(({ role, text }) => `${role}: ${text}`),
    ['assistant: How can I help?', 'user: When are you open?'],
  );
  const direct = await startConversation(
    t,
    {},
    { greeting: undefined, answersLast: true, conversation: { turns, isPlaying: false } },
  );
  const answer = await direct.recorder.nth('response-done');
  assert.match(saidBy(direct.recorder, answer.responseId), /Monday to Friday/);
});

test('OpenAI answers keys and texts of the caller', async (t) => {
  const { sim, recorder, session } = await startConversation(t);
  await recorder.nth('response-done');
  session.sendText('When are you open?');
  const answer = await recorder.nth('response-done', 2);
  assert.match(saidBy(recorder, answer.responseId), /Monday to Friday/);
  session.sendDigits('4711#');
  await recorder.nth('response-done', 3);
  assert.match(sim.sessions[0]?.memory.findLast(({ role }) => role === 'user')?.text ?? '', /4711#/);
  assert.deepEqual(sim.sessions[0]?.errors, []);
});

test('a transcript that comes after the answer belongs to its turn, and a missing one is counted', async (t) => {
  const ear = loudnessEar({ texts: ['When are you open?'] });
  const late = await startConversation(t, { ear, transcription: { afterResponse: true } });
  await late.recorder.nth('response-done');
  speakInto(late.session, await sound(800));
  speakInto(late.session, SILENCE);
  await late.recorder.nth('response-done', 2);
  await until(() => late.recorder.of('caller-text').some(({ final }) => final), 'the transcript');
  assert.equal(late.recorder.of('caller-turn').length, 1);
  const never = await startConversation(t, { ear, transcription: { fails: true } });
  await never.recorder.nth('response-done');
  speakInto(never.session, await sound(800));
  speakInto(never.session, SILENCE);
  await never.recorder.nth('response-done', 2);
  await until(() => never.anomalies.length > 0, 'the failure is counted');
  assert.deepEqual(never.anomalies, ['transcription-failed']);
});

test('every known fault of the OpenAI service ends the session with its error code', async (t) => {
  const answer = (act: Act): Act[] => [speak('one', { durationMs: 200 }), act, speak('two', { durationMs: 200 })];
  const expected: [Act, string][] = [
    [fault({ type: 'close', code: 1011 }), 'VOICE_UNREACHABLE'],
    [fault({ type: 'reset' }), 'VOICE_UNREACHABLE'],
    [fault({ type: 'blocked' }), 'VOICE_BLOCKED'],
    [fault({ type: 'error', class: 'unauthorized' }), 'VOICE_REFUSED'],
    [fault({ type: 'error', class: 'timeout' }), 'VOICE_EXPIRED'],
    [fault({ type: 'failed-response', class: 'server' }), 'VOICE_FAILED'],
    [fault({ type: 'failed-response', class: 'unavailable' }), 'VOICE_FAILED'],
    [fault({ type: 'failed-response', class: 'invalid-request' }), 'VOICE_FAILED'],
    [fault({ type: 'failed-response', class: 'throttled' }), 'VOICE_THROTTLED'],
    [fault({ type: 'failed-response', class: 'unauthorized' }), 'VOICE_REFUSED'],
  ];
  for (const [act, code] of expected) {
    const { clock, recorder } = await startConversation(t, { brain: scriptedBrain(Array(5).fill(answer(act))) });
    await passUntil(clock, () => recorder.of('failed').length === 1, code);
    assert.equal(recorder.of('failed')[0]?.error.code, code);
  }
  const stalled = await startConversation(t, { brain: scriptedBrain([answer(fault({ type: 'stall' }))]) });
  await stalled.recorder.nth('audio');
  await passUntil(stalled.clock, () => stalled.recorder.of('failed').length === 1, 'the stall is noticed');
  assert.equal(stalled.recorder.of('failed')[0]?.error.code, 'VOICE_STALLED');
});

test('a conversation with OpenAI survives harmless faults', async (t) => {
  const acts: Act[] = [
    fault({ type: 'malformed' }),
    fault({ type: 'unknown-event' }),
    fault({ type: 'error', class: 'server' }),
    fault({ type: 'error', class: 'invalid-request' }),
    speak('Still here.'),
  ];
  const { recorder, anomalies } = await startConversation(t, { brain: scriptedBrain([acts]) });
  const done = await recorder.nth('response-done');
  assert.equal(done.status, 'completed');
  assert.equal(saidBy(recorder, done.responseId), 'Still here.');
  assert.deepEqual(anomalies, ['not-json', 'unknown-event', 'error-event', 'error-event']);
});

test('a fault at connect, or an unknown model, fails the session with its error code', async (t) => {
  const expected: [OpenAiSimOptions, string][] = [
    [{ faults: [{ when: { at: 'connect' }, fault: { type: 'refuse', status: 429 } }] }, 'VOICE_THROTTLED'],
    [{ faults: [{ when: { at: 'connect' }, fault: { type: 'reset' } }] }, 'VOICE_UNREACHABLE'],
    [{ faults: [{ when: { at: 'connect' }, fault: { type: 'silent' } }] }, 'VOICE_STALLED'],
    [{ apiKeys: ['sk-another'] }, 'VOICE_REFUSED'],
    [{ models: ['gpt-realtime-3'] }, 'VOICE_REFUSED'],
  ];
  for (const [options, code] of expected) {
    const { clock, recorder } = await startConversation(t, options);
    await passUntil(clock, () => recorder.of('failed').length === 1, code);
    assert.equal(recorder.of('failed')[0]?.error.code, code);
    assert.deepEqual(recorder.types, ['failed']);
  }
});

test('an OpenAI session expires at its maximum duration, and its renewal was due before', async (t) => {
  const { clock, provider, recorder } = await startConversation(t, { sessionSeconds: 600 });
  await recorder.nth('ready');
  const { afterMs, forceAfterMs } = provider.renewal ?? { afterMs: 0, forceAfterMs: 0 };
  assert.ok(afterMs > 500_000 && forceAfterMs < 600_000, `${afterMs} ${forceAfterMs}`);
  const endMs = clock.now() + 500_000;
  await passUntil(clock, () => clock.now() >= endMs, 'most of the session', 100);
  await passUntil(clock, () => recorder.of('failed').length === 1, 'the end');
  assert.equal(recorder.of('failed')[0]?.error.code, 'VOICE_EXPIRED');
});
