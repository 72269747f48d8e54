import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Span } from '../telemetry/span.js';
import { HeldSpans } from './held-spans.js';

function span(name: string, isError = false): Span {
  const ids = { traceId: 't', spanId: name, parentId: undefined };
  return { ...ids, name, kind: 'internal', startMs: 0, endMs: 1, attributes: {}, isError };
}

function scene(isKept = false): { held: HeldSpans; sent: string[]; dropped: number[] } {
  const sent: string[] = [];
  const dropped: number[] = [];
  const held = new HeldSpans({
    isKept,
    send: ({ name }) => sent.push(name),
    onDropped: (spans) => dropped.push(spans),
  });
  return { held, sent, dropped };
}

test('the spans of a call that is sampled are sent as they come', () => {
  const { held, sent } = scene(true);
  held.add(span('turn'));
  assert.deepEqual(sent, ['turn']);
});

test('the spans of a call that is not sampled are sent once something fails, and else never', () => {
  const good = scene();
  good.held.add(span('turn'));
  good.held.decide();
  good.held.keep();
  good.held.add(span('late'));
  assert.deepEqual(good.sent, []);
  assert.equal(good.held.isKept, false);

  const bad = scene();
  bad.held.add(span('turn'));
  bad.held.keep();
  bad.held.add(span('late'));
  bad.held.decide();
  assert.deepEqual(bad.sent, ['turn', 'late']);
  assert.equal(bad.held.isKept, true);
  assert.deepEqual(bad.dropped, []);
});

test('a call holds at most 200 spans, and those that tell how it went stay longest', () => {
  const { held, sent, dropped } = scene();
  held.add(span('handover'));
  held.add(span('voice.connect', true));
  for (let turn = 0; turn < 300; turn++) held.add(span(`turn ${turn}`));
  held.keep();
  assert.equal(sent.length, 200);
  assert.deepEqual(sent.slice(0, 3), ['handover', 'voice.connect', 'turn 102']);
  assert.deepEqual(dropped, [102]);
});
