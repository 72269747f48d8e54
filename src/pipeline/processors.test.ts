import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { DtmfCollector } from '../call/media/dtmf-collector.js';
import { AudioChunk } from '../audio/chunk.js';
import { TandemError } from '../base/errors.js';
import type { Escalation } from '../escalation/escalation.js';
import { EscalationWatch } from '../escalation/watch.js';
import { History } from '../voice/history.js';
import { ResponseGate } from '../voice/response-gate.js';
import type { VoiceEvent, VoiceSession } from '../voice/session.js';
import { EscalationProcessor } from './escalation-processor.js';
import type { Frame } from './frame.js';
import { GateProcessor } from './gate-processor.js';
import { Pipeline } from './pipeline.js';
import { KeypadProcessor } from './keypad-processor.js';
import type { Link, Processor } from './processor.js';
import { TranscriptProcessor } from './transcript-processor.js';
import { ToolProcessor } from './tool-processor.js';
import { VoiceProcessor } from './voice-processor.js';

const silence = AudioChunk.fromBase64('mulaw', 8000, '////');

/** Sits on one side of the processor under test and records the frames that reach it. */
class Sink implements Processor {
  readonly name = 'sink';
  readonly frames: Frame[] = [];
  link: Link | undefined;

  attach(link: Link): void {
    this.link = link;
  }

  process(frame: Frame): void {
    this.frames.push(frame);
  }
}

const fieldsOf = (frame: Frame): object => Object.fromEntries(Object.entries(frame));

interface Bench {
  pipeline: Pipeline;
  /** Frames that passed the processor upstream, towards the model. */
  up: Frame[];
  /** Frames that passed the processor downstream, towards the caller. */
  down: Frame[];
  /** Starts a frame at the sink below the processor. */
  fromBelow: (frame: Frame) => void;
  fromAbove: (frame: Frame) => void;
}

function around(processor: Processor): Bench {
  const [above, below] = [new Sink(), new Sink()];
  const pipeline = new Pipeline([above, processor, below], (name, error) => assert.fail(`${name}: ${String(error)}`));
  return {
    pipeline,
    up: above.frames,
    down: below.frames,
    fromBelow: (frame) => below.link?.emit(frame),
    fromAbove: (frame) => above.link?.emit(frame),
  };
}

/** A session that records its calls. */
function recordingSession(calls: unknown[][]): VoiceSession {
  return {
    sendAudio: (chunk) => void calls.push(['audio', chunk.base64]),
    sendText: (text) => void calls.push(['text', text]),
    sendDigits: (digits) => void calls.push(['digits', digits]),
    say: (text, sayId) => void calls.push(['say', text, sayId]),
    cancel: () => void calls.push(['cancel']),
    reportHeard: (items) => void calls.push(['heard', items]),
    sendToolResult: (id, output) => void calls.push(['tool', id, output]),
    close: () => void calls.push(['close']),
  };
}

test('voice: frames for the model end there, and all others pass', () => {
  const calls: unknown[][] = [];
  const { fromAbove, fromBelow, down, up } = around(new VoiceProcessor(recordingSession(calls), new ResponseGate()));
  fromAbove({ type: 'input-audio', chunk: silence });
  fromAbove({ type: 'speak', text: 'Hello', sayId: 's1' });
  fromBelow({ type: 'tool-result', toolCallId: 't1', output: { ok: 1 } });
  fromBelow({ type: 'keyed-digits', digits: '5' });
  fromBelow({ type: 'heard', items: [{ itemId: 'i', heardMs: 1, sentMs: 2 }] });
  const digit: Frame = { type: 'input-dtmf', digit: '5' };
  fromAbove(digit);
  assert.deepEqual(calls, [
    ['audio', '////'],
    ['say', 'Hello', 's1'],
    ['tool', 't1', { ok: 1 }],
    ['digits', '5'],
    ['heard', [{ itemId: 'i', heardMs: 1, sentMs: 2 }]],
    ['cancel'],
  ]);
  assert.deepEqual([down, up], [[digit], []]);
});

