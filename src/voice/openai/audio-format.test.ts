import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AudioDecoder, encodeAudio } from '../../../sim/openai/audio-codec.js';
import { AudioChunk } from '../../audio/chunk.js';
import { mulawToPcm, pcmToMulaw } from '../../audio/g711.js';
import { rms } from '../../audio/level.js';
import { wireAudioFormat } from './audio-format.js';

const LINEAR = { type: 'audio/pcm', rate: 24_000 } as const;
const TONE = pcmToMulaw(Int16Array.from({ length: 8000 }, (_, n) => 8000 * Math.sin((2 * Math.PI * 440 * n) / 8000)));
const LEVEL = rms(mulawToPcm(TONE));

test('mu-law audio passes unchanged in both directions', () => {
  const format = wireAudioFormat('audio/pcmu');
  const chunk = AudioChunk.fromBase64('mulaw', 8000, '/38AEiM=');
  assert.equal(format.toModel(chunk), chunk);
  const back = format.fromModel('/38AEiM=');
  assert.deepEqual([back.encoding, back.sampleRateHz, back.base64], ['mulaw', 8000, '/38AEiM=']);
});

test("a service that speaks linear PCM gets the caller's audio frame by frame", () => {
  const format = wireAudioFormat('audio/pcm');
  const decoder = new AudioDecoder();
  const heard: number[] = [];
  for (let at = 0; at < TONE.length; at += 160) {
    const { bytes } = format.toModel(AudioChunk.fromBytes('mulaw', 8000, TONE.subarray(at, at + 160)));
    const sent = Buffer.from(bytes);
    assert.equal(sent.length, 960);
    heard.push(...decoder.decode(sent, LINEAR));
  }
  assert.equal(heard.length, TONE.length);
  assert.ok(Math.abs(rms(mulawToPcm(Uint8Array.from(heard.slice(100)))) / LEVEL - 1) < 0.02);
});

test('linear PCM of the service becomes mu-law, wherever its pieces are cut', () => {
  const wide = Buffer.from(encodeAudio(TONE, LINEAR), 'base64');
  for (const pieceBytes of [wide.length, 4801]) {
    const format = wireAudioFormat('audio/pcm');
    const heard: number[] = [];
    for (let at = 0; at < wide.length; at += pieceBytes) {
      const chunk = format.fromModel(wide.subarray(at, at + pieceBytes).toString('base64'));
      assert.deepEqual([chunk.encoding, chunk.sampleRateHz], ['mulaw', 8000]);
      heard.push(...chunk.bytes);
    }
    assert.equal(heard.length, TONE.length);
    assert.ok(Math.abs(rms(mulawToPcm(Uint8Array.from(heard.slice(100)))) / LEVEL - 1) < 0.02, `${pieceBytes}`);
  }
});
