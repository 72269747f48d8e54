import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AudioChunk } from '../audio/chunk.js';
import { FencedProcessor } from './fenced-processor.js';
import type { Frame } from './frame.js';
import { Pipeline } from './pipeline.js';
import type { Link, Processor } from './processor.js';

const chunk = AudioChunk.fromBase64('mulaw', 8000, '////');
const sound: Frame = { type: 'input-audio', chunk };
const words = (text: string): Frame => ({ type: 'caller-text', itemId: 'c', text, final: true });
const boom = (): never => {
  throw new Error('from an extension');
};

/** A pipeline in which an extension's processor stands before a stage that records what reaches it. */
function fenced(inner: Partial<Processor>, onReached: (frame: Frame, link: Link) => void = () => undefined) {
  const faults: string[] = [];
  const reached: Frame[] = [];
  const end: Processor = {
    name: 'end',
    process: (frame, link) => {
      reached.push(frame);
      onReached(frame, link);
    },
  };
  const processor = { name: 'own', process: (frame: Frame, link: Link) => link.push(frame), ...inner };
  const fence = new FencedProcessor('own', processor, (fault) => faults.push(fault));
  const pipeline = new Pipeline([fence, end], (name, error) => assert.fail(`${name}: ${String(error)}`));
  return { pipeline, reached, faults, types: () => reached.map(({ type }) => type) };
}

test('a processor of an extension sees, changes and keeps frames like any other', () => {
  const { faults, pipeline, reached, types } = fenced({
    process: (frame, link) => {
      if (frame.type === 'caller-text') link.push({ ...frame, text: frame.text.toUpperCase() });
      else if (frame.type !== 'input-dtmf') link.push(frame);
    },
  });
  pipeline.emit(words('hello'));
  pipeline.emit({ type: 'input-dtmf', digit: '1' });
  pipeline.emit(sound);
  assert.deepEqual(types(), ['caller-text', 'input-audio']);
  assert.equal(reached[0]?.type === 'caller-text' && reached[0].text, 'HELLO');
  assert.equal(reached[1], sound);
  assert.deepEqual(faults, []);
});

test('frames without which a call would hang reach it once, whether a processor keeps them, throws or changes them', () => {
  const vital: Frame[] = [
    { type: 'leave' },
    { type: 'interruption' },
    { type: 'speak', text: 'Goodbye.', sayId: 's' },
    { type: 'item-done', responseId: 'r', itemId: 'i' },
    { type: 'tool-call', toolCallId: 't', name: 'transfer_to_human', arguments: {} },
    { type: 'ended', reason: '' },
  ];
  for (const process of [
    () => undefined,
    boom,
    (frame: Frame, link: Link) => link.push(frame),
    (frame: Frame, link: Link) => link.push({ ...frame }),
    (frame: Frame, link: Link) => {
      link.push(frame);
      boom();
    },
  ]) {
    const { pipeline, types } = fenced({ process });
    for (const frame of vital) pipeline.emit(frame);
    assert.deepEqual(
      types(),
      vital.map(({ type }) => type),
    );
  }
});

test('what comes back upstream while a processor pushes does not hide that it has pushed', () => {
  const seen: string[] = [];
  const { pipeline, types } = fenced(
    {
      process: (frame, link) => {
        seen.push(frame.type);
        link.push(frame);
      },
    },
    (frame, link) => {
      if (frame.type === 'interruption') link.push({ type: 'heard', items: [] });
    },
  );
  pipeline.emit({ type: 'interruption' });
  assert.deepEqual(types(), ['interruption']);
  assert.deepEqual(seen, ['interruption', 'heard']);
});

test('a processor that throws loses words, and after half a second of lost sounds the sounds go past it', () => {
  const { faults, pipeline, types } = fenced({ process: boom });
  pipeline.emit(words('lost'));
  for (let frame = 0; frame < 25; frame++) pipeline.emit(sound);
  assert.deepEqual(types(), []);
  assert.deepEqual([...new Set(faults)], ['failed', 'deaf']);
  const before = faults.length;
  for (let frame = 0; frame < 3; frame++) pipeline.emit(sound);
  assert.deepEqual(types(), ['input-audio', 'input-audio', 'input-audio']);
  assert.equal(faults.length, before);
  pipeline.emit(words('lost'));
  assert.equal(faults.length, before + 1);
});

test('sounds that are lost now and then do not take a processor out', () => {
  let count = 0;
  const { faults, pipeline, types } = fenced({
    process: (frame, link) => {
      if (++count % 25 !== 0) boom();
      link.push(frame);
    },
  });
  for (let frame = 0; frame < 100; frame++) pipeline.emit(sound);
  assert.equal(types().length, 4);
  assert.deepEqual([...new Set(faults)], ['failed']);
});

test('frames go past an asynchronous processor, once each, and its rejection ends nothing', async () => {
  const process = async (frame: Frame, link: Link): Promise<void> => {
    await Promise.resolve();
    link.push(frame);
    boom();
  };
  const { faults, pipeline, types } = fenced({ process });
  pipeline.emit({ type: 'ready' });
  pipeline.emit(words('hello'));
  await new Promise(setImmediate);
  assert.deepEqual(types(), ['ready', 'caller-text']);
  assert.deepEqual(faults, ['asynchronous']);
});

test('what is no frame of the pipeline is neither pushed nor emitted', () => {
  const odd: unknown[] = [
    undefined,
    'audio',
    {},
    { type: 'thought' },
    { type: 'audio', responseId: 'r', itemId: 'i', chunk: { bytes: [] } },
    { type: 'input-audio', chunk: undefined },
    { type: 'input-dtmf', digit: '12' },
    { type: 'keyed-digits', digits: 12 },
    { type: 'speak', text: 'Hello.' },
    { type: 'tool-result' },
    { type: 'heard', items: undefined },
    {
      get type(): string {
        return boom();
      },
    },
    {
      type: 'input-dtmf',
      get digit(): string {
        return boom();
      },
    },
  ];
  const { faults, pipeline, types } = fenced({
    process: (frame, link) => {
      for (const value of odd) {
        link.push(value as Frame);
        link.emit(value as Frame);
      }
      link.push(frame);
    },
  });
  pipeline.emit(sound);
  assert.deepEqual(types(), ['input-audio']);
  assert.deepEqual(faults, Array<string>(2 * odd.length).fill('no-frame'));
});

test('a processor that throws when it is attached or closed costs nothing', () => {
  const { faults, pipeline, types } = fenced({ attach: boom, close: boom });
  pipeline.emit(sound);
  pipeline.close();
  assert.deepEqual(types(), ['input-audio']);
  assert.deepEqual(faults, ['failed', 'failed']);
});

test('a link that a processor keeps is dead once the pipeline is closed', () => {
  let kept: Link | undefined;
  const { pipeline, types } = fenced({
    attach: (link) => {
      kept = link;
    },
  });
  kept?.emit(sound);
  kept?.push(sound);
  pipeline.close();
  kept?.emit(sound);
  kept?.push(sound);
  assert.deepEqual(types(), ['input-audio', 'input-audio']);
});
