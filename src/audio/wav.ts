import { mulawToPcm } from './g711.js';
import { resample } from './resample.js';

/** WAVE format tags (RFC 2361). */
const PCM = 1;
const MULAW = 7;
const EXTENSIBLE = 0xfffe;

export interface Recording {
  sampleRateHz: number;
  /** Mono. For a stereo file, the mean of both channels. */
  pcm: Int16Array;
}

/**
 * Reads a WAV file: 8- or 16-bit PCM or mu-law, mono or stereo, any rate.
 * @throws Error with one sentence that says why the file cannot be read
 */
export function readWav(file: Uint8Array): Recording {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (bytes.length < 12 || bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE') {
    throw new Error('This is not a WAV file (no RIFF/WAVE header).');
  }
  let format: { tag: number; channels: number; sampleRateHz: number; bits: number } | undefined;
  for (let at = 12; at + 8 <= bytes.length;) {
    const id = bytes.toString('latin1', at, at + 4);
    const size = bytes.readUInt32LE(at + 4);
    const body = bytes.subarray(at + 8, at + 8 + size);
    if (id === 'fmt ' && body.length >= 16) {
      const tag = body.readUInt16LE(0);
      format = {
        tag: tag === EXTENSIBLE && body.length >= 26 ? body.readUInt16LE(24) : tag,
        channels: body.readUInt16LE(2),
        sampleRateHz: body.readUInt32LE(4),
        bits: body.readUInt16LE(14),
      };
    }
    if (id === 'data') {
      if (format === undefined) throw new Error('This WAV file has no format before its data.');
      if (format.sampleRateHz < 1000 || format.sampleRateHz > 384_000) {
        throw new Error(`This WAV file claims a rate of ${format.sampleRateHz} Hz; 1000 to 384000 can be read.`);
      }
      return { sampleRateHz: format.sampleRateHz, pcm: toMono(decode(body, format.tag, format.bits), format.channels) };
    }
    at += 8 + size + (size & 1);
  }
  throw new Error('This WAV file has no audio data.');
}

function decode(body: Buffer, tag: number, bits: number): Int16Array {
  if (tag === MULAW && bits === 8) return mulawToPcm(body);
  if (tag === PCM && bits === 8) return Int16Array.from(body, (byte) => (byte - 128) << 8);
  if (tag === PCM && bits === 16) {
    const pcm = new Int16Array(body.length >> 1);
    for (let i = 0; i < pcm.length; i++) pcm[i] = body.readInt16LE(2 * i);
    return pcm;
  }
  throw new Error(`This WAV file holds format ${tag} with ${bits} bits; 8- or 16-bit PCM and mu-law can be read.`);
}

function toMono(samples: Int16Array, channels: number): Int16Array {
  if (channels === 1) return samples;
  if (channels !== 2) throw new Error(`This WAV file has ${channels} channels; mono and stereo can be read.`);
  const mono = new Int16Array(samples.length >> 1);
  for (let i = 0; i < mono.length; i++) mono[i] = ((samples[2 * i] as number) + (samples[2 * i + 1] as number)) >> 1;
  return mono;
}

/** Reads a WAV file as telephone audio: 16-bit samples at 8 kHz. */
export function readTelephoneWav(file: Uint8Array): Int16Array {
  const { pcm, sampleRateHz } = readWav(file);
  return resample(pcm, sampleRateHz, 8000);
}

/** Returns a 16-bit PCM WAV file with `channels` interleaved. Shorter channels are filled with silence. */
export function writeWav(channels: readonly Int16Array[], sampleRateHz: number): Buffer {
  const length = Math.max(0, ...channels.map((channel) => channel.length));
  const dataBytes = length * channels.length * 2;
  const file = Buffer.alloc(44 + dataBytes);
  file.write('RIFF', 0);
  file.writeUInt32LE(36 + dataBytes, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(PCM, 20);
  file.writeUInt16LE(channels.length, 22);
  file.writeUInt32LE(sampleRateHz, 24);
  file.writeUInt32LE(sampleRateHz * channels.length * 2, 28);
  file.writeUInt16LE(channels.length * 2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36);
  file.writeUInt32LE(dataBytes, 40);
  let at = 44;
  for (let i = 0; i < length; i++) {
    for (const channel of channels) at = file.writeInt16LE(channel[i] ?? 0, at);
  }
  return file;
}