test('voice: once the call leaves its stream, the model gets the goodbye and nothing from the caller', () => {
  const calls: unknown[][] = [];
  const gate = new ResponseGate();
  const { fromAbove, down } = around(new VoiceProcessor(recordingSession(calls), gate));
  gate.leave('bye');
  fromAbove({ type: 'leave' });
  fromAbove({ type: 'input-audio', chunk: silence });
  fromAbove({ type: 'input-dtmf', digit: '0' });
  fromAbove({ type: 'speak', text: 'Goodbye', sayId: 'bye' });
  assert.deepEqual(calls, [['say', 'Goodbye', 'bye']]);
  assert.deepEqual(down, [{ type: 'leave' }]);
});

test('voice: every event of a session travels downstream unchanged', () => {
  const voice = new VoiceProcessor(recordingSession([]), new ResponseGate());
  const { down } = around(voice);
  const events: VoiceEvent[] = [
    { type: 'ready' },
    { type: 'caller-speech-started' },
    { type: 'caller-speech-stopped' },
    { type: 'interruption' },
    { type: 'caller-turn', itemId: 'i' },
    { type: 'caller-text', itemId: 'i', text: 'x', final: true },
    { type: 'response-started', responseId: 'r', sayId: 's' },
    { type: 'audio', responseId: 'r', itemId: 'i', chunk: silence },
    { type: 'assistant-text', responseId: 'r', itemId: 'i', text: 'x' },
    { type: 'assistant-text-final', responseId: 'r', itemId: 'i', text: 'x' },
    { type: 'item-done', responseId: 'r', itemId: 'i' },
    { type: 'response-done', responseId: 'r', sayId: undefined, status: 'cancelled' },
    { type: 'tool-call', toolCallId: 't', name: 'n', arguments: { a: 1 } },
    { type: 'usage', inputTokens: 1, outputTokens: 2 },
    { type: 'ended', reason: 'r' },
    { type: 'failed', error: new TandemError('SESSION_CLOSED', 'Gone.') },
  ];
  for (const event of events) voice.deliver(event);
  assert.equal(down.length, events.length);
  for (const [index, event] of events.entries()) assert.equal(down[index], event);
});

test('gate: late audio, text and item ends of an interrupted response are dropped, and the next response passes', () => {
  const { fromAbove, down } = around(new GateProcessor(new ResponseGate()));
  const next: Frame[] = [
    { type: 'response-started', responseId: 'r2', sayId: undefined },
    { type: 'audio', responseId: 'r2', itemId: 'j', chunk: silence },
    { type: 'item-done', responseId: 'r2', itemId: 'j' },
  ];
  const before: Frame[] = [
    { type: 'response-started', responseId: 'r1', sayId: undefined },
    { type: 'assistant-text', responseId: 'r1', itemId: 'i', text: 'x' },
  ];
  const cut: Frame = { type: 'interruption' };
  for (const frame of [...before, cut]) fromAbove(frame);
  fromAbove({ type: 'audio', responseId: 'r1', itemId: 'i', chunk: silence });
  fromAbove({ type: 'assistant-text', responseId: 'r1', itemId: 'i', text: 'late' });
  fromAbove({ type: 'item-done', responseId: 'r1', itemId: 'i' });
  for (const frame of next) fromAbove(frame);
  assert.deepEqual(down, [...before, cut, ...next]);
});

test('gate: the caller cannot interrupt the goodbye, and no other response is heard beside it', () => {
  const gate = new ResponseGate();
  const { fromAbove, down } = around(new GateProcessor(gate));
  const leave: Frame = { type: 'leave' };
  const other: Frame = { type: 'response-started', responseId: 'r1', sayId: undefined };
  const goodbye: Frame[] = [
    { type: 'response-started', responseId: 'r2', sayId: 'bye' },
    { type: 'audio', responseId: 'r2', itemId: 'g', chunk: silence },
  ];
  gate.leave('bye');
  fromAbove(leave);
  fromAbove(other);
  fromAbove({ type: 'audio', responseId: 'r1', itemId: 'i', chunk: silence });
  fromAbove({ type: 'interruption' });
  for (const frame of goodbye) fromAbove(frame);
  assert.deepEqual(down, [leave, other, ...goodbye]);
});

