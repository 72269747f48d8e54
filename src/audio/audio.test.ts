import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { AudioChunk } from './chunk.js';
import { mulawToFloat, mulawToPcm, pcmToMulaw } from './g711.js';
import { mulawRms, rms } from './level.js';
import { Downsampler, Upsampler, halve, resample } from './resample.js';
import { readTelephoneWav, readWav, writeWav } from './wav.js';

const ALL_BYTES = Uint8Array.from({ length: 256 }, (_, byte) => byte);

function tone(hz: number, rateHz: number, samples: number, amplitude = 8000): Int16Array {
  return Int16Array.from({ length: samples }, (_, n) =>
    Math.round(amplitude * Math.sin((2 * Math.PI * hz * n) / rateHz)),
  );
}

test('chunk: base64 and bytes convert to each other, and size and duration need no decoding', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const fromBytes = AudioChunk.fromBytes('mulaw', 8000, bytes);
      const fromBase64 = AudioChunk.fromBase64('mulaw', 8000, fromBytes.base64);
      assert.equal(fromBase64.sizeBytes, bytes.length);
      const { base64 } = fromBytes;
      const message = Buffer.from(`{${base64}}`);
      const inMessage = AudioChunk.fromMessage('mulaw', 8000, message, 1, 1 + base64.length);
      assert.equal(inMessage.sizeBytes, bytes.length);
      for (const chunk of [fromBytes, fromBase64, inMessage, AudioChunk.fromBytes('mulaw', 8000, bytes)]) {
        const written = Buffer.alloc(chunk.base64Length + 1, '.');
        chunk.writeBase64(written, 1);
        assert.equal(written.toString(), `.${base64}`);
        const raw = Buffer.alloc(bytes.length);
        chunk.copyTo(raw, 0);
        assert.deepEqual([...raw], [...bytes]);
      }
      assert.deepEqual([inMessage.base64, [...inMessage.bytes]], [base64, [...bytes]]);
      assert.equal(fromBytes.durationMs, bytes.length / 8);
      assert.deepEqual([...fromBase64.bytes], [...bytes]);
    }),
    { numRuns: 50 },
  );
  assert.equal(AudioChunk.fromBytes('pcm16', 8000, new Uint8Array(320)).durationMs, 20);
  const view = new Uint8Array([9, 1, 2, 9]).subarray(1, 3);
  assert.equal(AudioChunk.fromBytes('mulaw', 8000, view).base64, 'AQI=');
});

test('g711: every byte survives the conversion to PCM and back, except for minus zero', () => {
  const back = pcmToMulaw(mulawToPcm(ALL_BYTES));
  // 0x7f is minus zero and becomes plus zero.
  assert.deepEqual(
    [...back],
    [...ALL_BYTES].map((byte) => (byte === 0x7f ? 0xff : byte)),
  );
});

test('g711: known values are encoded exactly, and the error is at most half a step', () => {
  const known = [0xff, 0x7f, 0x00, 0x80];
  assert.deepEqual([...mulawToPcm(Uint8Array.from(known))], [0, 0, -32124, 32124]);
  assert.deepEqual([...pcmToMulaw(Int16Array.of(0, 32767, -32768, 32124, -32124))], [0xff, 0x80, 0x00, 0x80, 0x00]);
  for (let sample = -32768; sample <= 32767; sample += 7) {
    const heard = mulawToPcm(pcmToMulaw(Int16Array.of(sample)))[0] as number;
    // A step is a sixteenth of its segment. Clipping takes up to 643 more.
    assert.ok(
      Math.abs(heard - sample) <= Math.max(8, Math.abs(sample) / 32 + 8, Math.abs(sample) - 32124),
      `${sample} → ${heard}`,
    );
  }
  assert.deepEqual([...mulawToFloat(Uint8Array.of(0xff, 0x00))], [0, Math.fround(-32124 / 32768)]);
});

test('level: the level of silence and of no samples is 0, that of a square wave is its amplitude', () => {
  assert.equal(rms(new Int16Array(0)), 0);
  assert.equal(rms(Int16Array.of(1000, -1000, 1000)), 1000);
  assert.equal(mulawRms(new Uint8Array(160).fill(0xff)), 0);
  assert.ok(Math.abs(mulawRms(pcmToMulaw(tone(440, 8000, 8000))) - 8000 / Math.SQRT2) < 100);
});

