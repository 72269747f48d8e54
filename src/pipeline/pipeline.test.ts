import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { AudioChunk } from '../audio/chunk.js';
import { FrameQueue } from './frame-queue.js';
import { FRAME_TYPES, type Frame } from './frame.js';
import { Pipeline } from './pipeline.js';
import type { Link, Processor } from './processor.js';

const silence = AudioChunk.fromBase64('mulaw', 8000, '////');
const audio = (item: string): Frame => ({ type: 'audio', responseId: 'r', itemId: item, chunk: silence });
const text = (words: string): Frame => ({ type: 'assistant-text', responseId: 'r', itemId: 'i', text: words });
const heard: Frame = { type: 'heard', items: [] };
const fail = (processor: string, error: unknown): never => assert.fail(`${processor}: ${String(error)}`);

/** Records each frame and pushes it on, unless `handle` returns `true`. */
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
      `${this.name}:${frame.type === 'assistant-text' ? frame.text : frame.type === 'keyed-digits' ? frame.digits : frame.type}`,
    );
    if (!this.handle(frame, link)) link.push(frame);
  }

  close(): void {
    this.closings++;
  }
}

test('downstream frames pass every processor in order, upstream frames in reverse, and both stop at the ends', () => {
  const seen: string[] = [];
  const processors = ['a', 'b', 'c'].map((name) => new Probe(name, seen));
  const pipeline = new Pipeline(processors, fail);
  pipeline.emit({ type: 'ready' });
  processors[2]?.link?.emit({ type: 'keyed-digits', digits: 'up' });
  processors[0]?.link?.emit({ type: 'assistant-text', responseId: 'r', itemId: 'i', text: 'from-a' });
  assert.deepEqual(seen, ['a:ready', 'b:ready', 'c:ready', 'b:up', 'a:up', 'b:from-a', 'c:from-a']);
});

test('a frame emitted while another is on its way waits until the other has arrived', () => {
  const seen: string[] = [];
  const b = new Probe('b', seen, (frame, link) => {
    if (frame.type === 'assistant-text' && frame.text === '1') {
      link.emit(text('2'));
      link.emit(text('3'));
    }
    return false;
  });
  new Pipeline([new Probe('a', seen), b, new Probe('c', seen)], fail).emit(text('1'));
  assert.deepEqual(seen, ['a:1', 'b:1', 'c:1', 'c:2', 'c:3']);
});

test('system frames overtake the frames that wait and keep their own order', () => {
  const seen: string[] = [];
  const first = new Probe('a', seen, (frame, link) => {
    if (frame.type === 'ready') {
      const waiting: Frame[] = [
        text('1'),
        { type: 'input-dtmf', digit: '1' },
        text('2'),
        { type: 'input-audio', chunk: silence },
      ];
      for (const next of waiting) link.emit(next);
    }
    return false;
  });
  new Pipeline([first, new Probe('b', seen)], fail).emit({ type: 'ready' });
  assert.deepEqual(seen, ['a:ready', 'b:ready', 'b:input-dtmf', 'b:input-audio', 'b:1', 'b:2']);
});

test('an interruption or a leave drops the data frames that wait and nothing else', () => {
  const stops: Frame[] = [{ type: 'interruption' }, { type: 'leave' }];
  for (const stop of stops) {
    const seen: string[] = [];
    const first = new Probe('a', seen, (frame, link) => {
      if (frame.type === 'ready') {
        link.emit(text('dropped'));
        link.emit({ type: 'caller-text', itemId: 'c', text: 'kept', final: true });
        link.emit(audio('dropped'));
        link.emit({ type: 'item-done', responseId: 'r', itemId: 'i' });
        link.emit({ type: 'input-dtmf', digit: '5' });
        link.emit(stop);
        link.emit(text('after'));
      }
      return false;
    });
    new Pipeline([first, new Probe('b', seen)], fail).emit({ type: 'ready' });
    assert.deepEqual(seen.slice(1), [
      'b:ready',
      'b:input-dtmf',
      `b:${stop.type}`,
      'b:caller-text',
      'b:item-done',
      'b:after',
    ]);
  }
});

