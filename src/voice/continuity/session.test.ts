import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FakeClock } from '../../../test/fake-clock.js';
import { ScriptedProvider, type ScriptedSession } from '../../../test/scripted-provider.js';
import { AudioChunk } from '../../audio/chunk.js';
import { pcmToMulaw } from '../../audio/g711.js';
import { TandemError } from '../../errors.js';
import type { Turn } from '../history.js';
import type { VoiceEvent, VoiceSession } from '../session.js';
import { ContinuousProvider } from './provider.js';

const lines = { takenOver: 'Sorry, I lost you.', oneMoment: 'One moment.' };
const gone = (code: 'VOICE_UNREACHABLE' | 'VOICE_REFUSED' | 'VOICE_THROTTLED' = 'VOICE_UNREACHABLE'): VoiceEvent => ({
  type: 'failed',
  error: new TandemError(code, 'Gone.'),
});
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const frame = (value: number): AudioChunk => AudioChunk.fromBytes('mulaw', 8000, new Uint8Array(160).fill(value));
const silent = (): void => undefined;
const greets = (session: ScriptedSession): void => {
  if (session.options.greeting !== undefined) session.speak(session.options.greeting, 200);
};

/** 20 ms of a tone. */
function loud(level: number): AudioChunk {
  const pcm = Int16Array.from({ length: 160 }, (_, n) => level * Math.sin(n * 0.35));
  return AudioChunk.fromBase64('mulaw', 8000, Buffer.from(pcmToMulaw(pcm)).toString('base64'));
}

interface Rig {
  clock: FakeClock;
  session: VoiceSession;
  events: VoiceEvent[];
  turns: Turn[];
  /** Lost, renewed and taken over, in order. */
  log: string[];
  playing: { value: boolean };
  /** The events of a kind so far. */
  kinds: () => string[];
  texts: () => string[];
  open: () => VoiceSession;
  /** The caller's line, frame by frame as time goes on; level 0: they are silent. */
  line: (level: number, ms: number) => Promise<void>;
}

function rigOf(
  providers: [ScriptedProvider, ...ScriptedProvider[]],
  speakLine: () => Promise<Uint8Array | undefined> = () => Promise.resolve(undefined),
): Rig {
  const clock = new FakeClock();
  const events: VoiceEvent[] = [];
  const log: string[] = [];
  const turns: Turn[] = [];
  const playing = { value: false };
  const provider = new ContinuousProvider({
    providers,
    clock,
    lines,
    speakLine,
    report: {
      onLost: (name, { code }) => log.push(`lost ${name} ${code}`),
      onRenewed: (name) => log.push(`renewed ${name}`),
      onFailover: (from, to) => log.push(`${from} to ${to}`),
    },
  });
  const open = (): VoiceSession =>
    provider.open({
      conversationId: 'c',
      instructions: '',
      greeting: 'Hello.',
      answersLast: false,
      language: 'en-US',
      tools: [],
      conversation: {
        turns,
        get isPlaying() {
          return playing.value;
        },
      },
      listener: (event) => {
        events.push(event);
        // As the owner does: what is said becomes a turn.
        if (event.type === 'caller-text' && event.final)
          turns.push({ ...event, speaker: 'caller', interrupted: false });
        if (event.type === 'assistant-text') turns.push({ ...event, speaker: 'assistant', interrupted: false });
      },
    });
  const session = open();
  const line = async (level: number, ms: number): Promise<void> => {
    for (let at = 0; at < ms; at += 20) {
      session.sendAudio(loud(level));
      clock.advance(20);
      if (at % 200 === 0) await settle();
    }
  };
  return {
    clock,
    events,
    log,
    turns,
    playing,
    session,
    kinds: () => events.map(({ type }) => type),
    texts: () => events.flatMap((event) => (event.type === 'assistant-text' ? [event.text] : [])),
    open,
    line,
  };
}

