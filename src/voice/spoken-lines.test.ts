import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import type { VoiceEvent } from './session.js';
import type { SpeakLine } from './spoken-line.js';
import { SpokenLines } from './spoken-lines.js';

interface Rig {
  clock: FakeClock;
  lines: SpokenLines;
  events: VoiceEvent[];
  kinds(): string[];
  isReady: boolean;
  isFree: boolean;
}

function open(speakLine: SpeakLine | undefined): Rig {
  let ids = 0;
  const clock = new FakeClock();
  const rig: Rig = {
    clock,
    events: [],
    isReady: true,
    isFree: true,
    kinds: () =>
      rig.events.splice(0).map((event) => {
        if (event.type === 'response-done') return `${event.sayId} ${event.status}`;
        return event.type;
      }),
    lines: new SpokenLines({
      clock,
      speakLine,
      emit: (event) => rig.events.push(event),
      newId: (kind) => `${kind}${++ids}`,
      isReady: () => rig.isReady,
      isFree: () => rig.isFree,
    }),
  };
  return rig;
}

const speakHalfASecond: SpeakLine = () => Promise.resolve(new Uint8Array(4000).fill(1));
const SPOKEN = ['response-started', 'assistant-text', 'audio', 'audio', 'audio', 'item-done'];

function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

describe('synthesised lines beside Nova', () => {
  it('a synthesised line is sent as a whole in pieces of 200 ms', async () => {
    const rig = open(speakHalfASecond);
    rig.lines.say('Goodbye.', 's1');
    await settle();
    const sizes = rig.events.flatMap((event) => (event.type === 'audio' ? [event.chunk.durationMs] : []));
    assert.deepEqual(sizes, [200, 200, 100]);
    assert.deepEqual(rig.kinds(), [...SPOKEN, 's1 completed']);
    assert.equal(rig.clock.timers, 0);
  });

  it('a synthesised line fails at once without a synthesiser', () => {
    const rig = open(undefined);
    rig.lines.say('Goodbye.', 's1');
    assert.deepEqual(rig.kinds(), ['response-started', 's1 failed']);
  });

  it('a synthesised line fails if the synthesiser returns nothing, rejects, throws or takes too long', async () => {
    const broken: SpeakLine[] = [
      () => Promise.resolve(undefined),
      () => Promise.resolve(new Uint8Array(0)),
      () => Promise.reject(new Error('broken')),
      () => {
        throw new Error('broken');
      },
    ];
    for (const speakLine of broken) {
      const rig = open(speakLine);
      rig.lines.say('Goodbye.', 's1');
      await settle();
      assert.deepEqual(rig.kinds(), ['response-started', 's1 failed']);
      assert.equal(rig.clock.timers, 0);
    }
    const rig = open(() => new Promise(() => undefined));
    rig.lines.say('Goodbye.', 's1');
    rig.clock.advance(5000);
    assert.deepEqual(rig.kinds(), ['response-started', 's1 failed']);
  });

  it('synthesised lines wait until the model is silent, and keep their order', async () => {
    const rig = open(speakHalfASecond);
    rig.isFree = false;
    rig.lines.say('One.', 's1');
    rig.lines.say('Two.', 's2');
    await settle();
    assert.deepEqual(rig.kinds(), []);
    rig.isFree = true;
    rig.lines.next();
    assert.deepEqual(rig.kinds(), [...SPOKEN, 's1 completed', ...SPOKEN, 's2 completed']);
  });

  it('a synthesised line is not reported before the session is ready', () => {
    const rig = open(undefined);
    rig.isReady = false;
    rig.lines.say('One.', 's1');
    assert.deepEqual(rig.kinds(), []);
    rig.isReady = true;
    rig.lines.next();
    assert.deepEqual(rig.kinds(), ['response-started', 's1 failed']);
  });

  it('synthesised lines that wait are cancelled, and dropped with the session', async () => {
    const rig = open(speakHalfASecond);
    rig.lines.say('One.', 's1');
    rig.lines.cancel();
    assert.deepEqual(rig.kinds(), ['response-started', 's1 cancelled']);
    rig.lines.say('Two.', 's2');
    rig.lines.close();
    await settle();
    assert.deepEqual(rig.kinds(), []);
    assert.equal(rig.clock.timers, 0);
  });
});
