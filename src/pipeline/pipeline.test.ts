import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { AudioChunk } from '../audio/chunk.js';
import { FrameQueue } from './frame-queue.js';
import {
  CallerAudioFrame,
  CallerTextFrame,
  CancelFrame,
  DigitFrame,
  FRAME_KINDS,
  type Frame,
  HeardFrame,
  InterruptionFrame,
  ItemDoneFrame,
  ModelAudioFrame,
  ModelTextFrame,
  StartFrame,
  KeyedDigitsFrame,
} from './frame.js';
import { Pipeline } from './pipeline.js';
import type { Link, Processor } from './processor.js';

const silence = AudioChunk.fromBase64('mulaw', 8000, '////');
const audio = (item: string): Frame => new ModelAudioFrame('r', item, silence);
const text = (words: string): Frame => new ModelTextFrame('r', 'i', words);
const heard = new HeardFrame([]);
const fail = (processor: string, error: unknown): never => assert.fail(`${processor}: ${String(error)}`);

/** A processor that writes down what it sees and pushes it on, unless `handle` takes it. */
class Probe implements Processor {
  readonly name: string;
  private readonly seen: string[];
  private readonly handle: (frame: Frame, link: Link) => boolean;
  link: Link | undefined;
  closings = 0;

  constructor(name: string, seen: string[], handle: (frame: Frame, link: Link) => boolean = () => false) {
    this.name = name;
    this.seen = seen;
    this.handle = handle;
  }

  attach(link: Link): void {
    this.link = link;
  }

  process(frame: Frame, link: Link): void {
    this.seen.push(
      `${this.name}:${frame.kind === 'model-text' ? frame.text : frame.kind === 'keyed-digits' ? frame.digits : frame.kind}`,
    );
    if (!this.handle(frame, link)) link.push(frame);
  }

  close(): void {
    this.closings++;
  }
}

test('down frames pass every processor in order, up frames the other way, and both end at the ends', () => {
  const seen: string[] = [];
  const processors = ['a', 'b', 'c'].map((name) => new Probe(name, seen));
  const pipeline = new Pipeline(processors, fail);
  pipeline.emit(new StartFrame());
  processors[2]?.link?.emit(new KeyedDigitsFrame('up'));
  processors[0]?.link?.emit(new ModelTextFrame('r', 'i', 'from-a'));
  assert.deepEqual(seen, ['a:start', 'b:start', 'c:start', 'b:up', 'a:up', 'b:from-a', 'c:from-a']);
});

test('a frame emitted while another is on its way waits until that has arrived', () => {
  const seen: string[] = [];
  const b = new Probe('b', seen, (frame, link) => {
    if (frame.kind === 'model-text' && frame.text === '1') {
      link.emit(text('2'));
      link.emit(text('3'));
    }
    return false;
  });
  new Pipeline([new Probe('a', seen), b, new Probe('c', seen)], fail).emit(text('1'));
  assert.deepEqual(seen, ['a:1', 'b:1', 'c:1', 'c:2', 'c:3']);
});

test('a system frame overtakes what waits, in order among its kind', () => {
  const seen: string[] = [];
  const first = new Probe('a', seen, (frame, link) => {
    if (frame.kind === 'start') {
      for (const next of [text('1'), new DigitFrame('1'), text('2'), new CallerAudioFrame(silence)]) link.emit(next);
    }
    return false;
  });
  new Pipeline([first, new Probe('b', seen)], fail).emit(new StartFrame());
  assert.deepEqual(seen, ['a:start', 'b:start', 'b:digit', 'b:caller-audio', 'b:1', 'b:2']);
});

test('an interruption or a cancel throws away the data that waits and nothing else', () => {
  for (const stop of [new InterruptionFrame(), new CancelFrame('bye')]) {
    const seen: string[] = [];
    const first = new Probe('a', seen, (frame, link) => {
      if (frame.kind === 'start') {
        link.emit(text('dropped'));
        link.emit(new CallerTextFrame('c', 'kept', true));
        link.emit(audio('dropped'));
        link.emit(new ItemDoneFrame('r', 'i'));
        link.emit(new DigitFrame('5'));
        link.emit(stop);
        link.emit(text('after'));
      }
      return false;
    });
    new Pipeline([first, new Probe('b', seen)], fail).emit(new StartFrame());
    assert.deepEqual(seen.slice(1), [
      'b:start',
      'b:digit',
      `b:${stop.kind}`,
      'b:caller-text',
      'b:item-done',
      'b:after',
    ]);
  }
});