describe('a session that is lost', () => {
  test('and owes nothing is replaced without a word', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, kinds, log, session, texts } = rigOf([model]);
    await settle();
    model.last.emit(gone());
    clock.advance(0);
    await settle();
    assert.equal(model.sessions.length, 2);
    assert.equal(model.last.options.greeting, undefined);
    assert.equal(model.last.options.answersLast, false);
    assert.equal(model.sessions[0]?.isClosed, true);
    session.sendAudio(frame(7));
    assert.equal(model.last.callerBytes, 160);
    assert.deepEqual(texts(), ['Hello.']);
    assert.equal(kinds().filter((type) => type === 'ready').length, 1);
    assert.deepEqual(log, ['lost a VOICE_UNREACHABLE']);
    session.close();
    assert.equal(clock.timers, 0);
  });

  test('before it answered is followed by one that answers', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, session } = rigOf([model]);
    await settle();
    model.last.callerSays('Where is my order?');
    model.last.emit(gone());
    clock.advance(0);
    assert.equal(model.last.options.answersLast, true);
    assert.equal(model.last.options.greeting, undefined);
    assert.equal(model.last.options.conversation.turns.at(-1)?.text, 'Where is my order?');
    session.close();
  });

  test('in the middle of an answer says so, and its owner gets the ends of what was begun', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, events, session } = rigOf([model]);
    await settle();
    model.last.callerSays('Where is my order?');
    model.last.emit({ type: 'response-started', responseId: 'r', sayId: undefined });
    model.last.emit({ type: 'audio', responseId: 'r', itemId: 'i', chunk: frame(1) });
    model.last.emit(gone());
    assert.deepEqual(events.slice(-2), [
      { type: 'item-done', responseId: 'r', itemId: 'i' },
      { type: 'response-done', responseId: 'r', sayId: undefined, status: 'failed' },
    ]);
    clock.advance(0);
    assert.equal(model.last.options.greeting, lines.takenOver);
    assert.equal(model.last.options.answersLast, true, 'the answer is given again');
    session.close();
  });

  test('in the middle of an answer says so, even if it began the answer anew and nothing came of that', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, session } = rigOf([model]);
    await settle();
    model.last.callerSays('Where is my order?');
    model.last.emit({ type: 'response-started', responseId: 'r', sayId: undefined });
    model.last.emit({ type: 'audio', responseId: 'r', itemId: 'i', chunk: frame(1) });
    for (const responseId of ['r', 's']) {
      if (responseId === 's') model.last.emit({ type: 'response-started', responseId, sayId: undefined });
      model.last.emit({ type: 'response-done', responseId, sayId: undefined, status: 'failed' });
    }
    model.last.emit(gone());
    clock.advance(0);
    assert.equal(model.last.options.greeting, lines.takenOver);
    assert.equal(model.last.options.answersLast, true);
    session.close();
  });

  test('in the middle of an answer says so, even if it ended the answer itself before it was lost', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, session } = rigOf([model]);
    await settle();
    model.last.emit({ type: 'response-started', responseId: 'r', sayId: undefined });
    model.last.emit({ type: 'audio', responseId: 'r', itemId: 'i', chunk: frame(1) });
    model.last.emit({ type: 'item-done', responseId: 'r', itemId: 'i' });
    model.last.emit({ type: 'response-done', responseId: 'r', sayId: undefined, status: 'failed' });
    model.last.emit(gone());
    clock.advance(0);
    assert.equal(model.last.options.greeting, lines.takenOver);
    session.close();
  });

  test('before its first word is replaced by one that greets', async () => {
    const model = new ScriptedProvider('a', silent);
    const { clock, session } = rigOf([model]);
    await settle();
    model.last.emit(gone());
    clock.advance(0);
    assert.equal(model.last.options.greeting, 'Hello.');
    session.close();
  });

  test('while the caller speaks is replaced by one that hears the utterance from its beginning', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, session } = rigOf([model]);
    await settle();
    for (let value = 0; value < 40; value++) session.sendAudio(frame(value));
    model.last.emit({ type: 'caller-speech-started' });
    for (let value = 40; value < 50; value++) session.sendAudio(frame(value));
    model.last.emit(gone());
    session.sendAudio(frame(50));
    clock.advance(0);
    session.sendAudio(frame(51));
    const values = model.last.audio.map(({ bytes }) => bytes[0]);
    assert.deepEqual(values.slice(-13), [39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51]);
    assert.ok(values.length >= 42, 'what was said before speech was noticed belongs to it');
    session.close();
  });

  test('takes the result of its tool with it: the next one calls the tool itself', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, session } = rigOf([model]);
    await settle();
    model.last.callerSays('Where is my order?');
    model.last.emit({ type: 'tool-call', toolCallId: 't1', name: 'x', arguments: {} });
    model.last.emit(gone());
    clock.advance(0);
    await settle();
    session.sendToolResult('t1', {});
    assert.deepEqual(model.last.toolResults, []);
    assert.equal(model.last.options.answersLast, true);
    session.close();
  });

  test('has keys and text asked again', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, session } = rigOf([model]);
    await settle();
    session.sendDigits('4711');
    model.last.emit(gone());
    session.sendDigits('#');
    clock.advance(0);
    await settle();
    assert.deepEqual(model.last.texts, ['4711', '#']);
    model.last.speak('Thank you.', 100);
    clock.advance(10_000);
    model.last.emit(gone());
    clock.advance(0);
    assert.deepEqual(model.last.texts, []);
    session.close();
  });

  test('with a line of the owner unsaid says so, and one asked for meanwhile too', async () => {
    const model = new ScriptedProvider('a', greets);
    const { events, session } = rigOf([model]);
    await settle();
    model.last.isMute = true;
    session.say('Goodbye.', 's1');
    model.last.emit(gone());
    session.say('Goodbye.', 's2');
    const failed = events.flatMap((event) =>
      event.type === 'response-done' && event.status === 'failed' ? [event.sayId] : [],
    );
    assert.deepEqual(failed, ['s1', 's2']);
    session.close();
  });

  test('is tried again with a growing pause, then given up: the owner is told once', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, events, log } = rigOf([model]);
    await settle();
    model.onOpen = (session) => session.emit(gone());
    model.isSlow = true;
    model.last.emit(gone());
    for (const delayMs of [0, 400, 1200]) {
      const before = model.sessions.length;
      clock.advance(delayMs - 1);
      assert.equal(model.sessions.length, before);
      clock.advance(1);
      await settle();
      assert.equal(model.sessions.length, before + 1);
    }
    clock.advance(60_000);
    await settle();
    assert.equal(events.filter(({ type }) => type === 'failed').length, 1);
    assert.equal(events.at(-1)?.type, 'failed');
    assert.equal(log.length, 4);
    assert.equal(clock.timers, 0);
  });

  test('is filled with a short line when the caller waits, and with none when they do not', async () => {
    for (const waits of [true, false]) {
      const model = new ScriptedProvider('a', greets);
      const { clock, session, texts } = rigOf([model], () => Promise.resolve(new Uint8Array(3200)));
      await settle();
      if (waits) model.last.callerSays('Where is my order?');
      model.isSlow = true;
      model.onOpen = silent;
      model.last.emit(gone());
      clock.advance(1199);
      await settle();
      assert.deepEqual(texts(), ['Hello.']);
      clock.advance(1);
      await settle();
      assert.deepEqual(texts(), waits ? ['Hello.', 'One moment.'] : ['Hello.']);
      session.close();
      assert.equal(clock.timers, 0);
    }
  });
});

