import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '../telemetry/log.js';
import { AnomalyLog } from './anomaly-log.js';

test('an anomaly that repeats in a call is logged once with its kind', () => {
  const lines: string[] = [];
  const anomalies = new AnomalyLog(createLogger({ level: 'info', destination: { write: (line) => lines.push(line) } }));
  for (const call of ['one', 'two', 'one', 'one']) anomalies.note('openai', 'text-answer', call);
  anomalies.note('nova', 'text-answer', 'two');
  anomalies.note('openai', 'unknown-event', 'one');
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /"conversation_id":"one","provider":"openai","anomaly":"text-answer"/);
});
