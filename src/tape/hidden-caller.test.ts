import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutCaller } from './hidden-caller.js';

test('a key of a secret is on the tape as a mask, and a key that ends it as it is', () => {
  const key = (digit: string): string =>
    `"message":{"event":"dtmf","streamSid":"MZ1","dtmf":{"track":"inbound_track","digit":"${digit}"}}}`;
  assert.equal(withoutCaller(key('7')), key('1'));
  assert.equal(withoutCaller(key('#')), key('#'));
  assert.equal(withoutCaller(key('*')), key('*'));
});

test('audio of a caller who types is silence of the same length', () => {
  const frame = Buffer.alloc(160, 0x12).toString('base64');
  const message = (payload: string): string =>
    `"message":{"event":"media","media":{"track":"inbound","payload":"${payload}"}}}`;
  assert.equal(withoutCaller(message(frame)), message(Buffer.alloc(160, 0xff).toString('base64')));
});

test('what is neither stays as it is, and what cannot be read is left out', () => {
  const mark = '"message":{"event":"mark","mark":{"name":"g0:1"}}}';
  assert.equal(withoutCaller(mark), mark);
  assert.equal(withoutCaller('"closed":1000,"reason":""}'), '"closed":1000,"reason":""}');
  assert.equal(withoutCaller('"message":{"digit":7]}'), '"message":"?"}');
});