describe('a provider that is lost', () => {
  test('is followed by the next one, with the conversation and one short line', async () => {
    const [a, b] = [new ScriptedProvider('a', greets), new ScriptedProvider('b', greets)];
    const { clock, log, session, texts } = rigOf([a, b]);
    await settle();
    a.last.callerSays('Where is my order?');
    a.last.emit(gone('VOICE_REFUSED'));
    clock.advance(0);
    await settle();
    assert.deepEqual(log, ['lost a VOICE_REFUSED', 'a to b']);
    assert.equal(b.last.options.answersLast, true);
    assert.deepEqual(texts(), ['Hello.', lines.takenOver]);
    session.close();
  });

  test('is passed over by the next call for a while, and tried again after that', async () => {
    const [a, b] = [new ScriptedProvider('a', greets), new ScriptedProvider('b', greets)];
    const { clock, open, session } = rigOf([a, b]);
    await settle();
    a.last.emit(gone('VOICE_THROTTLED'));
    clock.advance(0);
    session.close();
    open().close();
    assert.deepEqual([a.sessions.length, b.sessions.length], [1, 2]);
    clock.advance(15_000);
    open().close();
    assert.deepEqual([a.sessions.length, b.sessions.length], [2, 2]);
  });

  test('is not needed by a call that never hears of it: the second one greets', async () => {
    const a = new ScriptedProvider('a', (session) => session.emit(gone('VOICE_REFUSED')));
    a.isSlow = true;
    const b = new ScriptedProvider('b', greets);
    const { clock, session, texts } = rigOf([a, b]);
    await settle();
    clock.advance(0);
    await settle();
    assert.deepEqual(texts(), ['Hello.']);
    session.close();
  });

  test('and all others too ends in one failure, whatever is said to it afterwards', async () => {
    const refuse = (session: ScriptedSession): void => session.emit(gone('VOICE_REFUSED'));
    const refusing = (name: string): ScriptedProvider => {
      const provider = new ScriptedProvider(name, refuse);
      provider.isSlow = true;
      return provider;
    };
    const providers: [ScriptedProvider, ...ScriptedProvider[]] = [refusing('a'), refusing('b'), refusing('c')];
    const { clock, events, session } = rigOf(providers);
    for (let i = 0; i < 4; i++) {
      await settle();
      clock.advance(0);
    }
    assert.deepEqual(
      providers.map(({ sessions }) => sessions.length),
      [1, 1, 1],
    );
    assert.equal(events.filter(({ type }) => type === 'failed').length, 1);
    session.say('x', 'x');
    session.sendDigits('1');
    session.sendAudio(frame(0));
    assert.equal(events.at(-1)?.type, 'failed');
    assert.equal(clock.timers, 0);
  });
});

