import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sayLanguage } from './say-language.js';

test('a BCP 47 tag becomes the nearest language that Twilio speaks, or none', () => {
  for (const [tag, language] of [
    ['en-US', 'en-US'],
    ['en', 'en-US'],
    ['en-IE', 'en-US'],
    ['en-gb', 'en-GB'],
    ['de-CH', 'de-DE'],
    ['fr-CA', 'fr-CA'],
    ['es-US', 'es-ES'],
    ['es-419', 'es-ES'],
    ['pt', 'pt-BR'],
    ['pt-PT', 'pt-PT'],
    ['hi', 'hi-IN'],
    ['zh-Hant-TW', 'zh-TW'],
    ['el-GR', undefined],
    ['e', undefined],
    ['', undefined],
  ] as const) {
    assert.equal(sayLanguage(tag), language, tag);
  }
});
