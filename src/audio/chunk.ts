/** `mulaw` is G.711 mu-law, one byte a sample. `pcm16` is signed 16-bit little-endian, two bytes a sample. Always mono. */
export type AudioEncoding = 'mulaw' | 'pcm16';

/**
 * A piece of mono audio with its encoding and rate. It keeps the form it arrived in (base64 in a message from a socket or as text,
 * bytes from a synthesiser) and converts to another form once, at the first request. So audio that only passes through the
 * gateway is never decoded.
 */
export class AudioChunk {
  readonly encoding: AudioEncoding;
  readonly sampleRateHz: number;
  private base64Form: string | undefined;
  private bytesForm: Uint8Array | undefined;
  /** A message in which the base64 stands from `start` to `end`. */
  private readonly message: Buffer | undefined;
  private readonly start: number;
  private readonly end: number;

  private constructor(
    encoding: AudioEncoding,
    sampleRateHz: number,
    base64Form: string | undefined,
    bytesForm: Uint8Array | undefined,
    message?: Buffer,
    start = 0,
    end = 0,
  ) {
    this.encoding = encoding;
    this.sampleRateHz = sampleRateHz;
    this.base64Form = base64Form;
    this.bytesForm = bytesForm;
    this.message = message;
    this.start = start;
    this.end = end;
  }

  /** `base64` must be canonical base64 with padding. It is not checked here, because the wire codec has checked it. */
  static fromBase64(encoding: AudioEncoding, sampleRateHz: number, base64: string): AudioChunk {
    return new AudioChunk(encoding, sampleRateHz, base64, undefined);
  }

  /**
   * The same for base64 that stands in `message` from `start` to `end`. Keeps a reference to the message, which must not
   * change afterwards.
   */
  static fromMessage(
    encoding: AudioEncoding,
    sampleRateHz: number,
    message: Buffer,
    start: number,
    end: number,
  ): AudioChunk {
    return new AudioChunk(encoding, sampleRateHz, undefined, undefined, message, start, end);
  }

  /** Keeps a reference to `bytes`, which must not change afterwards. */
  static fromBytes(encoding: AudioEncoding, sampleRateHz: number, bytes: Uint8Array): AudioChunk {
    return new AudioChunk(encoding, sampleRateHz, undefined, bytes);
  }

  get base64(): string {
    this.base64Form ??=
      this.message === undefined
        ? base64Of(this.bytesForm as Uint8Array)
        : this.message.toString('latin1', this.start, this.end);
    return this.base64Form;
  }

  get bytes(): Uint8Array {
    if (this.bytesForm === undefined) this.bytesForm = Buffer.from(this.base64, 'base64');
    return this.bytesForm;
  }

  /** Length of the base64 in characters. */
  get base64Length(): number {
    if (this.message !== undefined) return this.end - this.start;
    if (this.base64Form !== undefined) return this.base64Form.length;
    return 4 * Math.ceil((this.bytesForm as Uint8Array).byteLength / 3);
  }

  /** Writes the base64 as text to `target` at `offset`, which must have room for it. */
  writeBase64(target: Buffer, offset: number): void {
    if (this.message !== undefined) this.message.copy(target, offset, this.start, this.end);
    else target.write(this.base64, offset, 'latin1');
  }

  /** Writes the raw audio to `target` at `offset`, as much as fits. Keeps no decoded form. */
  copyTo(target: Buffer, offset: number): void {
    if (this.bytesForm !== undefined) target.set(this.bytesForm.subarray(0, target.length - offset), offset);
    else target.write(this.base64, offset, 'base64');
  }

  /** Size of the raw audio in bytes, without decoding it. */
  get sizeBytes(): number {
    if (this.bytesForm !== undefined) return this.bytesForm.byteLength;
    const { message } = this;
    if (message !== undefined) {
      const padding = message[this.end - 1] !== PADDING ? 0 : message[this.end - 2] !== PADDING ? 1 : 2;
      return ((this.end - this.start) * 3) / 4 - padding;
    }
    const text = this.base64Form as string;
    const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
    return (text.length * 3) / 4 - padding;
  }

  get durationMs(): number {
    const bytesPerSample = this.encoding === 'pcm16' ? 2 : 1;
    return (this.sizeBytes * 1000) / (this.sampleRateHz * bytesPerSample);
  }
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

const PADDING = '='.charCodeAt(0);

/** A telephone line carries G.711 mu-law at 8 kHz, which is 8 bytes a millisecond. */
export const TELEPHONE_RATE_HZ = 8000;
export const MULAW_BYTES_PER_MS = 8;
/** Mu-law digital silence. */
export const MULAW_SILENCE = 0xff;