describe('providers that are lost again and again', () => {
  test('are not asked for ever: the owner is told in the end', async () => {
    const fails = (session: ScriptedSession): void => {
      greets(session);
      session.emit(gone());
    };
    const { clock, events } = rigOf([new ScriptedProvider('a', fails), new ScriptedProvider('b', fails)]);
    for (let i = 0; i < 40; i++) {
      await settle();
      clock.advance(500);
    }
    assert.equal(events.at(-1)?.type, 'failed');
    assert.equal(clock.timers, 0);
  });

  test('but one that lasted is tried as before', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, events, session } = rigOf([model]);
    for (let i = 0; i < 10; i++) {
      await settle();
      clock.advance(10_000);
      model.last.emit(gone());
      clock.advance(0);
    }
    assert.equal(
      events.some(({ type }) => type === 'failed'),
      false,
    );
    assert.equal(model.sessions.length, 11);
    session.close();
  });
});

describe('a model that gives no sign', () => {
  test('of life when it is opened is given up after some seconds', async () => {
    const model = new ScriptedProvider('a', silent);
    model.isSlow = true;
    const { clock, log, session } = rigOf([model]);
    clock.advance(7999);
    assert.deepEqual(log, []);
    clock.advance(1);
    assert.deepEqual(log, ['lost a VOICE_STALLED']);
    session.close();
  });

  test('while it owes an answer has stalled; one that owes nothing has not, nor one that waits for a tool', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, log, session } = rigOf([model]);
    await settle();
    clock.advance(120_000);
    model.last.emit({ type: 'tool-call', toolCallId: 't', name: 'x', arguments: {} });
    clock.advance(60_000);
    assert.deepEqual(log, []);
    session.sendToolResult('t', {});
    clock.advance(7_999);
    model.last.speak('Found it.', 100);
    clock.advance(60_000);
    assert.deepEqual(log, []);
    model.last.callerSays('And my other order?');
    clock.advance(7_999);
    assert.deepEqual(log, []);
    clock.advance(1);
    assert.deepEqual(log, ['lost a VOICE_STALLED']);
    session.close();
    assert.equal(clock.timers, 0);
  });

  test('after its owner wanted no answer any more has not stalled', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, log, session } = rigOf([model]);
    await settle();
    model.last.emit({ type: 'caller-turn', itemId: 'c1' });
    session.cancel();
    clock.advance(60_000);
    assert.deepEqual(log, []);
    session.close();
  });

  test('of having heard the caller is replaced once; if the next one is as silent, it was noise', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, log, session } = rigOf([model]);
    await settle();
    const noise = (): void => {
      model.last.emit({ type: 'caller-speech-started' });
      model.last.emit({ type: 'caller-speech-stopped' });
    };
    noise();
    clock.advance(7_999);
    assert.deepEqual(log, []);
    clock.advance(1);
    await settle();
    assert.deepEqual(log, ['lost a VOICE_STALLED']);
    clock.advance(1000);
    await settle();
    for (let i = 0; i < 3; i++) {
      noise();
      clock.advance(20_000);
    }
    assert.equal(model.sessions.length, 2);
    model.last.callerSays('Hello?');
    model.last.speak('Yes?', 100);
    noise();
    clock.advance(10_000);
    assert.equal(log.length, 2);
    session.close();
    assert.equal(clock.timers, 0);
  });

  test('while the caller waits is covered by a line before it is given up, once, and not when it answers', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, session, texts } = rigOf([model], () => Promise.resolve(new Uint8Array(800)));
    await settle();
    model.last.callerSays('What do you cost?');
    clock.advance(3100);
    model.last.speak('Nothing.', 100);
    clock.advance(30_000);
    await settle();
    assert.deepEqual(texts(), ['Hello.', 'Nothing.']);
    model.last.callerSays('Really?');
    clock.advance(3199);
    await settle();
    assert.deepEqual(texts(), ['Hello.', 'Nothing.']);
    clock.advance(1);
    await settle();
    assert.deepEqual(texts(), ['Hello.', 'Nothing.', 'One moment.']);
    clock.advance(3900);
    await settle();
    model.last.speak('Yes.', 100);
    assert.deepEqual(texts(), ['Hello.', 'Nothing.', 'One moment.', 'Yes.']);
    assert.equal(model.sessions.length, 1);
    session.close();
    assert.equal(clock.timers, 0);
  });

  test('in the middle of an answer is covered by the line as soon as what was sent has been heard', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, playing, session, texts } = rigOf([model], () => Promise.resolve(new Uint8Array(800)));
    await settle();
    model.last.emit({ type: 'response-started', responseId: 'r', sayId: undefined });
    model.last.emit({ type: 'audio', responseId: 'r', itemId: 'i', chunk: frame(1) });
    playing.value = true;
    clock.advance(5000);
    await settle();
    assert.deepEqual(texts(), ['Hello.']);
    playing.value = false;
    clock.advance(500);
    await settle();
    assert.deepEqual(texts(), ['Hello.', 'One moment.']);
    session.close();
    assert.equal(clock.timers, 0);
  });

  test('of having heard the caller, not even that they spoke, is known from their audio; the next one hears it', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, line, log, session, texts } = rigOf([model], () => Promise.resolve(new Uint8Array(800)));
    await settle();
    await line(0, 1000);
    await line(5000, 1000);
    await line(0, 4000);
    await settle();
    assert.deepEqual(texts(), ['Hello.', 'One moment.'], 'before five seconds are over');
    await line(0, 5000);
    assert.deepEqual(log, ['lost a VOICE_STALLED']);
    await settle();
    assert.equal(model.sessions.length, 2);
    assert.ok(model.last.callerBytes > 8000, 'the question');
    model.last.callerSays('Hello?');
    model.last.speak('Yes?', 100);
    await line(0, 10_000);
    assert.equal(log.length, 1);
    session.close();
    assert.equal(clock.timers, 0);
  });

  test('of having heard the caller, but of life, is left alone', async () => {
    const model = new ScriptedProvider('a', greets);
    const { line, log, session } = rigOf([model]);
    await settle();
    await line(5000, 800);
    model.last.emit({ type: 'caller-text', itemId: 'c', text: 'Well', final: false });
    await line(5000, 200);
    await line(0, 19_000);
    assert.deepEqual(log, []);
    session.close();
  });

  test('after it noticed that the caller began to speak is covered too, and the next one hears them', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, line, log, session, texts } = rigOf([model], () => Promise.resolve(new Uint8Array(800)));
    await settle();
    await line(0, 1000);
    await line(5000, 300);
    model.last.emit({ type: 'caller-speech-started' });
    model.last.emit({ type: 'interruption' });
    await line(5000, 1000);
    await line(0, 3500);
    await settle();
    assert.deepEqual(texts(), ['Hello.', 'One moment.'], 'before five seconds are over');
    await line(0, 6000);
    assert.deepEqual(log, ['lost a VOICE_STALLED']);
    await settle();
    assert.ok(model.last.callerBytes > 8000, 'the question');
    session.close();
    assert.equal(clock.timers, 0);
  });

  test('is lost while the caller speaks: their wait is covered from the moment they stop', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, line, session, texts } = rigOf([model], () => Promise.resolve(new Uint8Array(800)));
    await settle();
    await line(0, 1000);
    await line(5000, 300);
    model.last.emit({ type: 'caller-speech-started' });
    await line(5000, 300);
    model.isSlow = true;
    model.onOpen = silent;
    model.last.emit(gone());
    await line(5000, 700);
    await line(0, 1500);
    // The next one hears it all again, from its beginning.
    model.last.emit({ type: 'ready' });
    model.last.emit({ type: 'caller-speech-started' });
    model.last.emit({ type: 'caller-speech-stopped' });
    await line(0, 1500);
    assert.deepEqual(texts(), ['Hello.']);
    await line(0, 500);
    assert.deepEqual(texts(), ['Hello.', 'One moment.']);
    session.close();
    assert.equal(clock.timers, 0);
  });

  test('has its wait covered from the moment the caller stopped, whatever becomes of its sessions meanwhile', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, log, session, texts } = rigOf([model], () => Promise.resolve(new Uint8Array(800)));
    await settle();
    model.last.callerSays('Where is my order?');
    clock.advance(2800);
    model.isSlow = true;
    model.onOpen = silent;
    model.last.emit(gone());
    clock.advance(600);
    await settle();
    assert.deepEqual(log, ['lost a VOICE_UNREACHABLE']);
    assert.deepEqual(texts(), ['Hello.', 'One moment.'], 'not counted anew');
    session.close();
    assert.equal(clock.timers, 0);
  });

  test('says a few lines and no more to a caller who waits for a tool that never answers', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, session, texts } = rigOf([model], () => Promise.resolve(new Uint8Array(800)));
    await settle();
    model.last.callerSays('Where is my order?');
    model.last.emit({ type: 'tool-call', toolCallId: 't', name: 'x', arguments: {} });
    for (let seconds = 0; seconds < 60; seconds++) {
      clock.advance(1000);
      await settle();
    }
    assert.deepEqual(texts(), ['Hello.', 'One moment.', 'One moment.', 'One moment.']);
    session.close();
    assert.equal(clock.timers, 0);
  });

  test('in the middle of an answer has stalled too', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, log, session } = rigOf([model]);
    await settle();
    model.last.emit({ type: 'response-started', responseId: 'r', sayId: undefined });
    model.last.emit({ type: 'audio', responseId: 'r', itemId: 'i', chunk: frame(1) });
    clock.advance(10_000);
    assert.deepEqual(log, ['lost a VOICE_STALLED']);
    session.close();
  });
});

