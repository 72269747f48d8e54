import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fuzz } from '../../test/support/fuzz.js';
import { briefingForConnect, briefingOf, secondsOf } from './briefing.js';
import { BRIEFING_WORDS } from './briefing-words/index.js';

const TEXT = fc.string({ unit: 'binary', maxLength: 400 });

test('whatever a caller has said, a briefing has words, lasts twelve seconds at most and has no long number', async () => {
  const input = fc.record({
    name: fc.option(TEXT, { nil: undefined }),
    reason: fc.option(fc.oneof(fc.constantFrom('billing', 'constructor'), TEXT), { nil: undefined }),
    intent: fc.oneof(fc.constantFrom('returns', 'toString'), TEXT),
    summary: fc.option(fc.oneof(TEXT, fc.stringMatching(/^[\d .,@<>A-Za-z-]{0,400}$/)), { nil: undefined }),
    language: fc.constantFrom(...Object.keys(BRIEFING_WORDS)),
  });
  await fuzz(input, ({ language, ...facts }) => {
    const said = briefingOf(facts, language);
    assert.match(said, /\p{Letter}/u);
    assert.ok(secondsOf(said) <= 12.1, `${secondsOf(said)} s`);
    assert.doesNotMatch(said, /\p{Decimal_Number}{5}|[<>\p{Control}]/u);
    assert.match(briefingForConnect(facts, language).words, /^[\x20-\x7e]+$/);
  });
});
