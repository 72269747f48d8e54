import { AudioChunk, TELEPHONE_RATE_HZ } from '../../audio/chunk.js';
import { mulawToFloat, pcmToMulaw } from '../../audio/g711.js';
import { Downsampler, Upsampler } from '../../audio/resample.js';

/** What is spoken with the service (OpenAI: Realtime – session formats). Linear PCM is 24 kHz, 16 bits, little-endian. */
export type WireFormat = 'audio/pcmu' | 'audio/pcm';

/** Between the telephone's mu-law and what a session has agreed to speak. One a session: it may keep a filter's state. */
export interface WireAudioFormat {
  readonly type: WireFormat;
  /** As it stands in the settings. */
  readonly setting: Readonly<Record<string, unknown>>;
  /** Mu-law at 8 kHz → base64 for the service. */
  toModel(chunk: AudioChunk): string;
  /** Base64 of the service → mu-law at 8 kHz. */
  fromModel(base64: string): AudioChunk;
}

export function lineFormat(type: WireFormat): WireAudioFormat {
  return type === 'audio/pcmu' ? MULAW : new LinearFormat();
}

/** What the telephone speaks, so that no audio is ever converted. */
const MULAW: WireAudioFormat = {
  type: 'audio/pcmu',
  setting: { type: 'audio/pcmu' },
  toModel: (chunk) => chunk.base64,
  fromModel: (base64) => AudioChunk.fromBase64('mulaw', TELEPHONE_RATE_HZ, base64),
};

const LINEAR_RATE_HZ = 24_000;
const RATIO = LINEAR_RATE_HZ / TELEPHONE_RATE_HZ;
const BYTES_PER_SAMPLE = 2;

/** For a service that does not take mu-law. */
class LinearFormat implements WireAudioFormat {
  readonly type = 'audio/pcm';
  readonly setting = { type: 'audio/pcm', rate: LINEAR_RATE_HZ };
  private readonly up = new Upsampler(RATIO);
  private readonly down = new Downsampler(RATIO);
  /** A piece may end within a sample. */
  private rest: Buffer = Buffer.alloc(0);

  toModel(chunk: AudioChunk): string {
    const wide = this.up.push(mulawToFloat(chunk.bytes));
    const bytes = Buffer.alloc(wide.length * BYTES_PER_SAMPLE);
    for (const [n, sample] of wide.entries()) {
      bytes.writeInt16LE(Math.max(-32768, Math.min(32767, Math.round(sample * 32768))), n * BYTES_PER_SAMPLE);
    }
    return bytes.toString('base64');
  }

  fromModel(base64: string): AudioChunk {
    const bytes = Buffer.concat([this.rest, Buffer.from(base64, 'base64')]);
    const wide = new Int16Array(Math.floor(bytes.length / BYTES_PER_SAMPLE));
    for (let n = 0; n < wide.length; n++) wide[n] = bytes.readInt16LE(n * BYTES_PER_SAMPLE);
    this.rest = bytes.subarray(wide.length * BYTES_PER_SAMPLE);
    return AudioChunk.fromBytes('mulaw', TELEPHONE_RATE_HZ, pcmToMulaw(this.down.push(wide)));
  }
}
