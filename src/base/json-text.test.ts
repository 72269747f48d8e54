import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseJson } from './json-text.js';

test('a key that is there twice, a byte-order mark and other text are told apart', () => {
  const twice = String.raw`{"a": 1, "\u0061": 2}`;
  for (const [text, expected] of [
    ['{"a": 1, "a": 2}', /^"a" is there twice$/],
    ['{"x": [{"b": {}}, {"c": 1, "c": 1}]}', /^"c" is there twice$/],
    [twice, /^"a" is there twice$/],
    ['\uFEFF{}', /byte-order mark/],
    ['\uFFFD\uFFFD{\u0000}', /byte-order mark/],
    ['{"a": }', /^it is not valid JSON$/],
    ['', /^it is not valid JSON$/],
  ] as const) {
    const problem = parseJson(text);
    assert.ok(typeof problem === 'string' && expected.test(problem), text);
  }
  assert.deepEqual(parseJson('{"a": {"a": ["a", "a", "a:"]}, "b": [{"a": 1}, {"a": 2}], "c": "\\"a\\":"}'), {
    value: { a: { a: ['a', 'a', 'a:'] }, b: [{ a: 1 }, { a: 2 }], c: '"a":' },
  });
});

test('every value that JSON can hold is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      assert.deepEqual(parseJson(text), { value: JSON.parse(text) });
    }),
  );
});
