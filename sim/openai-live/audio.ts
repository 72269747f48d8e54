import { mulawToPcm, pcmToMulaw } from '../../src/audio/g711.js';
import { AudioDecoder, encodeAudio, isWholeSamples } from '../openai/audio-codec.js';
import { type Checked, accepted, refused } from '../openai/wire.js';
import type { LiveFormat } from './settings.js';

/** Decodes a client's audio to mu-law at 8 kHz, the simulator's internal format. */
export class LiveDecoder {
  private readonly decoder = new AudioDecoder();

  decode(base64: string, format: LiveFormat): Checked<Uint8Array> {
    const bytes = Buffer.from(base64, 'base64');
    if (bytes.length === 0 || bytes.toString('base64') !== base64)
      return refused('invalid_audio', 'The audio is not valid base64, or empty.', 'audio');
    if (format.type !== 'audio/pcm') return accepted(this.decoder.decode(bytes, format));
    if (!isWholeSamples(bytes.length, { type: 'audio/pcm', rate: 24_000 }))
      return refused('invalid_audio', 'PCM16 audio must contain an even number of bytes', 'audio');
    if (format.rate === 24_000) return accepted(this.decoder.decode(bytes, { type: 'audio/pcm', rate: 24_000 }));
    const samples = Int16Array.from({ length: bytes.length >> 2 }, (_, n) => bytes.readInt16LE(4 * n));
    return accepted(pcmToMulaw(samples));
  }
}

/** Encodes mu-law at 8 kHz as base64 of the session's format. */
export function encodeLive(mulaw: Uint8Array, format: LiveFormat): string {
  if (format.type !== 'audio/pcm') return encodeAudio(mulaw, format);
  if (format.rate === 24_000) return encodeAudio(mulaw, { type: 'audio/pcm', rate: 24_000 });
  const pcm = mulawToPcm(mulaw);
  const bytes = Buffer.alloc(pcm.length * 4);
  for (let n = 0; n < pcm.length; n++) {
    bytes.writeInt16LE(pcm[n] as number, 4 * n);
    bytes.writeInt16LE(pcm[n] as number, 4 * n + 2);
  }
  return bytes.toString('base64');
}
