import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AudioChunk } from '../audio/chunk.js';
import { ScriptedProvider } from '../../test/support/scripted-provider.js';
import { FencedProvider } from './fenced-provider.js';
import type { VoiceEvent, VoiceProvider, VoiceSession } from './session.js';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const boom = (): never => {
  throw new Error('from the provider');
};

function fenced(inner: VoiceProvider, onEvent: (event: VoiceEvent) => void = () => undefined) {
  const faults: string[] = [];
  const errors: unknown[] = [];
  const listenerFaults: unknown[] = [];
  const events: VoiceEvent[] = [];
  const provider = new FencedProvider(inner, {
    onFault: (fault, conversationId, error) => {
      faults.push(`${conversationId}: ${fault}`);
      errors.push(error);
    },
    onListenerFault: (error) => listenerFaults.push(error),
  });
  const open = (): VoiceSession =>
    provider.open({
      conversationId: 'c',
      instructions: '',
      greeting: undefined,
      answersLast: false,
      language: 'en',
      tools: [],
      conversation: { turns: [], isPlaying: false },
      listener: (event) => {
        events.push(event);
        onEvent(event);
      },
    });
  return { provider, open, faults, errors, events, listenerFaults, types: () => events.map(({ type }) => type) };
}

describe('the fence around a provider', () => {
  test('what a session can do beyond the rest is asked of it through the fence', async () => {
    let quiet = 0;
    const inner = new ScriptedProvider('able', () => undefined);
    const rig = fenced(inner);
    const session = rig.open();
    Object.assign(inner.last, {
      callerIsQuiet: () => quiet++,
      render: (text: string) => Promise.resolve(Buffer.from(text)),
    });
    session.callerIsQuiet?.();
    assert.equal(quiet, 1);
    assert.deepEqual(await session.render?.('One moment.'), Buffer.from('One moment.'));
    Object.assign(inner.last, { callerIsQuiet: boom, render: () => Promise.resolve('no audio') });
    await assert.rejects(session.render?.('One moment.') ?? Promise.resolve(), /able rendered no audio/);
    session.callerIsQuiet?.();
    await settle();
    assert.deepEqual([rig.types().at(-1), rig.faults], ['failed', ['c: method-failed']]);
  });

  test('what a session cannot do is absent at the fence, too', () => {
    const inner = new ScriptedProvider('plain', () => undefined);
    const session = fenced(inner).open();
    for (const name of ['callerIsQuiet', 'render'] as const) {
      Object.defineProperty(inner.last, name, { value: undefined, configurable: true });
      assert.equal(session[name], undefined);
      Object.defineProperty(inner.last, name, { get: boom });
      assert.equal(session[name], undefined);
    }
  });

  test('how long a model waits for more of the caller is known through the fence, and an odd time is ignored', () => {
    const inner = new ScriptedProvider('patient');
    const rig = fenced(inner);
    for (const [given, known] of [
      [2000, 2000],
      [0, 0],
      [-1, undefined],
      [Number.NaN, undefined],
    ] as const) {
      Object.defineProperty(inner, 'turnWaitMs', { value: given, configurable: true });
      assert.equal(rig.provider.turnWaitMs, known);
    }
  });

  test('a provider whose open throws, or returns no session, has a session that fails', async () => {
    for (const open of [boom, (): VoiceSession => undefined as unknown as VoiceSession]) {
      const inner = new ScriptedProvider('odd');
      inner.open = open;
      const rig = fenced(inner);
      const session = rig.open();
      session.sendText('Hello?');
      assert.equal(rig.events.length, 0);
      await settle();
      const event = rig.events.at(0);
      assert.ok(event?.type === 'failed' && event.error.code === 'VOICE_FAILED' && event.error.retryable);
      assert.deepEqual(rig.faults, ['c: open-failed']);
    }
  });

  test('events of an unknown type, or without what their type carries, are lost and counted', async () => {
    const inner = new ScriptedProvider('odd', () => undefined);
    const rig = fenced(inner);
    rig.open();
    await settle();
    const item = { responseId: 'r', itemId: 'i' };
    for (const event of [
      { type: 'thinking' },
      { type: 'toString' },
      undefined,
      null,
      'ready',
      { type: 'audio', ...item, chunk: undefined },
      { type: 'audio', ...item, chunk: { encoding: 'pcm16', sampleRateHz: 24_000 } },
      { type: 'usage', inputTokens: Number.NaN, outputTokens: 1 },
      { type: 'usage', inputTokens: 1, outputTokens: -1 },
      { type: 'caller-text', itemId: 'i', text: 7, final: true },
      { type: 'response-done', responseId: 'r', sayId: undefined, status: 'odd' },
      Object.defineProperty({ type: 'caller-turn' }, 'itemId', { get: boom }),
      Object.defineProperty({}, 'type', { get: boom }),
    ])
      inner.last.options.listener(event as VoiceEvent);
    inner.last.emit({ type: 'usage', inputTokens: 3, outputTokens: 0 });
    assert.deepEqual(rig.types(), ['ready', 'usage']);
    assert.deepEqual(rig.faults, [
      ...Array.from({ length: 5 }, () => 'c: unknown-event'),
      ...Array.from({ length: 7 }, () => 'c: malformed-event'),
      'c: unknown-event',
    ]);
  });

  test('a failure without a usable error still ends the session, once', async () => {
    const inner = new ScriptedProvider('odd', () => undefined);
    const rig = fenced(inner);
    const session = rig.open();
    await settle();
    for (const error of ['gone', undefined]) inner.last.emit({ type: 'failed', error } as unknown as VoiceEvent);
    const last = rig.events.at(-1);
    assert.ok(last?.type === 'failed' && last.error.code === 'VOICE_FAILED');
    assert.deepEqual([rig.types(), rig.faults], [['ready', 'failed'], ['c: malformed-event']]);
    assert.deepEqual(rig.errors, ['gone']);
    session.close();
    assert.equal(inner.last.isClosed, true);
  });

  test('a session that throws when the model should hear or answer has failed, and is closed', async () => {
    const sends: Record<string, (session: VoiceSession) => void> = {
      sendAudio: (session) => session.sendAudio(AudioChunk.fromBytes('mulaw', 8000, new Uint8Array(160))),
      sendText: (session) => session.sendText('x'),
      sendDigits: (session) => session.sendDigits('1'),
      say: (session) => session.say('x', 's'),
      sendToolResult: (session) => session.sendToolResult('t', {}),
    };
    for (const [name, send] of Object.entries(sends)) {
      const inner = new ScriptedProvider('odd', () => undefined);
      const rig = fenced(inner);
      const session = rig.open();
      await settle();
      Object.assign(inner.last, { [name]: boom });
      send(session);
      send(session);
      assert.deepEqual(rig.types(), ['ready'], 'the owner is not called in the middle of its own call');
      await settle();
      assert.deepEqual([rig.types(), rig.faults], [['ready', 'failed'], ['c: method-failed']], name);
      assert.equal(inner.last.isClosed, true);
    }
  });

  test('a session that throws when it is cancelled, corrected or closed keeps on', async () => {
    const inner = new ScriptedProvider('odd', () => undefined);
    const rig = fenced(inner);
    const session = rig.open();
    await settle();
    Object.assign(inner.last, { cancel: boom, reportHeard: boom, close: boom });
    session.cancel();
    session.reportHeard([]);
    inner.last.emit({ type: 'interruption' });
    session.close();
    inner.last.emit({ type: 'interruption' });
    assert.deepEqual(rig.types(), ['ready', 'interruption']);
    assert.equal(rig.faults.length, 3);
  });

  test('events before open has returned come after it, in order, and before those behind them', async () => {
    const inner = new ScriptedProvider('early', () => undefined);
    const source = new ScriptedProvider('source', () => undefined);
    inner.open = (options) => {
      queueMicrotask(() => options.listener({ type: 'interruption' }));
      options.listener({ type: 'ready' });
      options.listener({ type: 'caller-speech-started' });
      return source.open({ ...options, listener: () => undefined });
    };
    const rig = fenced(inner);
    rig.open();
    assert.deepEqual(rig.types(), []);
    await settle();
    assert.deepEqual(rig.types(), ['ready', 'caller-speech-started', 'interruption']);
  });

  test("an error of the session's owner costs only its event and never reaches the provider", async () => {
    const inner = new ScriptedProvider('good', () => undefined);
    const rig = fenced(inner, (event) => event.type === 'interruption' && boom());
    rig.open();
    await settle();
    inner.last.emit({ type: 'interruption' });
    inner.last.emit({ type: 'caller-speech-started' });
    assert.deepEqual(rig.types(), ['ready', 'interruption', 'caller-speech-started']);
    assert.equal(rig.listenerFaults.length, 1);
  });

  test("an error of the session's owner about a provider that could not open is kept, too", async () => {
    const inner = new ScriptedProvider('odd');
    inner.open = boom;
    const rig = fenced(inner, boom);
    rig.open();
    await settle();
    assert.deepEqual([rig.types(), rig.listenerFaults.length], [['failed'], 1]);
  });

  test('a property that throws or makes no sense counts as absent', () => {
    const inner = Object.defineProperties(new ScriptedProvider('odd'), {
      isFull: { get: boom },
      renewal: { value: { afterMs: Number.NaN, forceAfterMs: 5 } },
      answerWithinMs: { value: -1 },
    });
    const { provider } = fenced(inner);
    assert.deepEqual([provider.isFull, provider.renewal, provider.answerWithinMs], [false, undefined, undefined]);
  });

  test('a summary that is no text is an error', async () => {
    const inner = new ScriptedProvider('odd');
    const session = fenced(inner).open();
    const request = { instructions: '', transcript: '', signal: AbortSignal.timeout(1000) };
    const writer = (): VoiceSession['summarize'] => session.summarize;
    assert.equal(writer(), undefined);
    inner.last.summarize = () => Promise.resolve(7 as unknown as string);
    await assert.rejects(writer()?.(request) ?? Promise.resolve(), /wrote no summary/);
    session.close();
    await assert.rejects(writer()?.(request) ?? Promise.resolve(), /write a summary/);
  });

  test('a session whose method throws when it is looked at cannot write a summary', () => {
    const inner = new ScriptedProvider('odd');
    const session = fenced(inner).open();
    Object.defineProperty(inner.last, 'summarize', { get: () => assert.fail('it is not to be looked at') });
    assert.equal(session.summarize, undefined);
  });
});
