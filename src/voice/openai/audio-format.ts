import { AudioChunk, TELEPHONE_RATE_HZ } from '../../audio/chunk.js';
import { mulawToFloat, pcmToMulaw } from '../../audio/g711.js';
import { Downsampler, Upsampler } from '../../audio/resample.js';

/** Audio formats of the service (OpenAI: Realtime – session formats). Linear PCM is 24 kHz, 16 bits, little-endian. */
export type WireFormat = 'audio/pcmu' | 'audio/pcm';

/**
 * Converts between the telephone's mu-law and a session's format. Each session has its own, because it may keep a
 * filter's state.
 */
export interface WireAudioFormat {
  readonly type: WireFormat;
  /** The format as the settings name it. */
  readonly setting: Readonly<Record<string, unknown>>;
  /** Converts mu-law at 8 kHz to what the service takes. */
  toModel(chunk: AudioChunk): AudioChunk;
  /** Converts base64 of the service to mu-law at 8 kHz. */
  fromModel(base64: string): AudioChunk;
}

export function wireAudioFormat(type: WireFormat): WireAudioFormat {
  return type === 'audio/pcmu' ? MULAW : new LinearFormat();
}

/** The telephone's own format, so that no audio is converted. */
const MULAW: WireAudioFormat = {
  type: 'audio/pcmu',
  setting: { type: 'audio/pcmu' },
  toModel: (chunk) => chunk,
  fromModel: (base64) => AudioChunk.fromBase64('mulaw', TELEPHONE_RATE_HZ, base64),
};

const LINEAR_RATE_HZ = 24_000;
const RATIO = LINEAR_RATE_HZ / TELEPHONE_RATE_HZ;
const BYTES_PER_SAMPLE = 2;

/** Linear PCM, for a service that refuses mu-law. */
class LinearFormat implements WireAudioFormat {
  readonly type = 'audio/pcm';
  readonly setting = { type: 'audio/pcm', rate: LINEAR_RATE_HZ };
  private readonly up = new Upsampler(RATIO);
  private readonly down = new Downsampler(RATIO);
  /** The beginning of a sample that the last piece cut in two. */
  private rest: Buffer = Buffer.alloc(0);

  toModel(chunk: AudioChunk): AudioChunk {
    const wide = this.up.push(mulawToFloat(chunk.bytes));
    const bytes = Buffer.alloc(wide.length * BYTES_PER_SAMPLE);
    for (const [n, sample] of wide.entries()) {
      bytes.writeInt16LE(Math.max(-32768, Math.min(32767, Math.round(sample * 32768))), n * BYTES_PER_SAMPLE);
    }
    return AudioChunk.fromBytes('pcm16', LINEAR_RATE_HZ, bytes);
  }

  fromModel(base64: string): AudioChunk {
    const bytes = Buffer.concat([this.rest, Buffer.from(base64, 'base64')]);
    const wide = new Int16Array(Math.floor(bytes.length / BYTES_PER_SAMPLE));
    for (let n = 0; n < wide.length; n++) wide[n] = bytes.readInt16LE(n * BYTES_PER_SAMPLE);
    this.rest = bytes.subarray(wide.length * BYTES_PER_SAMPLE);
    return AudioChunk.fromBytes('mulaw', TELEPHONE_RATE_HZ, pcmToMulaw(this.down.push(wide)));
  }
}
