import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import type { CarrierCallEvents } from '../twilio/carrier-call.js';
import { StereoRecording } from './stereo-recording.js';

const LOUD = new Uint8Array(160).fill(0x10);

/** Returns which side has sound in each 100 ms: `l` left, `r` right, `b` both, `.` none. */
function sound(wav: Buffer): string {
  assert.deepEqual(
    [wav.readUInt16LE(20), wav.readUInt16LE(22), wav.readUInt32LE(24), wav.readUInt16LE(34)],
    [1, 2, 8000, 16],
  );
  const bytes = wav.subarray(44);
  let text = '';
  for (let at = 0; at < bytes.length; at += 800 * 4) {
    const heard = [false, false];
    for (let sample = at; sample < Math.min(at + 800 * 4, bytes.length); sample += 4)
      for (const side of [0, 1]) if (Math.abs(bytes.readInt16LE(sample + 2 * side)) > 200) heard[side] = true;
    text += heard[0] === true ? (heard[1] === true ? 'b' : 'l') : heard[1] === true ? 'r' : '.';
  }
  return text;
}

test('a stereo recording has the caller on the left and what answers on the right, each at its time', () => {
  const call = new EventEmitter<CarrierCallEvents>();
  const clock = new FakeClock();
  const recording = new StereoRecording(call, clock);
  clock.advance(100);
  for (let frames = 0; frames < 10; frames++) {
    call.emit('heard', LOUD);
    clock.advance(20);
  }
  recording.put('caller', new Uint8Array(1600).fill(0x10));
  clock.advance(100);
  // Late frames follow the ones before without a gap.
  clock.advance(100);
  for (let frames = 0; frames < 10; frames++) call.emit('heard', LOUD);
  assert.equal(sound(recording.wav()), '.rrbb');
});

test('a stereo recording has a ringing tone from the dial until somebody speaks or the dial ends', () => {
  for (const [ends, expected] of [
    ['speaks', `${'.'.repeat(5)}${'r'.repeat(20)}${'.'.repeat(5)}rr`],
    ['ends', `${'.'.repeat(5)}${'r'.repeat(20)}${'.'.repeat(5)}`],
  ] as const) {
    const call = new EventEmitter<CarrierCallEvents>();
    const clock = new FakeClock();
    const recording = new StereoRecording(call, clock);
    clock.advance(500);
    call.emit('dial-started', '+12065550100');
    clock.advance(2500);
    if (ends === 'speaks') recording.put('assistant', new Uint8Array(1600).fill(0x10));
    else call.emit('dial-ended', 'no-answer', false);
    clock.advance(3000);
    assert.equal(sound(recording.wav()), expected);
  }
});
