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

describe('turns of the caller with Nova', () => {
  it('each text block of the caller is an utterance with its texts joined', () => {
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

  it('a text block of the caller without words is ignored', () => {
    const { told, turns } = open();
    turns.started('a');
    turns.text('a', ' ');
    turns.text('unknown', 'Hello?');
    assert.deepEqual(told, []);
  });

  it('a text of the session that Nova returns before its answer is ignored', () => {
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
