import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { VoiceChoice } from './voice-choice.js';

const ENGLISH = { rate: 1, voice: 'slt', language: 'en-US' } as const;

function choose(own: () => Promise<Uint8Array>) {
  const clock = new FakeClock();
  let asked = 0;
  const choice = new VoiceChoice({
    own: () => {
      asked++;
      return own();
    },
    embedded: () => Promise.resolve(new Uint8Array(1)),
    clock,
  });
  return { choice, clock, asked: () => asked };
}

test('the embedded voice stands in for a voice of the operator that fails or says nothing, and the own one rests', async () => {
  for (const own of [() => Promise.reject(new Error('down')), () => Promise.resolve(new Uint8Array(0))]) {
    const { asked, choice, clock } = choose(own);
    assert.deepEqual(await choice.speak('Hello.', ENGLISH), { mulaw: new Uint8Array(1), isFallback: true });
    clock.advance(29_999);
    await choice.speak('Hello.', ENGLISH);
    assert.equal(asked(), 1);
    clock.advance(1);
    await choice.speak('Hello.', ENGLISH);
    assert.equal(asked(), 2);
  }
});

test('the embedded voice does not read out a language that it cannot speak', async () => {
  const { asked, choice } = choose(() => Promise.reject(new Error('down')));
  for (const _ of [1, 2]) await assert.rejects(choice.speak('Hallo.', { ...ENGLISH, language: 'de-DE' }), /down/);
  assert.equal(asked(), 2);
});

test('a voice of the operator that works is the only one that speaks', async () => {
  const { choice } = choose(() => Promise.resolve(new Uint8Array(2)));
  const spoken = await choice.speak('Hallo.', { ...ENGLISH, language: 'de-DE' });
  assert.deepEqual(spoken, { mulaw: new Uint8Array(2), isFallback: false });
});