describe('a session near its limit', () => {
  const renewing = (): ScriptedProvider => {
    const model = new ScriptedProvider('a', greets);
    model.renewal = { afterMs: 60_000, forceAfterMs: 80_000 };
    return model;
  };

  test('makes way in the next pause: the old one goes when the new one is ready, and nothing is said', async () => {
    const model = renewing();
    const { clock, events, log, playing, session, texts } = rigOf([model]);
    await settle();
    playing.value = true;
    clock.advance(65_000);
    assert.equal(model.sessions.length, 1);
    playing.value = false;
    model.isSlow = true;
    clock.advance(200);
    const [old, next] = model.sessions;
    assert.ok(old !== undefined && next !== undefined);
    assert.deepEqual([next.options.greeting, next.options.answersLast], [undefined, false]);
    session.sendAudio(frame(1));
    assert.deepEqual([old.callerBytes, next.callerBytes], [160, 160]);
    assert.equal(old.isClosed, false);
    next.emit({ type: 'ready' });
    assert.equal(old.isClosed, true);
    session.sendAudio(frame(2));
    assert.deepEqual([old.callerBytes, next.callerBytes], [160, 320]);
    assert.deepEqual(log, ['renewed a']);
    assert.deepEqual(texts(), ['Hello.']);
    assert.equal(events.filter(({ type }) => type === 'ready').length, 1);
    session.close();
    assert.equal(clock.timers, 0);
  });

  test('keeps on when the caller speaks meanwhile, and makes way in the pause after', async () => {
    const model = renewing();
    const { clock, log, session } = rigOf([model]);
    await settle();
    model.isSlow = true;
    clock.advance(60_000);
    const [old, overtaken] = model.sessions;
    old?.emit({ type: 'caller-speech-started' });
    assert.equal(overtaken?.isClosed, true);
    old?.emit({ type: 'caller-speech-stopped' });
    old?.emit({ type: 'caller-text', itemId: 'c1', text: 'Hello?', final: true });
    old?.speak('Yes?', 100);
    clock.advance(1000);
    model.last.emit({ type: 'ready' });
    assert.equal(model.last.options.conversation.turns.at(-1)?.text, 'Yes?');
    assert.deepEqual(log, ['renewed a']);
    assert.equal(old?.isClosed, true);
    session.close();
  });

  test('keeps on while what the caller said is not understood yet', async () => {
    const model = renewing();
    const { clock, session } = rigOf([model]);
    await settle();
    clock.advance(59_000);
    model.last.emit({ type: 'caller-speech-started' });
    model.last.emit({ type: 'caller-speech-stopped' });
    clock.advance(2_000);
    assert.equal(model.sessions.length, 1);
    model.last.emit({ type: 'caller-text', itemId: 'c1', text: 'Hello?', final: true });
    model.last.speak('Yes?', 100);
    clock.advance(200);
    assert.equal(model.sessions.length, 2);
    session.close();
  });

  test('is renewed again after the same time, ten times over', async () => {
    const model = renewing();
    const { clock, log, session } = rigOf([model]);
    for (let i = 0; i < 10; i++) {
      await settle();
      clock.advance(60_000);
    }
    await settle();
    assert.equal(log.filter((entry) => entry === 'renewed a').length, 10);
    assert.equal(model.sessions.filter(({ isClosed }) => !isClosed).length, 1);
    session.close();
    assert.equal(clock.timers, 0);
  });

  test('is forced when no pause comes: the next one hears the caller from the beginning of the utterance', async () => {
    const model = renewing();
    const { clock, log, session } = rigOf([model]);
    await settle();
    clock.advance(59_000);
    model.last.emit({ type: 'caller-speech-started' });
    session.sendAudio(frame(9));
    clock.advance(21_000);
    const [old, next] = model.sessions;
    assert.equal(old?.isClosed, true);
    assert.deepEqual(
      next?.audio.map(({ bytes }) => bytes[0]),
      [9],
    );
    assert.deepEqual(log, ['renewed a']);
    session.close();
  });

  test('is not forced into the middle of an answer, for a while', async () => {
    const model = renewing();
    const { clock, session } = rigOf([model]);
    await settle();
    clock.advance(59_000);
    const chatter = (): void => {
      model.last.emit({ type: 'response-started', responseId: 'r', sayId: undefined });
      model.last.emit({ type: 'audio', responseId: 'r', itemId: 'i', chunk: frame(1) });
    };
    for (let i = 0; i < 5; i++) {
      chatter();
      clock.advance(5_000);
    }
    assert.equal(model.sessions.length, 1);
    model.last.emit({ type: 'response-done', responseId: 'r', sayId: undefined, status: 'completed' });
    clock.advance(200);
    assert.equal(model.sessions.length, 2);
    session.close();
  });

  test('whose successor cannot be opened goes on, and tries again', async () => {
    const model = renewing();
    const { clock, log, session } = rigOf([model]);
    await settle();
    model.onOpen = (next) => next.emit(gone('VOICE_THROTTLED'));
    model.isSlow = true;
    clock.advance(60_000);
    await settle();
    assert.equal(model.sessions[0]?.isClosed, false);
    model.isSlow = false;
    model.onOpen = silent;
    clock.advance(1000);
    await settle();
    assert.deepEqual(log, ['lost a VOICE_THROTTLED', 'renewed a']);
    session.close();
  });
});