test('a processor that throws loses its frame, while later frames and those that wait still pass', () => {
  const seen: string[] = [];
  const errors: string[] = [];
  const broken = new Probe('broken', seen, (frame, link) => {
    if (frame.type !== 'ready') return false;
    link.emit(text('waiting'));
    throw new Error('boom');
  });
  const pipeline = new Pipeline([broken, new Probe('b', seen)], (processor, error) =>
    errors.push(`${processor}: ${String(error)}`),
  );
  pipeline.emit({ type: 'ready' });
  pipeline.emit(text('next'));
  assert.deepEqual(errors, ['broken: Error: boom']);
  assert.deepEqual(seen, ['broken:ready', 'b:waiting', 'broken:next', 'b:next']);
});

test('an error names the processor that threw, not those before it', () => {
  const errors: string[] = [];
  const last = new Probe('last', [], () => {
    throw new Error('x');
  });
  new Pipeline([new Probe('first', []), last], (name) => errors.push(name)).emit({ type: 'ready' });
  assert.deepEqual(errors, ['last']);
});

test('an observer sees each frame of its type once, where it starts, including frames that waited', () => {
  const seen: string[] = [];
  const first = new Probe('a', seen, (frame, link) => {
    if (frame.type === 'ready') link.emit(text('x'));
    return false;
  });
  const pipeline = new Pipeline([first, new Probe('b', seen)], fail);
  pipeline.observe('assistant-text', () => seen.push('observer 1'));
  pipeline.observe('assistant-text', () => seen.push('observer 2'));
  pipeline.observe('heard', () => seen.push('never'));
  pipeline.emit({ type: 'ready' });
  assert.deepEqual(seen, ['a:ready', 'b:ready', 'observer 1', 'observer 2', 'b:x']);
});

test('an observer that throws loses neither its frame nor later ones', () => {
  const seen: string[] = [];
  const errors: string[] = [];
  const pipeline = new Pipeline([new Probe('a', seen)], (name) => errors.push(name));
  pipeline.observe('ready', () => {
    throw new Error('observer');
  });
  pipeline.emit({ type: 'ready' });
  pipeline.emit(text('next'));
  assert.deepEqual(seen, ['a:ready', 'a:next']);
  assert.deepEqual(errors, ['observer of ready']);
});

test('a closed pipeline passes nothing, drops the frames that wait and closes its processors once', () => {
  const seen: string[] = [];
  const a = new Probe('a', seen, (frame, link) => {
    if (frame.type === 'ready') {
      link.emit(text('waits'));
      pipeline.close();
    }
    return true;
  });
  const pipeline: Pipeline = new Pipeline([a], fail);
  pipeline.emit({ type: 'ready' });
  pipeline.emit(text('late'));
  a.link?.emit(heard);
  pipeline.close();
  assert.deepEqual(seen, ['a:ready']);
  assert.equal(a.closings, 1);
});

test('queue: system frames come out first, an interruption drops data frames, and the rest keeps its order', () => {
  const samples: Frame[] = [
    { type: 'ready' },
    { type: 'input-dtmf', digit: '1' },
    { type: 'interruption' },
    { type: 'leave' },
    audio('i'),
    text('t'),
    { type: 'caller-text', itemId: 'c', text: 'x', final: true },
    { type: 'item-done', responseId: 'r', itemId: 'i' },
    heard,
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...samples), { maxLength: 30 }), (frames) => {
      const queue = new FrameQueue();
      frames.forEach((frame, index) => queue.add(index, frame));
      const out: number[] = [];
      for (let entry = queue.take(); entry !== undefined; entry = queue.take()) out.push(entry.index);
      const priority = (frame: Frame): string => FRAME_TYPES[frame.type].priority;
      const lastStop = frames.findLastIndex((frame) => frame.type === 'interruption' || frame.type === 'leave');
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

test('a frame of an unknown type, and a processor that throws when it is attached or closed, cost nothing else', () => {
  const seen: string[] = [];
  const errors: string[] = [];
  const boom = (): never => {
    throw new Error('from a processor');
  };
  const odd = Object.assign(new Probe('odd', seen), { attach: boom, close: boom });
  const last = new Probe('last', seen);
  const pipeline = new Pipeline([odd, last], (processor) => errors.push(processor));
  for (const type of ['thinking', 'toString']) pipeline.emit({ type } as unknown as Frame);
  pipeline.emit(text('1'));
  pipeline.close();
  assert.deepEqual([seen, errors, last.closings], [['odd:1', 'last:1'], ['odd', 'pipeline', 'pipeline', 'odd'], 1]);
});
