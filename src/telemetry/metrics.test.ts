import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Metrics } from './metrics.js';

test('a value that cannot be counted or measured is dropped and never throws', async () => {
  const metrics = new Metrics({ process: false });
  for (const value of [Number.NaN, -5, Number.POSITIVE_INFINITY, '7' as unknown as number]) {
    metrics.tokens.inc({ direction: 'input' }, value);
    if (value !== -5) metrics.sessionSeconds.observe(value);
    if (value !== -5) metrics.turnLatency.observe({ provider: 'nova' }, value);
  }
  metrics.tokens.inc({ direction: 'input' }, 12);
  metrics.storeThrottles.inc();
  metrics.storeThrottles.inc(2);
  metrics.sessionSeconds.observe(1);
  const text = await metrics.text();
  assert.match(text, /voice_provider_tokens_total\{direction="input"\} 12\n/);
  assert.match(text, /dynamodb_throttles_total 3\n/);
  assert.match(text, /gateway_session_duration_seconds_count 1\n/);
  assert.doesNotMatch(text, /NaN/);
});

test('the calls in each state are those of the moment in which the metrics are read', async () => {
  const metrics = new Metrics({ process: false });
  let states = ['talking', 'talking', 'dialling'];
  metrics.watchCalls(() => states);
  assert.match(await metrics.text(), /gateway_calls_in_state\{state="talking"\} 2\n/);
  states = ['dialling'];
  const text = await metrics.text();
  assert.match(text, /gateway_calls_in_state\{state="talking"\} 0\n/);
  assert.match(text, /gateway_calls_in_state\{state="dialling"\} 1\n/);
});