test('escalation: only final text escalates, and it is passed on first', () => {
  const log: unknown[] = [];
  const { fromAbove, down } = around(
    new EscalationProcessor({
      escalationWatch: new EscalationWatch(),
      onEscalation: (decision: Escalation) => log.push(decision, down.length),
    }),
  );
  fromAbove({ type: 'caller-text', itemId: 'c', text: 'I want a human', final: false });
  fromAbove({ type: 'caller-text', itemId: 'c', text: 'What are your hours', final: true });
  assert.deepEqual(log, []);
  fromAbove({ type: 'caller-text', itemId: 'c', text: 'I want a human', final: true });
  assert.deepEqual(log, [{ trigger: 'phrase', reason: 'requested_human' }, 3]);
  assert.equal(down.length, 3);
});

test('keypad: a complete number goes to the model, zero asks for a human, and closing drops unfinished digits', () => {
  const log: unknown[] = [];
  const clock = new FakeClock();
  const dtmf = new DtmfCollector({ clock, escalationWatch: new EscalationWatch() });
  const { fromAbove, down, up } = around(
    new KeypadProcessor({ dtmf, onEscalation: (decision: Escalation) => log.push(decision) }),
  );
  for (const key of '70#') fromAbove({ type: 'input-dtmf', digit: key });
  assert.deepEqual([up.map(fieldsOf), log], [[{ type: 'keyed-digits', digits: '70' }], []]);
  fromAbove({ type: 'input-dtmf', digit: '0' });
  assert.deepEqual(log, [{ trigger: 'keypad', reason: 'requested_human' }]);
  fromAbove({ type: 'input-dtmf', digit: '4' });
  dtmf.close();
  clock.advance(10_000);
  assert.deepEqual([up.length, down.length, clock.timers], [1, 5, 0]);
});

test('tools: a tool call passes downstream, and each answer goes upstream under the id of its call', () => {
  const seen: string[] = [];
  const answers: ((output: unknown) => void)[] = [];
  const { fromAbove, down, up } = around(
    new ToolProcessor((call, answer) => {
      seen.push(`${call.name} ${JSON.stringify(call.arguments)}`);
      answers.push(answer);
    }),
  );
  const calls: Frame[] = [
    { type: 'tool-call', toolCallId: 't1', name: 'end_call', arguments: {} },
    { type: 'tool-call', toolCallId: 't2', name: 'note', arguments: { text: 'milk' } },
  ];
  for (const call of calls) fromAbove(call);
  answers[1]?.({ noted: 'milk' });
  answers[0]?.({ status: 'ok' });
  assert.deepEqual(seen, ['end_call {}', 'note {"text":"milk"}']);
  assert.deepEqual(down, calls);
  assert.deepEqual(up, [
    { type: 'tool-result', toolCallId: 't2', output: { noted: 'milk' } },
    { type: 'tool-result', toolCallId: 't1', output: { status: 'ok' } },
  ]);
});

test('transcript: a turn is reported when final and again when cut, and every frame passes', () => {
  const history = new History();
  const told: string[] = [];
  const { fromAbove, fromBelow, down, up } = around(
    new TranscriptProcessor(history, (turn) => told.push(`${turn.speaker}: ${turn.text}`)),
  );
  const frames: Frame[] = [
    { type: 'ready' },
    { type: 'caller-text', itemId: 'c', text: 'hel', final: false },
    { type: 'caller-text', itemId: 'c', text: 'hello', final: true },
    { type: 'assistant-text', responseId: 'r', itemId: 'i', text: 'one two ' },
    { type: 'assistant-text', responseId: 'r', itemId: 'i', text: 'three' },
    { type: 'item-done', responseId: 'r', itemId: 'i' },
    { type: 'item-done', responseId: 'r', itemId: 'silent' },
  ];
  for (const frame of frames) fromAbove(frame);
  assert.deepEqual(told, ['caller: hello', 'assistant: one two three']);
  const cut: Frame = { type: 'heard', items: [{ itemId: 'i', heardMs: 60, sentMs: 100 }] };
  fromBelow(cut);
  assert.deepEqual(told.slice(2), ['assistant: one two']);
  assert.deepEqual([down, up], [frames, [cut]]);
});
