import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AudioChunk } from '../../audio/chunk.js';
import type { ResponseStatus, VoiceEvent } from '../session.js';
import { type Obligation, TurnState } from './turn-state.js';

type Step = (turnState: TurnState) => void;

const emits =
  (event: VoiceEvent): Step =>
  (turnState) =>
    turnState.note(event);
const chunk = AudioChunk.fromBytes('mulaw', 8000, new Uint8Array(160));
const asked: Step = (turnState) => turnState.asked();
const cancelled: Step = (turnState) => turnState.cancelled();
const lineAsked: Step = (turnState) => turnState.saying('s');
const toolAnswered: Step = (turnState) => void turnState.toolAnswered('t');
const callerTurn = emits({ type: 'caller-turn', itemId: 'c' });
const callerText = emits({ type: 'caller-text', itemId: 'c', text: 'Hello?', final: true });
const partialText = emits({ type: 'caller-text', itemId: 'c', text: 'Hel', final: false });
const begun = emits({ type: 'response-started', responseId: 'r', sayId: undefined });
const heard = emits({ type: 'audio', responseId: 'r', itemId: 'i', chunk });
const ended = (status: ResponseStatus): Step =>
  emits({ type: 'response-done', responseId: 'r', sayId: undefined, status });
const lineBegun = emits({ type: 'response-started', responseId: 'l', sayId: 's' });
const lineHeard = emits({ type: 'audio', responseId: 'l', itemId: 'j', chunk });
const lineEnded = emits({ type: 'response-done', responseId: 'l', sayId: 's', status: 'completed' });
const toolCalled = emits({ type: 'tool-call', toolCallId: 't', name: 'x', arguments: {} });

const cases: [title: string, steps: Step[], obligation: Obligation, isMidAnswer?: boolean][] = [
  ['a session that was asked for nothing owes nothing', [], 'none'],
  ['a model that was asked for something owes an answer', [asked], 'answer'],
  ["a caller's turn is owed an answer", [callerTurn], 'answer'],
  ["a caller's final text is owed an answer", [callerText], 'answer'],
  ["a caller's partial text is owed nothing", [partialText], 'none'],
  [
    'the late text of a turn that was answered is owed nothing',
    [callerTurn, begun, heard, ended('completed'), callerText],
    'none',
  ],
  ['a response without sound still owes the answer', [callerTurn, begun], 'answer'],
  ['an answer that can be heard owes its rest', [callerTurn, begun, heard], 'rest-of-answer', true],
  ['an answer that is complete owes nothing', [callerTurn, begun, heard, ended('completed')], 'none'],
  ['an answer that was interrupted owes nothing', [callerTurn, begun, heard, ended('cancelled')], 'none'],
  [
    'an answer that failed after its beginning was heard is broken',
    [callerTurn, begun, heard, ended('failed')],
    'broken-answer',
    true,
  ],
  ['a broken answer that is begun anew owes its rest', [begun, heard, ended('failed'), begun], 'rest-of-answer', true],
  [
    'a broken answer stays broken when its retry fails, too',
    [begun, heard, ended('failed'), begun, ended('failed')],
    'broken-answer',
    true,
  ],
  [
    'a retry that can be heard and completes repairs a broken answer',
    [begun, heard, ended('failed'), begun, heard, ended('completed')],
    'none',
  ],
  [
    'the next question after a broken answer owes an answer',
    [begun, heard, ended('failed'), callerTurn],
    'answer',
    true,
  ],
  ['a question that interrupts an answer owes another answer', [begun, heard, callerTurn], 'answer', true],
  ['an answer that failed before any sound is still owed', [callerTurn, begun, ended('failed')], 'answer'],
  ['an answer that the owner cancelled is not owed', [callerTurn, cancelled], 'none'],
  ['a cancelled response without sound owes its end', [callerTurn, begun, cancelled], 'speech'],
  ['a line that was asked for owes speech', [lineAsked], 'speech'],
  ['a line that can be heard owes speech, because it is no answer', [lineAsked, lineBegun, lineHeard], 'speech'],
  ['a line that was spoken owes nothing', [lineAsked, lineBegun, lineHeard, lineEnded], 'none'],
  ['a tool call owes the result of the tool', [callerTurn, begun, toolCalled, ended('completed')], 'tool'],
  ['a tool call in the middle of a sentence owes the result of the tool', [begun, heard, toolCalled], 'tool', true],
  ['a tool call comes before a line that was asked for', [toolCalled, lineAsked], 'tool'],
  ['a tool call comes before the next question', [toolCalled, callerTurn], 'tool'],
  ['a tool result owes an answer', [callerTurn, toolCalled, toolAnswered], 'answer'],
  ['the result of a tool that another session called owes nothing', [toolAnswered], 'none'],
];

for (const [title, steps, obligation, isMidAnswer = false] of cases)
  test(`what a session owes the caller: ${title}`, () => {
    const turnState = new TurnState();
    for (const step of steps) step(turnState);
    assert.equal(turnState.obligation, obligation);
    assert.equal(turnState.isMidAnswer, isMidAnswer);
  });