test('upsampler: pieces of any length have the same output as the whole', () => {
  const pieces = fc.array(fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { maxLength: 90 }), { maxLength: 12 });
  fc.assert(
    fc.property(pieces, (cut) => {
      const whole = new Upsampler().push(Float32Array.from(cut.flat()));
      const upsampler = new Upsampler();
      const joined = cut.flatMap((piece) => [...upsampler.push(Float32Array.from(piece))]);
      assert.deepEqual(joined, [...whole]);
    }),
    { numRuns: 60 },
  );
});

test('upsampler: a tone keeps its pitch and amplitude', () => {
  const source = Float32Array.from(tone(1000, 8000, 4000), (sample) => sample / 8000);
  const wide = new Upsampler().push(source);
  assert.equal(wide.length, 8000);
  // The filter lags by 31 samples at 16 kHz.
  for (let n = 1000; n < 7000; n++) {
    const expected = Math.sin((2 * Math.PI * 1000 * (n - 31)) / 16000);
    assert.ok(Math.abs((wide[n] as number) - expected) < 0.01, `sample ${n}`);
  }
});

test('downsampler: pieces of any length have the same output as the whole, and a tone is kept', () => {
  const wide = tone(1000, 24_000, 12_000);
  const whole = new Downsampler(3).push(wide);
  const downsampler = new Downsampler(3);
  const joined: number[] = [];
  for (let at = 0, size = 1; at < wide.length; at += size, size = (size % 97) + 1) {
    joined.push(...downsampler.push(wide.subarray(at, at + size)));
  }
  assert.deepEqual(joined, [...whole]);
  assert.equal(whole.length, 4000);
  assert.ok(Math.abs(rms(whole.subarray(100)) - 8000 / Math.SQRT2) < 80);
  assert.ok(rms(new Downsampler(3).push(tone(6000, 24_000, 12_000)).subarray(100)) < 20);
});

test('a tone is the same after upsampling and downsampling by three', () => {
  const there = new Upsampler(3).push(Float32Array.from(tone(1000, 8000, 4000), (sample) => sample / 32768));
  const back = new Downsampler(3).push(Int16Array.from(there, (sample) => sample * 32768));
  // Both filters lag by 31 samples at 24 kHz.
  for (let n = 500; n < 3900; n++) {
    const expected = 8000 * Math.sin((2 * Math.PI * 1000 * (n - 62 / 3)) / 8000);
    assert.ok(Math.abs((back[n] as number) - expected) < 100, `sample ${n}: ${back[n]} ${expected}`);
  }
});

test('halving the sample rate keeps telephone frequencies and removes those that would alias into them', () => {
  const kept = halve(tone(1000, 16000, 16000));
  assert.equal(kept.length, 8000);
  assert.ok(Math.abs(rms(kept.subarray(100, 7900)) - 8000 / Math.SQRT2) < 80);
  assert.ok(rms(halve(tone(6000, 16000, 16000)).subarray(100, 7900)) < 20);
  assert.equal(halve(tone(1000, 16000, 7)).length, 3);
});

test('resampling from any rate keeps pitch and amplitude, and does not alias', () => {
  for (const fromHz of [11025, 16000, 22050, 44100, 48000]) {
    const down = resample(tone(800, fromHz, fromHz / 2), fromHz, 8000);
    assert.ok(Math.abs(down.length - 4000) <= 1, `${fromHz}: ${down.length}`);
    const expected = tone(800, 8000, 4000);
    for (let n = 200; n < 3800; n++) {
      assert.ok(Math.abs((down[n] as number) - (expected[n] as number)) < 200, `${fromHz}, sample ${n}`);
    }
    if (fromHz > 10_000 * 1.2) {
      assert.ok(
        rms(resample(tone(5000, fromHz, fromHz / 2), fromHz, 8000).subarray(200, 3800)) < 60,
        `${fromHz} folds`,
      );
    }
  }
  const same = tone(800, 8000, 10);
  assert.equal(resample(same, 8000, 8000), same);
});

