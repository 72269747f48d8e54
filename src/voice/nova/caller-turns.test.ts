import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CallerTurns } from './caller-turns.js';

function open(): { turns: CallerTurns; told: string[] } {
  let ids = 0;
  const told: string[] = [];
  const turns = new CallerTurns({
    emit: (event) => told.push(event.type === 'caller-text' ? `${event.itemId} ${event.text}` : event.type),
    newId: (kind) => `${kind}${++ids}`,
    onSaid: () => told.push('(said)'),
  });
  return { turns, told };
}

describe('what the caller said to Nova', () => {
  it('is an utterance a block, its texts joined', () => {
    const { told, turns } = open();
    turns.started('a');
    turns.text('a', 'Where is');
    turns.text('a', ' my order? ');
    turns.ended('a');
    turns.started('b');
    turns.text('b', 'Hello?');
    assert.deepEqual(told, [
      '(said)',
      'caller-turn',
      'caller1 Where is',
      '(said)',
      'caller1 Where is my order?',
      '(said)',
      'caller-turn',
      'caller2 Hello?',
    ]);
  });

  it('is nothing when there are no words in it', () => {
    const { told, turns } = open();
    turns.started('a');
    turns.text('a', ' ');
    turns.text('unknown', 'Hello?');
    assert.deepEqual(told, []);
  });

  it('is not a text of ours that comes back before it is answered', () => {
    const { told, turns } = open();
    turns.textSent('Hello.');
    turns.started('a');
    turns.text('a', 'Hello.');
    assert.deepEqual(told, []);
    turns.text('a', 'Hello.');
    assert.equal(told.length, 3);
    turns.textSent('Again.');
    turns.answered();
    turns.started('b');
    turns.text('b', 'Again.');
    assert.equal(told.at(-1), 'caller2 Again.');
  });
});
