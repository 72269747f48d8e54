import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Reason } from '../escalation/escalation.js';
import { topicOf } from '../escalation/topics.js';
import { languageInWords, reasonInWords } from './agent-words.js';

/** Every reason of an escalation. The type makes a missing one an error of the type check. */
const REASONS: Record<Reason, true> = {
  requested_human: true,
  not_understood: true,
  assistant_failed: true,
  complaint: true,
  billing: true,
  order: true,
  returns: true,
  technical: true,
  account: true,
  sales: true,
  other: true,
  angry_caller: true,
  caller_silent: true,
  call_limit: true,
  stopping: true,
  put_through: true,
};

test('every reason for a handover has words for the agent, and no identifier among them', () => {
  for (const reason of Object.keys(REASONS)) {
    const words = reasonInWords(reason, 'general');
    assert.match(words, /^The (?:caller|assistant|call) [^_]+\.$/, reason);
    assert.doesNotMatch(words, /The reason is/, reason);
  }
});

test('the words of a reason name the topic of the call, unless the reason names it', () => {
  const topic = topicOf(['I was charged twice']);
  assert.equal(reasonInWords('requested_human', topic), 'The caller asked for a person, about a bill or a payment.');
  assert.equal(reasonInWords('billing', 'billing'), 'The caller has a question about a bill or a payment.');
  assert.equal(reasonInWords('requested_human', 'general'), 'The caller asked for a person.');
});

test('a reason that the words do not know is told as it is, without underscores, and none as not known', () => {
  assert.equal(reasonInWords('too_many_cats', ''), 'The reason is too many cats.');
  assert.equal(reasonInWords('', ''), 'The reason is not known.');
  assert.equal(reasonInWords('toString', 'constructor'), 'The reason is toString.');
});

test('a language tag becomes the English name of the language, and any other text stays', () => {
  for (const [tag, name] of [
    ['de-DE', 'German (Germany)'],
    ['en-US', 'American English'],
    ['hi', 'Hindi'],
    ['unknown', 'unknown'],
    ['not a tag', 'not a tag'],
    ['', ''],
  ] as const)
    assert.equal(languageInWords(tag), name, tag);
});
