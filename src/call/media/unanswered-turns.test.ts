import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Turn } from '../../voice/history.js';
import { UnansweredTurns } from './unanswered-turns.js';

const turn = (speaker: Turn['speaker'], text: string): Turn => ({ speaker, text, interrupted: false }) as Turn;

test('the assistant speaking on and on is noticed once, and only after the caller has said something before', () => {
  let reached = 0;
  const count = new UnansweredTurns({ limit: 3, onReached: () => reached++ });
  const speaks = (times: number): void => {
    for (let time = 0; time < times; time++) count.note(turn('assistant', 'Hello?'));
  };
  speaks(10);
  assert.equal(reached, 0, 'no words at all: the transcription may be missing');
  count.note(turn('caller', 'Where is my order?'));
  speaks(2);
  const cut = turn('assistant', 'One moment');
  count.note(turn('caller', '…'));
  count.note(cut);
  count.note(cut);
  assert.equal(reached, 1);
  speaks(10);
  assert.equal(reached, 1);
  count.answered();
  speaks(3);
  assert.equal(reached, 2);
  const off = new UnansweredTurns({ limit: 0, onReached: assert.fail });
  off.note(turn('caller', 'Hi.'));
  for (let time = 0; time < 50; time++) off.note(turn('assistant', 'Hello?'));
});
