import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type BriefingFacts, briefingForConnect, briefingOf, secondsOf } from './briefing.js';
import { BRIEFING_WORDS } from './briefing-words/index.js';
import { en } from './briefing-words/en.js';

const FACTS: BriefingFacts = { name: undefined, reason: 'billing', intent: 'billing', summary: undefined };
const LANGUAGES = Object.entries(BRIEFING_WORDS);
const summaryOf = (summary: string, name?: string): string => briefingOf({ ...FACTS, name, summary }, 'en');

describe('the briefing of a person who is about to take a call', () => {
  test('a briefing names the caller, what they want and the last open point of the summary', () => {
    const summary =
      'She wants a refund for a torn jacket. The assistant found the order. It explained the rules. Whether she gets the money back is still open.';
    assert.equal(
      summaryOf(summary, 'Anna Schmidt'),
      'Anna Schmidt: She wants a refund for a torn jacket. Whether she gets the money back is still open.',
    );
  });

  test('a summary that names the caller is not told the name twice', () => {
    assert.equal(summaryOf('Anna wants a refund.', 'Anna'), 'Anna wants a refund.');
  });

  test('without a summary a briefing has the reason, the topic if it adds something, and the name if it is known', () => {
    assert.equal(briefingOf(FACTS, 'en'), 'The caller has a question about a bill or a payment.');
    assert.equal(
      briefingOf({ ...FACTS, name: 'Anna', reason: 'requested_human', intent: 'returns' }, 'de'),
      'Anna: Jemand möchte mit einem Menschen sprechen. Es geht um eine Rückgabe.',
    );
    assert.equal(briefingOf({ ...FACTS, reason: undefined, intent: 'general' }, 'en'), `${en.unknown}.`);
  });

  test('a title is not the end of a sentence', () => {
    assert.equal(
      summaryOf('Mr. Jones asks for Dr. A. Lee. He waits.', undefined),
      'Mr. Jones asks for Dr. A. Lee. He waits.',
    );
  });

  test('a long summary is shortened to twelve seconds, at the end of a clause or of a word, and keeps the open point', () => {
    const long = `The caller wants to know why the parcel with the blue jacket was left in the rain, ${'and much more '.repeat(20)}.`;
    const said = summaryOf(`${long} The delivery of a new jacket is still open.`, 'Anna');
    assert.ok(secondsOf(said) <= 12, String(secondsOf(said)));
    assert.match(said, /left in the rain\. The delivery of a new jacket is still open\.$/);
  });

  test('an order, a card and a telephone number are left out, and small numbers are spoken', () => {
    const said = summaryOf(
      'Order 4711823 with 2 jackets for 49.90 is late; card 4111 1111 1111 1111, phone +49 (170) 123-4567, १२३४५६.',
    );
    assert.match(said, /with 2 jackets for 49\.90 is late/);
    assert.doesNotMatch(said, /4711|1111|170|4567|१/);
  });

  test('addresses and markup are left out', () => {
    assert.equal(
      summaryOf('Write <b>to</b> anna@example.com or see https://example.com/a?b=1 today.'),
      'Write b to /b or see today.',
    );
  });

  for (const [language, words] of LANGUAGES) {
    test(`every reason and topic has words in ${language}, within twelve seconds`, () => {
      assert.deepEqual(Object.keys(words.reasons), Object.keys(en.reasons));
      assert.deepEqual(Object.keys(words.topics), Object.keys(en.topics));
      for (const reason of Object.keys(words.reasons)) {
        for (const intent of Object.keys(words.topics)) {
          const said = briefingOf({ ...FACTS, name: 'Maria Hernandez Lopez', reason, intent }, language);
          assert.ok(secondsOf(said) <= 12, `${secondsOf(said)} s: ${said}`);
          assert.ok(said.includes(words.reasons[reason] ?? 'nothing'), said);
        }
      }
      assert.match(words.choice, /1.*2/);
    });
  }

  test('Connect is given printable ASCII, with the language to speak it in', () => {
    const german = { ...FACTS, name: 'Jürgen', summary: 'Er möchte sein Geld zurück.' };
    assert.deepEqual(briefingForConnect(german, 'de-AT'), {
      words: 'Jurgen: Er mochte sein Geld zuruck.',
      language: 'de-AT',
    });
    assert.deepEqual(briefingForConnect({ ...FACTS, name: 'अनीता', summary: 'उनका पैसा वापस चाहिए।' }, 'hi'), {
      words: 'The caller has a question about a bill or a payment.',
      language: 'en',
    });
    assert.equal(briefingForConnect(FACTS, 'ja').language, 'en');
  });
});
