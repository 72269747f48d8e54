import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { until } from '../../../test/support/rig.js';
import { AudioChunk } from '../../audio/chunk.js';
import { TandemError } from '../../base/errors.js';
import type { SpeechEngine, SpeechInput, SpeechListener } from '../../speech/engine.js';
import type { VoiceEvent, VoiceSession, VoiceSessionOptions } from '../session.js';
import { createLocalProvider } from './provider.js';

/** 2.5 pieces of 200 ms, so that a sentence does not divide evenly. */
const SENTENCE_BYTES = 4000;

/** Synthesises silence for every sentence, at once or when the test releases it. */
class FakeEngine implements SpeechEngine {
  listener: SpeechListener | undefined;
  readonly spoken: string[] = [];
  readonly pushed: Uint8Array[] = [];
  sentenceBytes = SENTENCE_BYTES;
  isHolding = false;
  isListening = false;
  failure: Error | undefined;
  private held: (() => void)[] = [];

  transcribe(): Promise<string> {
    return Promise.resolve('');
  }

  async synthesize(text: string): Promise<Uint8Array> {
    this.spoken.push(text);
    if (this.isHolding) await new Promise<void>((resolve) => this.held.push(resolve));
    if (this.failure !== undefined) throw this.failure;
    return new Uint8Array(this.sentenceBytes).fill(0xff);
  }

