/** `mulaw` is G.711 mu-law, one byte a sample. `pcm16` is signed 16-bit little-endian, two bytes a sample. Always mono. */
export type AudioEncoding = 'mulaw' | 'pcm16';

/**
 * A piece of mono audio with its encoding and rate. It keeps the form it arrived in (base64 from a socket, bytes from a
 * synthesiser) and converts to the other form once, at the first request. So audio that only passes through the gateway is
 * never decoded.
 */
export class AudioChunk {
  readonly encoding: AudioEncoding;
  readonly sampleRateHz: number;
  private base64Form: string | undefined;
  private bytesForm: Uint8Array | undefined;

  private constructor(
    encoding: AudioEncoding,
    sampleRateHz: number,
    base64Form: string | undefined,
    bytesForm: Uint8Array | undefined,
  ) {
    this.encoding = encoding;
    this.sampleRateHz = sampleRateHz;
    this.base64Form = base64Form;
    this.bytesForm = bytesForm;
  }

  /** `base64` must be canonical base64 with padding. It is not checked here, because the wire codec has checked it. */
  static fromBase64(encoding: AudioEncoding, sampleRateHz: number, base64: string): AudioChunk {
    return new AudioChunk(encoding, sampleRateHz, base64, undefined);
  }

  /** Keeps a reference to `bytes`, which must not change afterwards. */
  static fromBytes(encoding: AudioEncoding, sampleRateHz: number, bytes: Uint8Array): AudioChunk {
    return new AudioChunk(encoding, sampleRateHz, undefined, bytes);
  }

  get base64(): string {
    if (this.base64Form === undefined) {
      const bytes = this.bytesForm as Uint8Array;
      this.base64Form = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
    }
    return this.base64Form;
  }

  get bytes(): Uint8Array {
    if (this.bytesForm === undefined) this.bytesForm = Buffer.from(this.base64Form as string, 'base64');
    return this.bytesForm;
  }

  /** Writes the raw audio to `target` at `offset`, as much as fits. Keeps no decoded form. */
  copyTo(target: Buffer, offset: number): void {
    if (this.bytesForm === undefined) target.write(this.base64Form as string, offset, 'base64');
    else target.set(this.bytesForm.subarray(0, target.length - offset), offset);
  }

  /** Size of the raw audio in bytes, without decoding it. */
  get sizeBytes(): number {
    if (this.bytesForm !== undefined) return this.bytesForm.byteLength;
    const text = this.base64Form as string;
    const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
    return (text.length * 3) / 4 - padding;
  }

  get durationMs(): number {
    const bytesPerSample = this.encoding === 'pcm16' ? 2 : 1;
    return (this.sizeBytes * 1000) / (this.sampleRateHz * bytesPerSample);
  }
}

/** A telephone line carries G.711 mu-law at 8 kHz, which is 8 bytes a millisecond. */
export const TELEPHONE_RATE_HZ = 8000;
export const MULAW_BYTES_PER_MS = 8;
/** Mu-law digital silence. */
export const MULAW_SILENCE = 0xff;
