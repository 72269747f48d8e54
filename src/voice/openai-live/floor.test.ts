import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Floor } from './floor.js';

function open() {
  const ear = { isSpeaking: false, quietMs: 0 };
  const speech = { isSounding: false, quietMs: 0 };
  const state = { isPlaying: false, interruptions: 0 };
  const floor = new Floor({
    ear,
    speech,
    isPlaying: () => state.isPlaying,
    onInterruption: () => state.interruptions++,
  });
  const hear = (ms: number): void => {
    for (let at = 0; at < ms; at += 20) floor.heard(20);
  };
  return { ear, floor, hear, speech, state };
}

test('a GPT-Live that falls silent while the caller speaks was interrupted, and one that goes on was not', () => {
  const { ear, floor, hear, speech, state } = open();
  Object.assign(ear, { isSpeaking: true });
  Object.assign(state, { isPlaying: true });
  speech.isSounding = true;
  hear(2000);
  floor.modelSent();
  speech.quietMs = 200;
  floor.modelSent();
  assert.equal(state.interruptions, 0);
  speech.quietMs = 300;
  floor.modelSent();
  assert.equal(state.interruptions, 1);
});

test('a word of the caller in a pause of GPT-Live is no interruption, nor one whose end was before the pause', () => {
  const { ear, floor, hear, speech, state } = open();
  speech.isSounding = true;
  ear.isSpeaking = true;
  hear(400);
  speech.quietMs = 400;
  floor.modelSent();
  assert.equal(state.interruptions, 0);
  hear(400);
  ear.quietMs = 300;
  floor.modelSent();
  assert.equal(state.interruptions, 0);
});

test('a caller who speaks right after GPT-Live has not interrupted it', () => {
  const { ear, floor, hear, speech, state } = open();
  Object.assign(speech, { isSounding: true, quietMs: 300 });
  ear.isSpeaking = true;
  hear(700);
  speech.quietMs = 400;
  floor.modelSent();
  assert.equal(state.interruptions, 0);
});

test('a pause of GPT-Live is no interruption while the caller is silent', () => {
  const { ear, floor, speech, state } = open();
  ear.quietMs = Infinity;
  Object.assign(speech, { isSounding: true, quietMs: 700 });
  floor.modelSent();
  assert.equal(state.interruptions, 0);
});

test('a caller who speaks for a moment stops what is still playing when GPT-Live has nothing more to say', () => {
  const { ear, hear, state } = open();
  ear.isSpeaking = true;
  hear(1000);
  assert.equal(state.interruptions, 0);
  ear.isSpeaking = false;
  hear(20);
  state.isPlaying = true;
  ear.isSpeaking = true;
  hear(280);
  assert.equal(state.interruptions, 0);
  hear(20);
  assert.equal(state.interruptions, 1);
});