  listen(listener: SpeechListener): SpeechInput {
    this.listener = listener;
    this.isListening = true;
    return {
      push: (mulaw) => void this.pushed.push(mulaw),
      close: () => {
        this.isListening = false;
      },
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  release(): void {
    for (const resolve of this.held.splice(0)) resolve();
  }

  hear(text: string): void {
    this.listener?.onSpeechStarted();
    this.listener?.onSpeechStopped();
    this.listener?.onText(text);
  }
}

interface Rig {
  engine: FakeEngine;
  clock: FakeClock;
  session: VoiceSession;
  events: VoiceEvent[];
  /** Returns what was spoken, sentence by sentence. */
  texts(): string[];
  kinds(): string[];
  anomalies: string[];
  onEvent: ((event: VoiceEvent) => void) | undefined;
}

function open(options: Partial<VoiceSessionOptions> = {}, llmBaseUrl?: string): Rig {
  const engine = new FakeEngine();
  const clock = new FakeClock();
  const anomalies: string[] = [];
  const provider = createLocalProvider({
    sttModel: 'tiny',
    llmBaseUrl,
    onAnomaly: (kind, callId) => anomalies.push(`${kind} ${callId}`),
    llmModel: 'small',
    log: pino({ level: 'silent' }),
    engine,
    clock,
  });
  const events: VoiceEvent[] = [];
  const rig: Rig = {
    engine,
    clock,
    events,
    anomalies,
    texts: () => events.flatMap((event) => (event.type === 'assistant-text' ? [event.text] : [])),
    kinds: () => events.map((event) => event.type),
    onEvent: undefined,
    session: provider.open({
      conversationId: 'c',
      instructions: '',
      greeting: 'Hello.',
      language: 'en-US',
      tools: [{ name: 'transfer_to_human', description: 'Calls a human.', parameters: {} }],
      answersLast: false,
      conversation: { turns: [], isPlaying: false },
      listener: (event) => {
        events.push(event);
        rig.onEvent?.(event);
      },
      ...options,
    }),
  };
  return rig;
}

/** Lets everything run that waits only for promises. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

async function greeted(options: Partial<VoiceSessionOptions> = {}): Promise<Rig> {
  const rig = open(options);
  await settle();
  rig.events.length = 0;
  return rig;
}

describe('a local voice session', () => {
  it('a local session is ready after `open` has returned, and then greets', async () => {
    const rig = open();
    assert.deepEqual(rig.kinds(), []);
    await settle();
    assert.deepEqual(rig.kinds(), [
      'ready',
      'response-started',
      'assistant-text',
      'audio',
      'audio',
      'audio',
      'item-done',
      'response-done',
    ]);
    const chunks = rig.events.flatMap((event) => (event.type === 'audio' ? [event.chunk] : []));
    assert.deepEqual(
      chunks.map((chunk) => [chunk.encoding, chunk.sampleRateHz, chunk.durationMs]),
      [
        ['mulaw', 8000, 200],
        ['mulaw', 8000, 200],
        ['mulaw', 8000, 100],
      ],
    );
    rig.session.close();
  });

  it("a local session passes the caller's audio to the engine", async () => {
    const rig = await greeted();
    rig.session.sendAudio(AudioChunk.fromBytes('mulaw', 8000, new Uint8Array(160)));
    assert.equal(rig.engine.pushed[0]?.length, 160);
    rig.session.close();
  });

  it('a line that sends nothing while the caller is silent is padded, so that the detector finds the end of the speech', async () => {
    const rig = await greeted();
    rig.session.sendAudio(AudioChunk.fromBytes('mulaw', 8000, new Uint8Array(160)));
    rig.engine.listener?.onSpeechStarted();
    rig.clock.advance(590);
    assert.equal(rig.engine.pushed.length, 1);
    rig.clock.advance(20);
    assert.deepEqual(rig.engine.pushed[1], new Uint8Array(8000).fill(0xff), 'one second of silence');
    rig.engine.listener?.onSpeechStopped();
    rig.clock.advance(60_000);
    assert.equal(rig.engine.pushed.length, 2);
    rig.engine.listener?.onSpeechStarted();
    rig.session.close();
    rig.clock.advance(60_000);
    assert.equal(rig.engine.pushed.length, 2);
    assert.equal(rig.clock.timers, 0);
  });

  it('a local session answers the caller with an item for each sentence', async () => {
    const rig = await greeted();
    rig.engine.hear('what are your opening hours');
    assert.deepEqual(rig.kinds(), [
      'caller-speech-started',
      'interruption',
      'caller-speech-stopped',
      'caller-text',
      'response-started',
    ]);
    await settle();
    const items = rig.events.flatMap((event) => (event.type === 'item-done' ? [event.itemId] : []));
    assert.equal(items.length, 3);
    assert.equal(new Set(items).size, 3);
    assert.match(rig.texts().join(' '), /^We are open Monday/);
    rig.session.close();
  });

  it('a local session speaks at most fifteen seconds ahead of what the caller hears', async () => {
    const rig = await greeted();
    rig.clock.advance(60_000);
    rig.engine.sentenceBytes = 128_000;
    rig.session.sendText('what are your opening hours');
    await settle();
    assert.equal(rig.texts().length, 1, 'the first sentence alone has sixteen seconds');
    rig.clock.advance(5999);
    await settle();
    assert.equal(rig.texts().length, 1);
    rig.clock.advance(1);
    await settle();
    assert.equal(rig.texts().length, 2);
    rig.session.close();
    assert.equal(rig.clock.timers, 0, 'no timer is left');
  });

  it('an answer that noise cut off before it began is given after the noise', async () => {
    const rig = await greeted();
    rig.engine.isHolding = true;
    rig.engine.hear('what are your opening hours');
    await settle();
    rig.engine.isHolding = false;
    rig.engine.hear('');
    rig.engine.release();
    await settle();
    assert.match(rig.texts().join(' '), /^We are open Monday/);
    rig.session.close();
  });

  it('an answer that noise cuts off in the middle goes on with the sentence that was not heard whole', async () => {
    const rig = await greeted();
    let heardItems = 1;
    // The caller has heard `heardItems` of the sentences, and half of the next one.
    rig.onEvent = ({ type }) => {
      if (type !== 'interruption') return;
      const items = rig.events.flatMap((event) => (event.type === 'item-done' ? [event.itemId] : []));
      const cut = items.slice(heardItems).map((itemId, at) => ({ itemId, heardMs: at === 0 ? 250 : 0, sentMs: 500 }));
      rig.session.reportHeard(cut);
    };
    rig.engine.hear('what are your opening hours');
    await settle();
    const whole = rig.texts();
    assert.equal(whole.length, 3);
    rig.engine.hear('');
    await settle();
    assert.deepEqual(rig.texts().slice(3), whole.slice(1), 'all was sent, and still played');

    rig.engine.isHolding = true;
    heardItems = 4;
    rig.engine.hear('');
    await settle();
    rig.engine.hear('');
    rig.engine.isHolding = false;
    rig.engine.release();
    await settle();
    assert.deepEqual(rig.texts().slice(5), whole.slice(2), 'it was cut off before its first sound');

    rig.engine.hear('');
    rig.engine.hear('repeat that');
    await settle();
    assert.deepEqual(rig.texts().slice(6), whole, 'words are answered, and end what was owed');
    rig.session.close();
    assert.equal(rig.clock.timers, 0);
  });

  it('a noise without end does not repeat an answer without end', async () => {
    const rig = await greeted();
    rig.onEvent = ({ type }) => {
      if (type !== 'interruption') return;
      const last = rig.events.findLast((event) => event.type === 'item-done');
      if (last?.type === 'item-done') rig.session.reportHeard([{ itemId: last.itemId, heardMs: 0, sentMs: 500 }]);
    };
    rig.engine.hear('what are your opening hours');
    await settle();
    const [, , lastSentence] = rig.texts();
    for (let time = 0; time < 4; time++) {
      rig.engine.hear('');
      await settle();
    }
    assert.deepEqual(rig.texts().slice(3), [lastSentence, lastSentence, lastSentence]);
    rig.engine.hear('');
    await settle();
    assert.match(rig.texts().at(-1) ?? '', /You can ask me/, 'the caller is asked');
    rig.session.close();
  });

  it('keys and commands of the owner leave nothing owed', async () => {
    const rig = await greeted();
    rig.engine.hear('what are your opening hours');
    await settle();
    rig.session.cancel();
    const items = rig.events.flatMap((event) => (event.type === 'item-done' ? [event.itemId] : []));
    rig.session.reportHeard(items.map((itemId) => ({ itemId, heardMs: 0, sentMs: 500 })));
    rig.engine.hear('');
    await settle();
    assert.equal(rig.texts().length, 3);
    rig.session.close();
  });

  it('a line of the owner passes an answer that has not begun, and the answer follows whole', async () => {
    let answer: ServerResponse | undefined;
    const server = createServer((request, response) => {
      request.resume();
      answer = response;
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const rig = open({ greeting: undefined }, `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`);
    try {
      await settle();
      rig.engine.hear('where is my order');
      await until(() => answer !== undefined, 'the request');
      rig.session.say('Just a second. I am looking.', 'filler');
      await until(() => rig.texts().length === 2, 'the line');
      rig.engine.isHolding = true;
      rig.session.say('Still looking.', 'filler-2');
      answer?.end('data: {"choices":[{"delta":{"content":"It is in Oslo. Soon."},"finish_reason":"stop"}]}\n\n');
      await until(() => rig.engine.spoken.includes('It is in Oslo.'), 'the answer');
      rig.engine.isHolding = false;
      rig.engine.release();
      await until(() => rig.texts().length === 5, 'everything');
      assert.deepEqual(rig.texts(), ['Just a second.', 'I am looking.', 'Still looking.', 'It is in Oslo.', 'Soon.']);
      const ends = rig.events.flatMap((event) => (event.type === 'response-done' ? [[event.sayId, event.status]] : []));
      assert.deepEqual(ends, [
        ['filler', 'completed'],
        ['filler-2', 'completed'],
        [undefined, 'completed'],
      ]);
    } finally {
      rig.session.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('a sentence that was being synthesised when the caller spoke is dropped', async () => {
    const rig = await greeted();
    rig.engine.isHolding = true;
    rig.engine.hear('what are your opening hours');
    await settle();
    rig.engine.listener?.onSpeechStarted();
    const done = rig.events.find((event) => event.type === 'response-done');
    assert.equal(done?.type === 'response-done' && done.status, 'cancelled');
    const before = rig.events.length;
    rig.engine.release();
    await settle();
    assert.equal(rig.events.length, before);
    assert.deepEqual(rig.texts(), []);
    rig.session.close();
  });

  it('a local session reports an interruption only while something may be playing', async () => {
    const rig = await greeted({ greeting: undefined });
    rig.engine.hear('what are your opening hours');
    assert.ok(!rig.kinds().includes('interruption'));
    await settle();
    rig.engine.listener?.onSpeechStarted();
    assert.equal(rig.kinds().at(-1), 'interruption');
    rig.session.close();
  });

  it('a local session does not answer if its owner takes over when it hears the text', async () => {
    const rig = await greeted();
    rig.onEvent = (event) => {
      if (event.type !== 'caller-text') return;
      rig.session.cancel();
      rig.session.say('I am connecting you. One moment.', 'goodbye');
    };
    rig.engine.hear('what are your opening hours');
    await settle();
    assert.deepEqual(rig.texts(), ['I am connecting you.', 'One moment.']);
    const done = rig.events.at(-1);
    assert.deepEqual(done?.type === 'response-done' && [done.sayId, done.status], ['goodbye', 'completed']);
    rig.session.close();
  });

  it('a local session speaks a line after a cancelled answer, and the caller cannot cut it', async () => {
    const rig = await greeted();
    rig.engine.isHolding = true;
    rig.engine.hear('what are your opening hours');
    await settle();
    rig.session.cancel();
    rig.session.say('One moment.', 'line');
    await settle();
    rig.engine.listener?.onSpeechStarted();
    rig.engine.release();
    await settle();
    assert.deepEqual(rig.texts(), ['One moment.']);
    const ends = rig.events.flatMap((event) => (event.type === 'response-done' ? [[event.sayId, event.status]] : []));
    assert.deepEqual(ends, [
      [undefined, 'cancelled'],
      ['line', 'completed'],
    ]);
    rig.session.close();
  });

  it('a local session stops within an item if its owner cancels when it receives a piece', async () => {
    const rig = await greeted();
    rig.onEvent = (event) => {
      if (event.type === 'audio') rig.session.cancel();
    };
    rig.engine.hear('what are your opening hours');
    await settle();
    assert.equal(rig.kinds().filter((kind) => kind === 'audio').length, 1);
    assert.equal(rig.kinds().at(-1), 'response-done');
    rig.session.close();
  });

  it('a local session waits for the rest if the caller speaks before the first part was understood', async () => {
    const rig = await greeted();
    const { listener } = rig.engine;
    listener?.onSpeechStarted();
    listener?.onSpeechStopped();
    listener?.onSpeechStarted();
    listener?.onText('where is');
    await settle();
    assert.deepEqual(rig.texts(), []);
    listener?.onSpeechStopped();
    listener?.onText('my order');
    await settle();
    assert.match(rig.texts().join(' '), /order number\?$/);
    rig.session.close();
  });

  it('a local session transfers the call after two misunderstandings', async () => {
    const rig = await greeted();
    rig.engine.hear('purple elephants');
    await settle();
    assert.match(rig.texts()[0] ?? '', /did not understand/);
    rig.engine.hear('green elephants');
    await settle();
    const last = rig.events.at(-1);
    assert.ok(last?.type === 'tool-call');
    assert.equal(last.name, 'transfer_to_human');
    assert.notEqual(last.toolCallId, '');
    rig.session.close();
  });

  it('a local session ignores one noise and asks after two', async () => {
    const rig = await greeted();
    rig.engine.hear('');
    await settle();
    assert.deepEqual(rig.texts(), []);
    rig.engine.hear('');
    await settle();
    assert.match(rig.texts()[0] ?? '', /did not understand/);
    rig.session.close();
  });

  it('an utterance on which the recogniser failed is counted, and the caller is treated like one who was not understood', async () => {
    const rig = await greeted();
    for (let time = 0; time < 2; time++) {
      rig.engine.listener?.onNotRecognized?.();
      rig.engine.hear('');
    }
    await settle();
    assert.deepEqual(rig.anomalies, ['recognition-failed c', 'recognition-failed c']);
    assert.match(rig.texts().at(-1) ?? '', /You can ask me/);
    rig.session.close();
  });

  it('a local session says goodbye before it ends the call', async () => {
    const rig = await greeted();
    rig.engine.hear('good-bye');
    await settle();
    assert.equal(rig.texts().at(-1), 'Goodbye!');
    const kinds = rig.kinds();
    assert.ok(kinds.lastIndexOf('item-done') < kinds.indexOf('tool-call'));
    const call = rig.events.at(-1);
    assert.equal(call?.type === 'tool-call' && call.name, 'end_call');
    rig.session.close();
  });

  it('a local session takes a keyed number as an answer, which interrupts it', async () => {
    const rig = await greeted();
    rig.engine.hear('where is my order');
    await settle();
    rig.events.length = 0;
    rig.session.sendDigits('4711');
    await settle();
    assert.equal(rig.kinds()[0], 'interruption');
    assert.match(rig.texts().join(' '), /number 4 7 1 1\./);
    rig.session.close();
  });

  it('a local session greets and then answers the last turn before it opened', async () => {
    const turn = { speaker: 'caller', text: 'Where is my order?', itemId: 'c1', interrupted: false } as const;
    const rig = open({ answersLast: true, greeting: 'I am back.', conversation: { turns: [turn], isPlaying: false } });
    await settle();
    assert.deepEqual(rig.texts().slice(0, 2), ['I am back.', 'I will look that up for you.']);
    rig.session.close();
  });

  it('a closed local session sends no event and stops listening', async () => {
    const rig = await greeted();
    rig.engine.isHolding = true;
    rig.engine.hear('what are your opening hours');
    rig.session.sendText('hello');
    const before = rig.events.length;
    rig.session.close();
    rig.engine.release();
    rig.session.say('Too late.', 'x');
    rig.engine.listener?.onText('hello');
    await settle();
    assert.equal(rig.events.length, before);
    assert.equal(rig.engine.isListening, false);
    assert.equal(rig.clock.timers, 0);
  });

  it('a local session may be closed before it is ready', async () => {
    const rig = open();
    rig.session.close();
    await settle();
    assert.deepEqual(rig.kinds(), []);
    assert.equal(rig.engine.isListening, false);
  });

  it('a local session fails once if the engine fails, and does nothing afterwards', async () => {
    const rig = await greeted();
    const error = new TandemError('LOCAL_SPEECH_FAILED', 'It stopped.');
    rig.engine.isHolding = true;
    rig.engine.failure = error;
    rig.engine.hear('what are your opening hours');
    await settle();
    rig.engine.release();
    await settle();
    rig.engine.listener?.onFailure(error);
    rig.session.say('Hello?', 'x');
    await settle();
    const failed = rig.events.flatMap((event) => (event.type === 'failed' ? [event.error] : []));
    assert.deepEqual(failed, [error]);
    assert.equal(rig.kinds().at(-1), 'failed');
  });

  it('the ids of local sessions are unique', async () => {
    const ids = async (): Promise<string[]> => {
      const rig = open();
      await settle();
      rig.session.close();
      return rig.events.flatMap((event) => (event.type === 'item-done' ? [event.itemId, event.responseId] : []));
    };
    assert.equal(new Set([...(await ids()), ...(await ids())]).size, 4);
  });
});

describe('the local provider', () => {
  const settings = { sttModel: 'tiny', llmBaseUrl: undefined, llmModel: undefined, log: pino({ level: 'silent' }) };
  const options = {
    conversationId: 'c',
    instructions: '',
    greeting: 'Hello.',
    language: 'en-US',
    tools: [],
    answersLast: false,
    conversation: { turns: [], isPlaying: false },
  };

  it('the local provider fails a session that is opened before it is prepared', async () => {
    const events: VoiceEvent[] = [];
    createLocalProvider(settings).open({ ...options, listener: (event) => events.push(event) });
    assert.equal(events.length, 0);
    await settle();
    assert.deepEqual(
      events.map((event) => event.type === 'failed' && event.error.code),
      ['SESSION_CLOSED'],
    );
  });

  it('the local provider warms up the engine and closes its sessions without an event', async () => {
    const engine = new FakeEngine();
    const provider = createLocalProvider({ ...settings, engine });
    await provider.prepare();
    assert.equal(engine.spoken.length, 1);
    const events: VoiceEvent[] = [];
    provider.open({ ...options, listener: (event) => events.push(event) });
    await settle();
    const before = events.length;
    await provider.close();
    assert.equal(engine.isListening, false);
    assert.equal(events.length, before);
  });

  it('the local provider refuses an LLM endpoint without a model', async () => {
    const provider = createLocalProvider({
      ...settings,
      llmBaseUrl: 'http://127.0.0.1:1/v1',
      engine: new FakeEngine(),
    });
    await assert.rejects(provider.prepare(), { code: 'CONFIG_INVALID' });
  });

  it('an error while a local session handles what the engine heard fails that session and not the engine', async () => {
    const rig = await greeted();
    rig.onEvent = ({ type }) => {
      if (type === 'caller-text') throw new Error('in the owner');
    };
    rig.engine.hear('hello');
    assert.equal(rig.kinds().at(-1), 'failed');
    assert.equal(rig.engine.isListening, false);
  });
});
