import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fuzz } from '../../test/support/fuzz.js';
import { readFields } from './form.js';

// Beside malformed escapes, `URLSearchParams` of Node 20 loses text that is not ASCII, so that it is no model for both at once.
const PIECES = [
  'a',
  'B7',
  '=',
  '&',
  '+',
  '%',
  '%2',
  '%zz',
  '%4',
  '%41',
  '%26',
  '%3D',
  '%2B',
  '%25',
  '%00',
  '%ff',
  '%C3%A4',
  '%F0%9F',
];

test('any form of ASCII characters is read as the URL Standard reads it', () =>
  fuzz(
    fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }),
    (pieces) => {
      const text = pieces.join('');
      assert.deepEqual(readFields(Buffer.from(text)), [...new URLSearchParams(text)]);
    },
    {
      found: [
        ['%', '&', '%', '4'],
        ['=', '=', 'a'],
        ['+', '%', '2', '='],
        ['a', '%ff', '%41', '&', 'B7'],
      ],
    },
  ));

test('every form that was written is read again, escaped or not', () =>
  fuzz(
    fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })), { maxLength: 20 }),
    (fields) => {
      assert.deepEqual(readFields(Buffer.from(new URLSearchParams(fields).toString())), fields);
      const raw = fields.map(([name, value]) => `${plain(name)}=${plain(value)}`).join('&');
      assert.deepEqual(
        readFields(Buffer.from(raw)),
        fields.map(([name, value]) => [plain(name), plain(value)]),
      );
    },
  ));

/** Returns a text that needs no escapes. */
function plain(text: string): string {
  return `t${text.replace(/[=&+%]/g, '')}`;
}
