import { mulawToPcm, pcmToMulaw } from '../../src/audio/g711.js';
import { alawToPcm, pcmToAlaw } from './alaw.js';
import type { AudioFormat } from './session-schema.js';

/** Ratio of 24 kHz to 8 kHz. */
const RATIO = 3;
const BYTES_PER_PCM_SAMPLE = 2;

/**
 * Converts the client's audio to mu-law at 8 kHz, the simulator's internal format. Use one decoder for each stream,
 * because it keeps the samples left over when a chunk of 24 kHz audio is no multiple of three.
 */
export class AudioDecoder {
  private leftOver: number[] = [];

  decode(bytes: Uint8Array, format: AudioFormat): Uint8Array {
    switch (format.type) {
      case 'audio/pcmu':
        return bytes;
      case 'audio/pcma':
        return pcmToMulaw(alawToPcm(bytes));
      case 'audio/pcm':
        return pcmToMulaw(this.downsample(samplesOf(bytes)));
    }
  }

  private downsample(pcm: Int16Array): Int16Array {
    const samples = [...this.leftOver, ...pcm];
    const whole = Math.floor(samples.length / RATIO);
    this.leftOver = samples.slice(whole * RATIO);
    const output = new Int16Array(whole);
    for (let n = 0; n < whole; n++) {
      let sum = 0;
      for (let k = 0; k < RATIO; k++) sum += samples[n * RATIO + k] as number;
      output[n] = Math.round(sum / RATIO);
    }
    return output;
  }
}

/** Converts mu-law at 8 kHz to base64 in the session's format. */
export function encodeAudio(mulaw: Uint8Array, format: AudioFormat): string {
  switch (format.type) {
    case 'audio/pcmu':
      return Buffer.from(mulaw.buffer, mulaw.byteOffset, mulaw.byteLength).toString('base64');
    case 'audio/pcma':
      return Buffer.from(pcmToAlaw(mulawToPcm(mulaw))).toString('base64');
    case 'audio/pcm':
      return upsample(mulawToPcm(mulaw)).toString('base64');
  }
}

/** Whether audio of this format can have this size. */
export function isWholeSamples(sizeBytes: number, format: AudioFormat): boolean {
  return format.type !== 'audio/pcm' || sizeBytes % BYTES_PER_PCM_SAMPLE === 0;
}

function samplesOf(bytes: Uint8Array): Int16Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Int16Array.from({ length: bytes.length >> 1 }, (_, n) => view.getInt16(2 * n, true));
}

/** Triples the sample rate by linear interpolation. */
function upsample(pcm: Int16Array): Buffer {
  const output = Buffer.alloc(pcm.length * RATIO * BYTES_PER_PCM_SAMPLE);
  for (let n = 0; n < pcm.length; n++) {
    const from = pcm[n] as number;
    const to = pcm[n + 1] ?? from;
    for (let k = 0; k < RATIO; k++)
      output.writeInt16LE(Math.round(from + ((to - from) * k) / RATIO), (n * RATIO + k) * BYTES_PER_PCM_SAMPLE);
  }
  return output;
}