test('wav: a mono or stereo file is read back as it was written', () => {
  const left = tone(500, 8000, 400);
  assert.deepEqual(readWav(writeWav([left], 8000)), { sampleRateHz: 8000, pcm: left });
  const right = Int16Array.from(left, (sample) => -sample);
  assert.ok(readWav(writeWav([left, right], 8000)).pcm.every((sample) => Math.abs(sample) <= 1));
  // A shorter channel is filled with silence.
  assert.equal(readWav(writeWav([left, right.subarray(0, 10)], 8000)).pcm[300], (left[300] as number) >> 1);
  assert.equal(readTelephoneWav(writeWav([tone(500, 16000, 800)], 16000)).length, 400);
});

/** Returns a WAV file of the given format around `data`, with an odd-sized chunk of another kind before it. */
function wavFile(
  tag: number,
  bits: number,
  channels: number,
  data: Uint8Array,
  options: { extensible?: boolean } = {},
): Buffer {
  const format = Buffer.alloc(options.extensible === true ? 40 : 16);
  format.writeUInt16LE(options.extensible === true ? 0xfffe : tag, 0);
  format.writeUInt16LE(channels, 2);
  format.writeUInt32LE(8000, 4);
  format.writeUInt16LE(bits, 14);
  if (options.extensible === true) format.writeUInt16LE(tag, 24);
  const chunk = (id: string, body: Uint8Array): Buffer => {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(body.length);
    return Buffer.concat([Buffer.from(id, 'latin1'), size, body, Buffer.alloc(body.length & 1)]);
  };
  const body = Buffer.concat([
    Buffer.from('WAVE'),
    chunk('LIST', Buffer.from('odd')),
    chunk('fmt ', format),
    chunk('data', data),
  ]);
  return chunk('RIFF', body);
}

function withRate(file: Buffer, sampleRateHz: number): Buffer {
  const changed = Buffer.from(file);
  changed.writeUInt32LE(sampleRateHz, file.indexOf('fmt ') + 12);
  return changed;
}

test('wav: files with 8-bit PCM, mu-law, the extensible header or unknown chunks are read', () => {
  assert.deepEqual([...readWav(wavFile(1, 8, 1, Uint8Array.of(128, 0, 255))).pcm], [0, -32768, 127 << 8]);
  assert.deepEqual([...readWav(wavFile(7, 8, 1, ALL_BYTES)).pcm], [...mulawToPcm(ALL_BYTES)]);
  assert.deepEqual([...readWav(wavFile(1, 16, 1, Uint8Array.of(1, 0, 255, 255), { extensible: true })).pcm], [1, -1]);
});

test('wav: a file that cannot be read is refused with the reason', () => {
  const good = wavFile(1, 16, 1, new Uint8Array(4));
  const cases: [Uint8Array, RegExp][] = [
    [new Uint8Array(0), /not a WAV/],
    [Buffer.from('RIFF....AVI LIST'), /not a WAV/],
    [good.subarray(0, 30), /no audio data/],
    [wavFile(3, 32, 1, new Uint8Array(4)), /format 3 with 32 bits/],
    [wavFile(1, 24, 1, new Uint8Array(6)), /format 1 with 24 bits/],
    [wavFile(1, 16, 6, new Uint8Array(12)), /6 channels/],
    [withRate(good, 0), /0 Hz/],
    [withRate(good, 0xffffffff), /4294967295 Hz/],
    [Buffer.concat([good.subarray(0, 12), Buffer.from('data\0\0\0\0')]), /no format before/],
  ];
  for (const [file, message] of cases) assert.throws(() => readWav(file), message);
});

test('wav: a file that ends early is read up to its end, and arbitrary bytes fail only with a plain error', () => {
  const whole = writeWav([tone(500, 8000, 100)], 8000);
  assert.equal(readWav(whole.subarray(0, 44 + 51)).pcm.length, 25);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(60), (noise, at) => {
      const file = Buffer.from(whole);
      file.set(noise.subarray(0, file.length - at), at);
      try {
        readWav(file);
      } catch (error) {
        assert.match((error as Error).message, /WAV file/);
      }
    }),
    { numRuns: 300 },
  );
});
