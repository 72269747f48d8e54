import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NewSpan } from './new-span.js';
import { TurnSpans } from './turn-spans.js';

function scene(): { turns: TurnSpans; spans: NewSpan[]; pass: (ms: number) => void } {
  let nowMs = 1000;
  const spans: NewSpan[] = [];
  const turns = new TurnSpans({
    now: () => nowMs,
    provider: 'openai',
    before: 4,
    models: (provider) => ({ 'gen_ai.provider.name': provider }),
    add: (span) => spans.push(span),
  });
  return { turns, spans, pass: (ms) => (nowMs += ms) };
}

const answered = (itemId: string, waitedMs: number) => ({
  itemId,
  provider: 'openai',
  waitedMs,
  modelMs: waitedMs - 10,
});
const spoken = (itemId: string, heardMs: number, sentMs: number, beganAgoMs: number) => ({
  itemId,
  heardMs,
  sentMs,
  beganAgoMs,
  firstMarkAgoMs: beganAgoMs - 200,
});

test("a turn lasts from the end of the caller's speech to the end of its playout, with the parts of its latency", () => {
  const { pass, spans, turns } = scene();
  turns.callerStopped();
  pass(700);
  turns.answered({ ...answered('a', 700), endpointingMs: 480 });
  pass(2000);
  turns.usage({ inputTokens: 100, outputTokens: 20 });
  turns.spoken(spoken('a', 2000, 2000, 2000));
  assert.equal(spans.length, 0, 'its tokens may still come');
  turns.end();
  const [turn, ...more] = spans;
  assert.deepEqual(more, []);
  assert.deepEqual([turn?.startMs, turn?.endMs], [1000, 3700]);
  assert.deepEqual(turn?.attributes, {
    'gen_ai.operation.name': 'generate_content',
    'gen_ai.provider.name': 'openai',
    'gen_ai.output.type': 'speech',
    'gen_ai.usage.input_tokens': 100,
    'gen_ai.usage.output_tokens': 20,
    'tandem.turn.index': 4,
    'tandem.turn.latency_ms': 700,
    'tandem.turn.endpointing_ms': 480,
    'tandem.turn.model_ms': 690,
    'tandem.turn.playout_ms': 200,
    'tandem.turn.interrupted': false,
    'tandem.turn.heard_ms': 2000,
  });
});

test('tokens that a model tells after an interruption are those of the turn that was cut', () => {
  const { pass, spans, turns } = scene();
  turns.callerStopped();
  turns.answered(answered('a', 500));
  pass(1000);
  turns.spoken(spoken('a', 900, 5000, 1000));
  turns.usage({ inputTokens: 7, outputTokens: 8 });
  turns.callerStopped();
  turns.toolCalled({ name: 'lookup', toolCallId: 't' });
  turns.usage({ inputTokens: 1, outputTokens: 2 });
  turns.toolDone('t', undefined);
  turns.answered(answered('b', 300));
  turns.spoken(spoken('b', 400, 400, 400));
  turns.end();
  const [tool, cut, next] = [
    spans.find(({ name }) => name.startsWith('execute_tool')),
    ...spans.filter(({ name }) => name === 'turn'),
  ];
  assert.equal(cut?.attributes['tandem.turn.interrupted'], true);
  assert.equal(cut?.attributes['gen_ai.usage.input_tokens'], 7);
  assert.equal(next?.attributes['gen_ai.usage.input_tokens'], 1);
  assert.equal(tool?.parentId, next?.spanId);
});

test('a tool that is not done when the stream ends is abandoned, and its turn is sent although nothing was heard', () => {
  const { spans, turns } = scene();
  turns.toolCalled({ name: '', toolCallId: 't' });
  turns.end();
  turns.toolDone('t', undefined);
  const [tool, turn, ...more] = spans;
  assert.deepEqual(more, []);
  assert.deepEqual([tool?.name, tool?.isError, tool?.attributes['error.type']], ['execute_tool', true, 'abandoned']);
  assert.equal(tool?.parentId, turn?.spanId);
  assert.equal(turn?.attributes['tandem.turn.heard_ms'], 0);
});

test('the greeting is a turn of its own, and a caller who only breathes begins none', () => {
  const { pass, spans, turns } = scene();
  pass(500);
  turns.spoken(spoken('greeting', 300, 300, 320));
  turns.callerStopped();
  turns.callerStopped();
  turns.end();
  assert.equal(spans.length, 1);
  assert.equal(spans[0]?.startMs, 1180);
  assert.equal(spans[0]?.attributes['tandem.turn.latency_ms'], undefined);
});
