import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Seal, drawKey, readKey } from './seal.js';

const plain = Buffer.from('Caller: my order has not come.');

test('sealed data opens for the same call, version and key, and for no other', () => {
  const key = drawKey();
  const seal = new Seal([key], 1);
  const sealed = seal.close(plain, 'CA1');
  assert.deepEqual(seal.open(sealed, 'CA1'), plain);
  assert.equal(seal.open(sealed, 'CA2'), 'damaged');
  assert.equal(new Seal([key], 2).open(sealed, 'CA1'), 'other_version');
  assert.equal(new Seal([drawKey()], 1).open(sealed, 'CA1'), 'unknown_key');
  assert.ok(!sealed.includes('order'));
  assert.notDeepEqual(seal.close(plain, 'CA1'), sealed, 'each time under another IV');
});

test('sealed data with any byte changed or cut off does not open', () => {
  const seal = new Seal([drawKey()], 1);
  const sealed = seal.close(plain, 'CA1');
  for (let place = 0; place < sealed.length; place++) {
    const changed = Buffer.from(sealed);
    changed[place] = (changed[place] ?? 0) ^ 1;
    assert.equal(typeof seal.open(changed, 'CA1'), 'string', `byte ${place}`);
    assert.equal(typeof seal.open(sealed.subarray(0, place), 'CA1'), 'string', `length ${place}`);
  }
});

test('data sealed with the old key still opens while keys are rotated', () => {
  const [old, fresh] = [drawKey(), drawKey()];
  const closedBefore = new Seal([old], 1).close(plain, 'CA1');
  const during = new Seal([fresh, old], 1);
  assert.deepEqual(during.open(closedBefore, 'CA1'), plain);
  assert.deepEqual(new Seal([fresh], 1).open(during.close(plain, 'CA1'), 'CA1'), plain);
});

test('a journal key is 32 bytes in hexadecimal or base64', () => {
  const bytes = Buffer.alloc(32, 0xfb);
  for (const text of [bytes.toString('hex'), bytes.toString('base64'), bytes.toString('base64url')]) {
    assert.deepEqual(readKey(text)?.export(), bytes, text);
  }
  for (const text of ['', 'secret', bytes.toString('hex').slice(2), Buffer.alloc(33).toString('base64')]) {
    assert.equal(readKey(text), undefined, text);
  }
});
