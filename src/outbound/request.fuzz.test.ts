import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fuzz, mangled, nearly } from '../../test/support/fuzz.js';
import { digestOf, readCallRequest } from './request.js';

const SECRET = 'secret-words';
const REQUEST = {
  to: '+12025550123',
  from: '+12065550199',
  assistant: 'clinic',
  context: { note: SECRET, deep: [{ a: null }] },
  time_zone: 'Europe/Berlin',
  consent: { basis: 'customer', reference: SECRET },
  machine: 'message',
};

test('whatever a body holds, it is read or refused, and what is said of it quotes nothing', async () => {
  await fuzz(mangled(nearly(REQUEST)), (text) => {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      return;
    }
    const read = readCallRequest(json);
    assert.match(digestOf(json), /^[0-9a-f]{64}$/);
    if (typeof read === 'string') assert.ok(!read.includes(SECRET) && read.length < 1000, read);
    else assert.ok(['talk', 'message', 'hangup'].includes(read.machine));
  });
});

test('the digest of a body does not depend on the order of its fields, and on everything else', async () => {
  const json = fc.jsonValue({ maxDepth: 4 });
  await fuzz(fc.tuple(json, json), ([a, b]) => {
    assert.equal(digestOf(a), digestOf(reversed(a)));
    const isSame = JSON.stringify(reversed(a)) === JSON.stringify(reversed(b));
    if (isSame) assert.equal(digestOf(a), digestOf(b));
    assert.notEqual(digestOf([a]), digestOf([a, b]));
    assert.notEqual(digestOf({ a }), digestOf({ b: a }));
  });
});

/** Returns the value with the fields of all its objects in the opposite order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, field]) => [name, reversed(field)]),
  );
}
