import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Histogram, Registry } from 'prom-client';
import { FrameHistogram } from './frame-histogram.js';
import { addedUp } from './metric-object.js';

const NAME = 'frame_seconds';
const HELP = 'Time of a frame';
const BOUNDS = [0.001, 0.01, 0.1];
/** Values on a bound, between two bounds, and beyond the last one. */
const VALUES = [0, 0.001, 0.0011, 0.01, 0.05, 0.1, 7];

test('a frame histogram has the same text as a histogram of prom-client', async () => {
  const registry = new Registry();
  const reference = new Histogram({
    name: NAME,
    help: HELP,
    labelNames: ['direction'],
    buckets: BOUNDS,
    registers: [registry],
  });
  const histogram = new FrameHistogram({ name: NAME, help: HELP, bounds: BOUNDS });
  const inbound = histogram.series('direction', 'inbound');
  const outbound = histogram.series('direction', 'outbound');
  for (const value of VALUES) {
    inbound.observe(value);
    reference.labels('inbound').observe(value);
  }
  outbound.observe(0.02);
  reference.labels('outbound').observe(0.02);
  assert.equal(histogram.text(), await registry.metrics());
});

test('the frame histograms of two processes add up to the histogram of one', async () => {
  const [whole, ...parts] = [1, 2, 3].map(() => new FrameHistogram({ name: NAME, help: HELP, bounds: BOUNDS }));
  const series = parts.map((part) => part.series('direction', 'inbound'));
  const wholeSeries = whole?.series('direction', 'inbound');
  for (const [index, value] of VALUES.entries()) {
    series[index % 2]?.observe(value);
    wholeSeries?.observe(value);
  }
  assert.equal(await addedUp(parts.map((part) => [part.object()])), whole?.text());
});
