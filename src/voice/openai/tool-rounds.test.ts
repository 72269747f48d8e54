import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ToolRounds } from './tool-rounds.js';

function rounds(): { rounds: ToolRounds; complete: [string[], boolean][] } {
  const complete: [string[], boolean][] = [];
  return {
    rounds: new ToolRounds((outputs, wantsReply) => {
      complete.push([outputs.map(({ toolCallId, output }) => `${toolCallId}=${output}`), wantsReply]);
    }),
    complete,
  };
}

test('a round of tool calls asks for one reply, once the response is over and all results are there', () => {
  const { rounds: ledger, complete } = rounds();
  ledger.called('r1', 'c1');
  ledger.called('r1', 'c2');
  ledger.result('c2', 'two');
  ledger.responseDone('r1', 'completed', false);
  assert.deepEqual(complete, []);
  ledger.result('c1', 'one');
  assert.deepEqual(complete, [[['c2=two', 'c1=one'], true]]);
});

test('tool results that come at once wait for the end of their response', () => {
  const { rounds: ledger, complete } = rounds();
  ledger.called('r1', 'c1');
  ledger.result('c1', 'ok');
  assert.deepEqual(complete, []);
  ledger.responseDone('r1', 'completed', false);
  assert.deepEqual(complete, [[['c1=ok'], true]]);
});

test('tool results after a cancel or a failed response are only noted', () => {
  const { rounds: ledger, complete } = rounds();
  ledger.called('r1', 'c1');
  ledger.responseDone('r1', 'completed', false);
  ledger.abandon();
  ledger.result('c1', 'late');
  ledger.called('r2', 'c2');
  ledger.result('c2', 'x');
  ledger.responseDone('r2', 'failed', false);
  ledger.called('r3', 'c3');
  ledger.result('c3', 'y');
  ledger.responseDone('r3', 'completed', true);
  assert.deepEqual(complete, [
    [['c1=late'], false],
    [['c2=x'], false],
    [['c3=y'], false],
  ]);
});

test('an unknown tool result and a second one are ignored', () => {
  const { rounds: ledger, complete } = rounds();
  assert.equal(ledger.result('c9', 'x'), false);
  ledger.called('r1', 'c1');
  assert.equal(ledger.result('c1', 'x'), true);
  assert.equal(ledger.result('c1', 'x'), false);
  assert.deepEqual(complete, []);
});
