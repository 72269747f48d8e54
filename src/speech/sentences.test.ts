import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { piecesOf, SentenceSplitter, sentencesOf } from './sentences.js';

describe('sentences', () => {
  it('sentences are split at their end, and not at an abbreviation or a decimal point', () => {
    assert.deepEqual(sentencesOf('Ask Dr. Smith. It costs 4.50 dollars! *Really?* Yes'), [
      'Ask Dr. Smith.',
      'It costs 4.50 dollars!',
      'Really?',
      'Yes',
    ]);
  });

  it('sentences are returned as soon as they are complete', () => {
    const splitter = new SentenceSplitter();
    assert.deepEqual(splitter.push('One. Tw'), ['One.']);
    assert.deepEqual(splitter.push('o.'), []);
    assert.deepEqual(splitter.push(' Three'), ['Two.']);
    assert.deepEqual(splitter.flush(), ['Three']);
  });

  it('a run of sixty thousand full stops is read in linear time', () => {
    const splitter = new SentenceSplitter();
    const from = performance.now();
    assert.deepEqual(splitter.push('Yes' + '.'.repeat(60_000)), ['Yes' + '.'.repeat(39)]);
    assert.deepEqual(splitter.push(' No'), []);
    assert.deepEqual(splitter.flush(), ['No']);
    const tookMs = performance.now() - from;
    assert.ok(tookMs < 2000, `${tookMs} ms`);
  });

  it('sentences end at the stops of every script', () => {
    assert.deepEqual(sentencesOf('你好。今天「怎么样？」很好！'), ['你好。', '今天「怎么样？」', '很好！']);
    assert.deepEqual(sentencesOf('मैं ठीक हूँ। और आप? अच्छा'), ['मैं ठीक हूँ।', 'और आप?', 'अच्छा']);
    assert.deepEqual(sentencesOf('كيف حالك؟ بخير۔ نعم'), ['كيف حالك؟', 'بخير۔', 'نعم']);
  });

  it('a sentence without an end is cut at a clause or a word, and text without spaces anywhere', () => {
    const clauses = sentencesOf('first this and then that and so on, '.repeat(500));
    assert.ok(clauses.every((piece) => piece.length <= 200 && piece.endsWith(',')));
    assert.equal(clauses.join(' '), 'first this and then that and so on, '.repeat(500).trim());
    const words = sentencesOf('word '.repeat(4000));
    assert.ok(words.every((piece) => piece.length <= 200 && piece.endsWith('word')));
    const letters = sentencesOf('a'.repeat(20_000));
    assert.ok(letters.every((piece) => piece.length <= 200));
    assert.equal(letters.join('').length, 20_000);
    const syllables = sentencesOf('好'.repeat(1000));
    assert.ok(syllables.every((piece) => piece.length <= 70));
    assert.equal(syllables.join(''), '好'.repeat(1000));
  });

  it('what is read out letter by letter or as words is cut sooner', () => {
    for (const text of ['7'.repeat(500), 'WXYZ '.repeat(200), '% 7 '.repeat(200)])
      for (const piece of sentencesOf(text)) assert.ok(piece.length <= 70, piece);
  });

  it('a short text is synthesised whole, and a long one in pieces up to a limit', () => {
    assert.deepEqual(piecesOf('One. Two.'), ['One. Two.']);
    const pieces = piecesOf('One and two. '.repeat(1000));
    assert.equal(pieces[0], 'One and two.');
    assert.ok(pieces.join(' ').length <= 5000);
  });
});