test('a processor that throws loses its frame; the next frames and those that wait still pass', () => {
  const seen: string[] = [];
  const errors: string[] = [];
  const broken = new Probe('broken', seen, (frame, link) => {
    if (frame.kind !== 'start') return false;
    link.emit(text('waiting'));
    throw new Error('boom');
  });
  const pipeline = new Pipeline([broken, new Probe('b', seen)], (processor, error) =>
    errors.push(`${processor}: ${String(error)}`),
  );
  pipeline.emit(new StartFrame());
  pipeline.emit(text('next'));
  assert.deepEqual(errors, ['broken: Error: boom']);
  assert.deepEqual(seen, ['broken:start', 'b:waiting', 'broken:next', 'b:next']);
});

test('the error belongs to the processor that threw, not to those before it', () => {
  const errors: string[] = [];
  const last = new Probe('last', [], () => {
    throw new Error('x');
  });
  new Pipeline([new Probe('first', []), last], (name) => errors.push(name)).emit(new StartFrame());
  assert.deepEqual(errors, ['last']);
});

test('an observer sees the frames of its kind once each, where they start, also those that waited', () => {
  const seen: string[] = [];
  const first = new Probe('a', seen, (frame, link) => {
    if (frame.kind === 'start') link.emit(text('x'));
    return false;
  });
  const pipeline = new Pipeline([first, new Probe('b', seen)], fail);
  pipeline.observe('model-text', () => seen.push('observer 1'));
  pipeline.observe('model-text', () => seen.push('observer 2'));
  pipeline.observe('heard', () => seen.push('never'));
  pipeline.emit(new StartFrame());
  assert.deepEqual(seen, ['a:start', 'b:start', 'observer 1', 'observer 2', 'b:x']);
});

test('an observer that throws costs neither its frame nor those after it', () => {
  const seen: string[] = [];
  const errors: string[] = [];
  const pipeline = new Pipeline([new Probe('a', seen)], (name) => errors.push(name));
  pipeline.observe('start', () => {
    throw new Error('observer');
  });
  pipeline.emit(new StartFrame());
  pipeline.emit(text('next'));
  assert.deepEqual(seen, ['a:start', 'a:next']);
  assert.deepEqual(errors, ['observer of start']);
});

test('after closing nothing passes, processors are closed once, and what waits is gone', () => {
  const seen: string[] = [];
  const a = new Probe('a', seen, (frame, link) => {
    if (frame.kind === 'start') {
      link.emit(text('waits'));
      pipeline.close();
    }
    return true;
  });
  const pipeline: Pipeline = new Pipeline([a], fail);
  pipeline.emit(new StartFrame());
  pipeline.emit(text('late'));
  a.link?.emit(heard);
  pipeline.close();
  assert.deepEqual(seen, ['a:start']);
  assert.equal(a.closings, 1);
});

test('queue: system first, data gone after an interruption, everything else in order', () => {
  const samples: Frame[] = [
    new StartFrame(),
    new DigitFrame('1'),
    new InterruptionFrame(),
    new CancelFrame('s'),
    audio('i'),
    text('t'),
    new CallerTextFrame('c', 'x', true),
    new ItemDoneFrame('r', 'i'),
    heard,
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...samples), { maxLength: 30 }), (frames) => {
      const queue = new FrameQueue();
      frames.forEach((frame, index) => queue.add(index, frame));
      const out: number[] = [];
      for (let entry = queue.take(); entry !== undefined; entry = queue.take()) out.push(entry.index);
      const priority = (frame: Frame): string => FRAME_KINDS[frame.kind].priority;
      const lastStop = frames.findLastIndex((frame) => frame.kind === 'interruption' || frame.kind === 'cancel');
      const indexed = frames.map((frame, index) => ({ frame, index }));
      const expected = [
        ...indexed.filter(({ frame }) => priority(frame) === 'system'),
        ...indexed.filter(
          ({ frame, index }) => priority(frame) === 'control' || (priority(frame) === 'data' && index > lastStop),
        ),
      ];
      assert.deepEqual(
        out,
        expected.map(({ index }) => index),
      );
      assert.equal(queue.size, 0);
    }),
    { numRuns: 200 },
  );
});
