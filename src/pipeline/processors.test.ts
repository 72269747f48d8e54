import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { z } from 'zod';
import { FakeClock } from '../../test/support/fake-clock.js';
import { DtmfCollector } from '../call/media/dtmf-collector.js';
import type { Logger } from '../telemetry/log.js';
import { AudioChunk } from '../audio/chunk.js';
import { TandemError } from '../base/errors.js';
import type { Escalation } from '../escalation/escalation.js';
import { EscalationWatch } from '../escalation/watch.js';
import { History } from '../voice/history.js';
import { ResponseGate } from '../voice/response-gate.js';
import type { VoiceEvent, VoiceSession } from '../voice/session.js';
import { ToolRunner, defineTool } from '../voice/tools.js';
import { EscalationProcessor } from './escalation-processor.js';
import {
  CallerAudioFrame,
  CallerTextFrame,
  CancelFrame,
  DigitFrame,
  type Frame,
  HeardFrame,
  InterruptionFrame,
  ItemDoneFrame,
  KeyedDigitsFrame,
  ModelAudioFrame,
  ModelTextFrame,
  ResponseStartedFrame,
  SayFrame,
  StartFrame,
  ToolCallFrame,
  ToolResultFrame,
} from './frame.js';
import { GateProcessor } from './gate-processor.js';
import { Pipeline } from './pipeline.js';
import { KeypadProcessor } from './keypad-processor.js';
import type { Link, Processor } from './processor.js';
import { TranscriptProcessor } from './transcript-processor.js';
import { ToolProcessor } from './tool-processor.js';
import { VoiceProcessor } from './voice-processor.js';

const silence = AudioChunk.fromBase64('mulaw', 8000, '////');

/** Stands on one side of the processor under test and keeps what reaches it. */
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
  /** What went up past the processor, towards the model. */
  up: Frame[];
  /** What came down past it, towards the caller. */
  down: Frame[];
  /** Starts a frame at the sink below. */
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

/** A session that writes down what it is asked. */
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

