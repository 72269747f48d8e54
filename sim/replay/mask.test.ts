import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mulawRms } from '../../src/audio/level.js';
import { humanListener } from '../../src/escalation/asks-for-human.js';
import { topicOf } from '../../src/escalation/topics.js';
import { Mask } from './mask.js';
import { publicWords } from './public-words.js';
import { mulawTone, pcmTone } from './tones.js';

const isPublic = publicWords();

test('the words of the phrase lists of every language are public, and names and other words are not', () => {
  for (const word of 'speak human agent agents advisor representative please don’t refund Mensch Mitarbeiter parler conseiller'.split(
    ' ',
  ))
    assert.ok(isPublic(word), word);
  for (const word of ['Miller', 'Maria', 'Springfield', 'Wednesday', 'mortgage', '4711'])
    assert.ok(!isPublic(word), word);
});

test('what a caller says asks for a human, or names its topic, also when it is masked', () => {
  const mask = new Mask(isPublic);
  for (const [said, language] of [
    ["Maria Miller here, I don't want a robot, I want to speak to a human agent.", 'en'],
    ['Ich möchte mit einem Menschen sprechen, mein Name ist Schmidt.', 'de'],
    ['Je voudrais parler à un conseiller, monsieur Dupont.', 'fr'],
  ] as const) {
    const masked = mask.text(said);
    assert.ok(humanListener([language])(said), said);
    assert.ok(humanListener([language])(masked), masked);
    assert.ok(!/Miller|Maria|Schmidt|Dupont/.test(masked), masked);
  }
  const masked = mask.text('My invoice from Springfield is wrong.');
  assert.equal(topicOf([masked]), 'billing');
  assert.ok(!masked.includes('Springfield'));
});

test('a mask keeps the length, the same word keeps its mask, and digits become zeros', () => {
  const mask = new Mask(isPublic);
  const text = 'Miller, number 4711. Miller!';
  const masked = mask.text(text);
  assert.equal(masked.length, text.length);
  const [first, second] = masked.match(/[A-Z][a-z]{5}/g) ?? [];
  assert.equal(first, second);
  assert.match(masked, /0000/);
  assert.notEqual(new Mask(isPublic).text('Miller'), first);
});

test('numbers and ids become others, each the same throughout, and a withheld number stays what it is', () => {
  const mask = new Mask(isPublic);
  const sid = `CA${'a1'.repeat(16)}`;
  const masked = mask.ids(`${sid} +12025550123 +493012345678 ${sid} +266696687`);
  assert.match(masked, /^CA0{31}1 \+12000000001 \+120000000002 CA0{31}1 \+266696687$/);
});

test('a voice becomes a tone that is as long and, in every frame, as loud', () => {
  const mulaw = Buffer.from(Array.from({ length: 800 }, (_, at) => (at < 400 ? 0xff : (at * 37) % 256)));
  const tone = Buffer.from(mulawTone(mulaw.toString('base64')), 'base64');
  assert.equal(tone.length, mulaw.length);
  for (let start = 0; start < 800; start += 160) {
    const [before, after] = [mulaw, tone].map((audio) => mulawRms(audio.subarray(start, start + 160)));
    assert.ok(Math.abs((before ?? 0) - (after ?? 0)) <= 0.05 * (before ?? 0) + 8, `${before} and ${after} at ${start}`);
  }
  const kept = mulaw.subarray(400).filter((byte, at) => byte === tone[400 + at]).length;
  assert.ok(kept < 40, `${kept} of 400 samples are those of the voice`);
  assert.equal(Buffer.from(pcmTone(Buffer.alloc(960).toString('base64'), 24_000), 'base64').length, 960);
});
