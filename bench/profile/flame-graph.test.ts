import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CpuProfile, flameGraph, framesOf, hottest } from './flame-graph.js';

const PROFILE: CpuProfile = {
  nodes: [
    { id: 1, callFrame: { functionName: '(root)', url: '' }, children: [2, 3, 6] },
    { id: 2, callFrame: { functionName: 'onMessage', url: 'file:///gateway/src/stream.ts' }, children: [4, 5] },
    { id: 3, callFrame: { functionName: '(garbage collector)', url: '' } },
    { id: 4, callFrame: { functionName: 'send', url: 'file:///gateway/node_modules/ws/lib/sender.js' } },
    { id: 5, callFrame: { functionName: 'writeBuffer', url: 'node:net' } },
    { id: 6, callFrame: { functionName: '(idle)', url: '' } },
  ],
  samples: [2, 4, 4, 5, 3, 6, 6, 6, 6, 6],
};

test('a flame graph has the time of a function with that of what it called, and no idle time', () => {
  const root = framesOf(PROFILE);
  assert.equal(root.samples, 5);
  const [onMessage] = root.children.values();
  assert.deepEqual([onMessage?.name, onMessage?.samples, onMessage?.selfSamples], ['onMessage stream', 4, 1]);
});

test('the hottest functions are named with their share of the time and where they are from', () => {
  assert.deepEqual(hottest(framesOf(PROFILE), 2), [
    { name: 'send sender', origin: 'package', share: 0.4 },
    { name: 'onMessage stream', origin: 'gateway', share: 0.2 },
  ]);
});

test('a flame graph is a picture in which each function stands on its caller', () => {
  const picture = flameGraph(framesOf(PROFILE), 'one <test>');
  assert.match(picture, /one &lt;test&gt;/);
  const yOf = (name: string): number =>
    Number(new RegExp(`<title>${name}, [^>]*><rect[^>]* y="(\\d+)"`).exec(picture)?.[1]);
  assert.ok(yOf('send sender') < yOf('onMessage stream'));
});

test('a profile without samples draws an empty picture', () => {
  assert.match(flameGraph(framesOf({ nodes: [] }), 'nothing'), /^<svg/);
});
