import assert from 'node:assert/strict';
import { test } from 'node:test';
import { END, START, WORD, sentencesOf, spaced, upTo, wordsPattern } from './words.js';

test('different spellings of recognisers fold to the same words', () => {
  assert.equal(spaced("  Qu'est-ce QUE «l’œuvre»?! "), ' qu est ce que l oeuvre ');
  assert.equal(spaced('Möchte STRASSE'), spaced('mochte straße'));
  assert.equal(spaced('हूँ ज़रूर'), spaced('हूं जरूर'));
  assert.notEqual(spaced('कि'), spaced('की'), 'vowel signs stay');
  assert.equal(spaced('...'), ' ');
});

test('only the last 2000 characters of a text are matched', () => {
  const long = `${'word '.repeat(1000)}last`;
  assert.ok(spaced(long).length <= 2002 && spaced(long).endsWith(' last '));
  assert.ok(sentencesOf(long)[0]?.endsWith(' last '));
});

test('sentences end at punctuation of any script', () => {
  assert.deepEqual(sentencesOf('¿Sí? मुझे नहीं। no: yes…'), [' si ', spaced('मुझे नहीं'), ' no ', ' yes ']);
});

test('a pattern matches whole words of any script, and any ending of a word after "…"', () => {
  const matches = (source: string, text: string): boolean => wordsPattern([source]).test(spaced(text));
  assert.ok(matches('für', 'danke für alles') && !matches('für', 'fürs Erste'));
  assert.ok(matches('बात', 'से बात करनी') && !matches('बात', 'बातचीत'));
  assert.ok(matches('bestell…', 'meine Bestellung') && matches('bestell…', 'bestell'));
  assert.ok(matches(`${START}agent${END}`, 'Agent!') && !matches(`${START}agent`, 'an agent'));
  assert.ok(matches(`no${upTo(2, 'robot')} person`, 'no real human person'));
  assert.ok(!matches(`no${upTo(2, 'robot')} person`, 'no robot a person'));
  assert.ok(matches(`one ${WORD} three`, 'one दो three'));
});
