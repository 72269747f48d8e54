import assert from 'node:assert/strict';
import { test } from 'node:test';
import { candidateTokens, drawToken, tokenKey, whisperDigits } from './token.js';

const TOKEN = '4071829365';

test('a drawn token has ten digits, no digit twice in a row, and any digit at any position', () => {
  const seen = Array.from({ length: 10 }, () => new Set<string>());
  for (let draw = 0; draw < 500; draw++) {
    const token = drawToken();
    assert.match(token, /^\d{10}$/);
    assert.doesNotMatch(token, /(\d)\1/);
    Array.from(token).forEach((digit, position) => seen[position]?.add(digit));
  }
  for (const digits of seen) assert.equal(digits.size, 10);
});

test("a token's key depends on the pepper and does not show the token", () => {
  const key = tokenKey('pepper', TOKEN);
  assert.match(key, /^[0-9a-f]{64}$/);
  assert.notEqual(key, tokenKey('other', TOKEN));
  assert.ok(!key.includes(TOKEN));
});

test("the whisper plays the token twice and fits Twilio's limit of 32 digits", () => {
  assert.equal(whisperDigits(TOKEN), `wwww${TOKEN}#wwww${TOKEN}#`);
  assert.ok(whisperDigits(TOKEN).length <= 32);
});

const REPAIRED: readonly (readonly [what: string, input: string])[] = [
  ['are the clean token', TOKEN],
  ['have a doubled digit', '40718829365'],
  ['have a doubled first and last digit', '440718293655'],
  ['are both copies run together', `${TOKEN}${TOKEN}`],
  ['are both copies run together and the first has lost a digit', `407182936${TOKEN}`],
  ['are both copies run together and the second has lost a digit', `${TOKEN}407829365`],
  ['are both copies run together and one digit is doubled', `40711829365${TOKEN}`.slice(0, 20)],
  ['have a fragment before the clean copy', `365#${TOKEN}`],
  ['include the terminator', `${TOKEN}#`],
];

for (const [what, input] of REPAIRED) {
  test(`the token is among the candidates if the received digits ${what}`, () => {
    const candidates = candidateTokens(input);
    assert.ok(candidates.includes(TOKEN), candidates.join());
    assert.ok(candidates.length <= 3);
  });
}

test('two copies of a token that run together on the same digit are separated', () => {
  assert.ok(candidateTokens('40718293644071829364').includes('4071829364'));
});

test('input that cannot be a token yields no candidate', () => {
  for (const input of ['', 'Timeout', '407182936', '1111111111', '#', 'x'.repeat(10_000)]) {
    assert.deepEqual(candidateTokens(input), []);
  }
});