test('voice: what goes to the model stops there, everything else passes', () => {
  const calls: unknown[][] = [];
  const { fromAbove, fromBelow, down, up } = around(new VoiceProcessor(recordingSession(calls)));
  fromAbove(new CallerAudioFrame(silence));
  fromAbove(new SayFrame('Hello', 's1'));
  fromBelow(new ToolResultFrame('t1', { ok: 1 }));
  fromBelow(new KeyedDigitsFrame('5'));
  fromBelow(new HeardFrame([{ itemId: 'i', heardMs: 1, sentMs: 2 }]));
  const digit = new DigitFrame('5');
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

test('voice: once the call is being left the caller is not passed on, the goodbye is', () => {
  const calls: unknown[][] = [];
  const { fromAbove, down } = around(new VoiceProcessor(recordingSession(calls)));
  fromAbove(new CancelFrame('bye'));
  fromAbove(new CallerAudioFrame(silence));
  fromAbove(new DigitFrame('0'));
  fromAbove(new SayFrame('Goodbye', 'bye'));
  assert.deepEqual(calls, [['cancel'], ['say', 'Goodbye', 'bye']]);
  assert.deepEqual(
    down.map((frame) => frame.kind),
    ['cancel'],
  );
});

test('voice: every event of a session becomes the frame of its kind with all it says', () => {
  const voice = new VoiceProcessor(recordingSession([]));
  const { down } = around(voice);
  const error = new TandemError('SESSION_CLOSED', 'Gone.');
  const events: [VoiceEvent, object][] = [
    [{ type: 'ready' }, { kind: 'start' }],
    [{ type: 'caller-speech-started' }, { kind: 'caller-speech-started' }],
    [{ type: 'caller-speech-stopped' }, { kind: 'caller-speech-stopped' }],
    [{ type: 'interruption' }, { kind: 'interruption' }],
    [
      { type: 'caller-text', itemId: 'i', text: 'x', final: true },
      { kind: 'caller-text', itemId: 'i', text: 'x', final: true },
    ],
    [
      { type: 'response-started', responseId: 'r', sayId: 's' },
      { kind: 'response-started', responseId: 'r', sayId: 's' },
    ],
    [
      { type: 'audio', responseId: 'r', itemId: 'i', chunk: silence },
      { kind: 'model-audio', responseId: 'r', itemId: 'i', chunk: silence },
    ],
    [
      { type: 'assistant-text', responseId: 'r', itemId: 'i', text: 'x' },
      { kind: 'model-text', responseId: 'r', itemId: 'i', text: 'x' },
    ],
    [
      { type: 'item-done', responseId: 'r', itemId: 'i' },
      { kind: 'item-done', responseId: 'r', itemId: 'i' },
    ],
    [
      { type: 'response-done', responseId: 'r', sayId: undefined, status: 'cancelled' },
      { kind: 'response-done', responseId: 'r', sayId: undefined, status: 'cancelled' },
    ],
    [
      { type: 'tool-call', toolCallId: 't', name: 'n', arguments: { a: 1 } },
      { kind: 'tool-call', toolCallId: 't', name: 'n', arguments: { a: 1 } },
    ],
    [
      { type: 'usage', inputTokens: 1, outputTokens: 2 },
      { kind: 'usage', inputTokens: 1, outputTokens: 2 },
    ],
    [
      { type: 'ended', reason: 'r' },
      { kind: 'end', reason: 'r' },
    ],
    [
      { type: 'failed', error },
      { kind: 'failure', error },
    ],
  ];
  for (const [event] of events) voice.deliver(event);
  assert.deepEqual(
    down.map(fieldsOf),
    events.map(([, frame]) => frame),
  );
});

test('gate: late audio, text and ends of a cut response are dropped, its beginning and end reports are not', () => {
  const { fromAbove, down } = around(new GateProcessor(new ResponseGate()));
  const next = [
    new ResponseStartedFrame('r2', undefined),
    new ModelAudioFrame('r2', 'j', silence),
    new ItemDoneFrame('r2', 'j'),
  ];
  const before = [new ResponseStartedFrame('r1', undefined), new ModelTextFrame('r1', 'i', 'x')];
  const cut = new InterruptionFrame();
  for (const frame of [...before, cut]) fromAbove(frame);
  fromAbove(new ModelAudioFrame('r1', 'i', silence));
  fromAbove(new ModelTextFrame('r1', 'i', 'late'));
  fromAbove(new ItemDoneFrame('r1', 'i'));
  for (const frame of next) fromAbove(frame);
  assert.deepEqual(down, [...before, cut, ...next]);
});

test('gate: while the goodbye is spoken the caller cannot interrupt it and nothing else is heard', () => {
  const { fromAbove, down } = around(new GateProcessor(new ResponseGate()));
  const leave = new CancelFrame('bye');
  const other = new ResponseStartedFrame('r1', undefined);
  const goodbye = [new ResponseStartedFrame('r2', 'bye'), new ModelAudioFrame('r2', 'g', silence)];
  fromAbove(leave);
  fromAbove(other);
  fromAbove(new ModelAudioFrame('r1', 'i', silence));
  fromAbove(new InterruptionFrame());
  for (const frame of goodbye) fromAbove(frame);
  assert.deepEqual(down, [leave, other, ...goodbye]);
});

test('escalation: by final words only, after the transcript has them', () => {
  const log: unknown[] = [];
  const { fromAbove, down } = around(
    new EscalationProcessor({
      watch: new EscalationWatch(),
      onEscalation: (decision: Escalation) => log.push(decision, down.length),
    }),
  );
  fromAbove(new CallerTextFrame('c', 'I want a human', false));
  fromAbove(new CallerTextFrame('c', 'What are your hours', true));
  assert.deepEqual(log, []);
  fromAbove(new CallerTextFrame('c', 'I want a human', true));
  assert.deepEqual(log, [{ trigger: 'phrase', reason: 'requested_human' }, 3]);
  assert.equal(down.length, 3);
});

test('keypad: a number goes to the model once it is whole, zero asks for a human, and leaving forgets', () => {
  const log: unknown[] = [];
  const clock = new FakeClock();
  const keypad = new DtmfCollector({ clock, watch: new EscalationWatch() });
  const { fromAbove, down, up } = around(
    new KeypadProcessor({ keypad, onEscalation: (decision: Escalation) => log.push(decision) }),
  );
  for (const key of '70#') fromAbove(new DigitFrame(key));
  assert.deepEqual([up.map(fieldsOf), log], [[{ kind: 'keyed-digits', digits: '70' }], []]);
  fromAbove(new DigitFrame('0'));
  assert.deepEqual(log, [{ trigger: 'keypad', reason: 'requested_human' }]);
  fromAbove(new DigitFrame('4'));
  fromAbove(new CancelFrame('bye'));
  clock.advance(10_000);
  assert.deepEqual([up.length, down.length, clock.timers], [1, 6, 0]);
});

test('tools: every call is answered, the built-in ones do something, and leaving stops the rest', async () => {
  const log: unknown[] = [];
  const clock = new FakeClock();
  const noted = defineTool({
    name: 'note',
    description: '',
    parameters: z.object({ text: z.string() }),
    filler: 'Noting.',
    run: ({ text }) => (text === 'hang' ? new Promise(() => undefined) : Promise.resolve({ noted: text })),
  });
  const context = (): { conversationId: string; callerNumber: string; log: Logger } => ({
    conversationId: 'c',
    callerNumber: '',
    log: pino({ level: 'silent' }),
  });
  const { fromAbove, up } = around(
    new ToolProcessor({
      watch: new EscalationWatch(),
      runner: new ToolRunner({ tools: [noted], clock, context }),
      endCallTool: 'end_call',
      onEscalation: (decision) => log.push(decision),
      onEndCall: () => log.push('end'),
      onFiller: (text) => log.push(text),
    }),
  );
  fromAbove(new ToolCallFrame('t1', 'transfer_to_human', { reason: 'billing' }));
  fromAbove(new ToolCallFrame('t2', 'end_call', {}));
  fromAbove(new ToolCallFrame('t3', 'format_disk', {}));
  fromAbove(new ToolCallFrame('t4', 'note', { text: 'milk' }));
  await new Promise((resolve) => setImmediate(resolve));
  fromAbove(new ToolCallFrame('t5', 'note', { text: 'hang' }));
  clock.advance(1000);
  fromAbove(new CancelFrame('bye'));
  clock.advance(60_000);
  assert.deepEqual(up.map(fieldsOf), [
    { kind: 'tool-result', toolCallId: 't1', output: { status: 'ok' } },
    { kind: 'tool-result', toolCallId: 't2', output: { status: 'ok' } },
    { kind: 'tool-result', toolCallId: 't3', output: { error: 'There is no tool named format_disk.' } },
    { kind: 'tool-result', toolCallId: 't4', output: { noted: 'milk' } },
  ]);
  assert.deepEqual(log, [{ trigger: 'tool', reason: 'billing' }, 'end', 'Noting.']);
});

test('transcript: turns are told when they are final, and again when they are cut; every frame passes', () => {
  const history = new History();
  const told: string[] = [];
  const { fromAbove, fromBelow, down, up } = around(
    new TranscriptProcessor(history, (turn) => told.push(`${turn.speaker}: ${turn.text}`)),
  );
  const frames = [
    new StartFrame(),
    new CallerTextFrame('c', 'hel', false),
    new CallerTextFrame('c', 'hello', true),
    new ModelTextFrame('r', 'i', 'one two '),
    new ModelTextFrame('r', 'i', 'three'),
    new ItemDoneFrame('r', 'i'),
    new ItemDoneFrame('r', 'silent'),
  ];
  for (const frame of frames) fromAbove(frame);
  assert.deepEqual(told, ['caller: hello', 'assistant: one two three']);
  const cut = new HeardFrame([{ itemId: 'i', heardMs: 60, sentMs: 100 }]);
  fromBelow(cut);
  assert.deepEqual(told.slice(2), ['assistant: one two']);
  assert.deepEqual([down, up], [frames, [cut]]);
});
