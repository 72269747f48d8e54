import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countSeparators, readFields } from './form.js';

const read = (body: string, encoding?: BufferEncoding): [string, string][] => readFields(Buffer.from(body, encoding));

test('names and values are decoded, in their order, and repeated', () => {
  assert.deepEqual(read('From=%2B12025550123&City=NEW+YORK&a=1&a=2&Name=J%C3%B6rg'), [
    ['From', '+12025550123'],
    ['City', 'NEW YORK'],
    ['a', '1'],
    ['a', '2'],
    ['Name', 'Jörg'],
  ]);
});

test('a field without a value, without a name or with several equals signs is read', () => {
  assert.deepEqual(read('&&a&=b&c==d=&&'), [
    ['a', ''],
    ['', 'b'],
    ['c', '=d='],
  ]);
  assert.deepEqual(read(''), []);
});

test('malformed escapes stay as they are, and malformed UTF-8 is replaced without harm to what is beside it', () => {
  assert.deepEqual(read('a=100%&b=%zz%4&c=%4'), [
    ['a', '100%'],
    ['b', '%zz%4'],
    ['c', '%4'],
  ]);
  assert.deepEqual(read('a=ä%ff%C3%B6&%ff=x'), [
    ['a', 'ä\ufffdö'],
    ['\ufffd', 'x'],
  ]);
  assert.deepEqual(read('a=\xff\xe4', 'latin1'), [['a', '\ufffd\ufffd']]);
});

test('separators are counted up to a limit', () => {
  const count = (text: string): number => countSeparators(Buffer.from(text), 3);
  assert.deepEqual(['', 'a=1', 'a&b', '&&', '&&&', '&&&&&&'].map(count), [0, 0, 1, 2, 3, 3]);
});
