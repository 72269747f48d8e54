import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerForModel } from './secret-answer.js';

const CARD = '4929123456781234';

test('a short text without digits of the secret is what the model is told', () => {
  assert.equal(answerForModel('accepted', CARD), 'accepted');
  assert.equal(answerForModel('  declined:\n the limit is 500  ', CARD), 'declined: the limit is 500');
  assert.equal(answerForModel(undefined, CARD), '');
  assert.equal(answerForModel(null, CARD), '');
});

test('four digits of the secret in a row are never told, however they are written', () => {
  for (const answer of [
    `card ${CARD}`,
    'ends in 1234',
    'ends in 1-2-3-4',
    'starts with 49 29',
    'is 4929 in all',
    '１２３４',
    '१२३४',
    '١٢٣٤',
    '¹²³⁴',
  ])
    assert.equal(answerForModel(answer, CARD), undefined, answer);
});

test('a secret of three digits is not told either', () => {
  assert.equal(answerForModel('the code 0 4 2 is wrong', '042'), undefined);
  assert.equal(answerForModel('the code is wrong, 04 tries are left', '042'), 'the code is wrong, 04 tries are left');
});

test('what is no short text is not told', () => {
  for (const answer of [{ accepted: true }, 7, ['accepted'], 'x'.repeat(201)])
    assert.equal(answerForModel(answer, CARD), undefined);
});
