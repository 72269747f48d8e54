import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type GivenSignature,
  isSigned,
  readSignature,
  signatureOf,
  streamUrlVariants,
  webhookUrlVariants,
} from './signature.js';

// The example in Twilio's documentation and client libraries.
const TOKEN = '12345';
const SIGNED_URL = 'https://mycompany.com/myapp.php?foo=1&bar=2';
const SIGNATURE = 'RSOYDt4T1cUTdK1PDd93/VVr8B8=';
const FORM = {
  CallSid: 'CA1234567890ABCDE',
  Caller: '+14158675309',
  Digits: '1234',
  From: '+14158675309',
  To: '+18005551212',
};
/** Returns a signature as it arrives in a request's headers. */
const given = (signature: string | undefined, settings?: string): GivenSignature | undefined =>
  readSignature({
    ...(signature === undefined ? {} : { 'x-twilio-signature': signature }),
    ...(settings === undefined ? {} : { 'x-twilio-webhooks-signature-settings': settings }),
  });
const form = (fields: Record<string, string> = FORM): URLSearchParams => new URLSearchParams(fields);

test("the signature matches Twilio's published example", () => {
  assert.equal(signatureOf(TOKEN, SIGNED_URL, form()), SIGNATURE);
});

test('the signature does not depend on the order of fields, and repeated values count once', () => {
  const shuffled = new URLSearchParams(Object.entries(FORM).toReversed());
  shuffled.append('Digits', '1234');
  assert.equal(signatureOf(TOKEN, SIGNED_URL, shuffled), SIGNATURE);
  const two = new URLSearchParams('A=2&A=1');
  assert.equal(signatureOf(TOKEN, SIGNED_URL, two), signatureOf(TOKEN, `${SIGNED_URL}A1A2`, undefined));
});

test('signed fields sort by code unit, so capitals come before small letters', () => {
  assert.equal(
    signatureOf(TOKEN, SIGNED_URL, new URLSearchParams('a=1&B=2&_=3')),
    signatureOf(TOKEN, `${SIGNED_URL}B2_3a1`, undefined),
  );
});

test('a valid signature is accepted under any of the tokens and any of the URLs', () => {
  assert.ok(isSigned(given(SIGNATURE), [TOKEN], [SIGNED_URL], form()));
  assert.ok(isSigned(given(SIGNATURE), ['next', TOKEN], ['https://elsewhere.example/', SIGNED_URL], form()));
});

test('a signature is refused if it is missing, wrong, cut, or made for other tokens, URLs or fields', () => {
  for (const wrong of [
    undefined,
    '',
    SIGNATURE.slice(0, -1),
    `${SIGNATURE} `,
    SIGNATURE.toLowerCase(),
    'ä'.repeat(14),
  ]) {
    assert.ok(!isSigned(given(wrong), [TOKEN], [SIGNED_URL], form()), String(wrong));
  }
  assert.ok(!isSigned(given(SIGNATURE), ['54321'], [SIGNED_URL], form()));
  assert.ok(!isSigned(given(SIGNATURE), [], [SIGNED_URL], form()));
  assert.ok(!isSigned(given(SIGNATURE), [TOKEN], [], form()));
  assert.ok(!isSigned(given(SIGNATURE), [TOKEN], [`${SIGNED_URL}&baz=3`], form()));
  assert.ok(!isSigned(given(SIGNATURE), [TOKEN], [SIGNED_URL]));
  assert.ok(!isSigned(given(SIGNATURE), [TOKEN], [SIGNED_URL], form({ ...FORM, Digits: '1235' })));
  assert.ok(!isSigned(given(SIGNATURE), [TOKEN], [SIGNED_URL], form({ ...FORM, Extra: '' })));
});

test('a webhook may be signed with the port, without it, or with 443', () => {
  assert.deepEqual(webhookUrlVariants('h.example', '/twilio/voice?x=%2F'), [
    'https://h.example/twilio/voice?x=%2F',
    'https://h.example:443/twilio/voice?x=%2F',
  ]);
  assert.deepEqual(webhookUrlVariants('h.example:8443', '/v'), [
    'https://h.example:8443/v',
    'https://h.example/v',
    'https://h.example:443/v',
  ]);
  assert.ok(webhookUrlVariants('[::1]:8000', '/v').includes('https://[::1]/v'));
});

test('a host that is an IPv6 address without a port keeps its whole address', () => {
  assert.deepEqual(webhookUrlVariants('[2001:db8::1]', '/v'), [
    'https://[2001:db8::1]/v',
    'https://[2001:db8::1]:443/v',
  ]);
});

test('a stream may be signed as wss with or without a final slash', () => {
  assert.deepEqual(streamUrlVariants('h.example', '/s'), [
    'wss://h.example/s',
    'wss://h.example/s/',
    'wss://h.example:443/s',
    'wss://h.example:443/s/',
  ]);
  const slashed = signatureOf(TOKEN, 'wss://h.example/s/', undefined);
  assert.ok(isSigned(given(slashed), [TOKEN], streamUrlVariants('h.example:8000', '/s')));
});

/** A form that counts how it is read. */
class CountedForm extends URLSearchParams {
  passes = 0;
  lookUps = 0;

  override [Symbol.iterator](): ReturnType<URLSearchParams['entries']> {
    this.passes++;
    return super[Symbol.iterator]();
  }
  override entries(): ReturnType<URLSearchParams['entries']> {
    this.passes++;
    return super.entries();
  }
  override keys(): ReturnType<URLSearchParams['keys']> {
    this.passes++;
    return super.keys();
  }
  override get(name: string): string | null {
    this.lookUps++;
    return super.get(name);
  }
  override getAll(name: string): string[] {
    this.lookUps++;
    return super.getAll(name);
  }
}

test('a form is read once for its signature, whatever the number of fields, keys and URLs', () => {
  const many = new CountedForm(Array.from({ length: 5000 }, (_, index) => `n${index}=`).join('&'));
  assert.ok(!isSigned(given(SIGNATURE), ['a', 'b', 'c'], ['https://x.example/', 'https://y.example/'], many));
  assert.deepEqual([many.passes, many.lookUps], [1, 0]);
});

test('a form whose signature is missing or malformed is not read at all', () => {
  const many = new CountedForm('a=1&b=2');
  for (const malformed of [undefined, '', 'not-base64', `${SIGNATURE}, ${SIGNATURE}`, 'A'.repeat(10_000)])
    assert.ok(!isSigned(given(malformed), [TOKEN], [SIGNED_URL], many));
  assert.equal(many.passes, 0);
});
