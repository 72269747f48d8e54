import type { Duplex } from 'node:stream';

const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
const MASKED = 0x80;
const MASK_BYTES = 4;
/** A client has to choose another one for each message. Nothing depends on it here, and the receiver's work is the same. */
const MASK = [0x1f, 0x2e, 0x3d, 0x4c];
/** Messages above this length are not read. The load gets none. */
const MAX_BYTES = 1 << 20;

/**
 * The least that speaks WebSocket (RFC 6455) over a connection whose upgrade is done. The load uses it, because with a real
 * implementation it would need more CPU than what it measures.
 */
export class RawSocket {
  /** Called with each text message. The buffer is only valid during the call. */
  onText: (message: Buffer) => void = () => undefined;
  onClose: () => void = () => undefined;
  private readonly connection: Duplex;
  private readonly maskBit: number;
  private rest: Buffer | undefined;
  private isClosed = false;

  constructor(connection: Duplex, side: 'client' | 'server', head?: Buffer) {
    this.connection = connection;
    this.maskBit = side === 'client' ? MASKED : 0;
    connection.on('data', (data: Buffer) => this.read(data));
    connection.on('close', () => this.closed());
    connection.on('error', () => connection.destroy());
    if (head !== undefined && head.length > 0) this.read(head);
  }

  /** Returns a frame to be written once, and where its message begins. The message may still be changed. */
  frame(message: string | Buffer): { bytes: Buffer; at: number } {
    const payload = Buffer.from(message);
    const { length } = payload;
    const isLong = length > 125;
    const at = 2 + (isLong ? (length > 0xffff ? 8 : 2) : 0) + (this.maskBit === 0 ? 0 : MASK_BYTES);
    const bytes = Buffer.alloc(at + length);
    bytes[0] = 0x80 | TEXT;
    bytes[1] = this.maskBit | (isLong ? (length > 0xffff ? 127 : 126) : length);
    if (length > 0xffff) bytes.writeUInt32BE(length, 6);
    else if (isLong) bytes.writeUInt16BE(length, 2);
    payload.copy(bytes, at);
    return { bytes, at };
  }

  /** Sends a frame of {@link frame}. Changes it. */
  write({ at, bytes }: { bytes: Buffer; at: number }): void {
    if (this.isClosed) return;
    if (this.maskBit !== 0) {
      bytes.set(MASK, at - MASK_BYTES);
      unmask(bytes.subarray(at), MASK);
    }
    this.connection.write(bytes);
  }

  send(message: string | Buffer): void {
    this.write(this.frame(message));
  }

  /** Sends several messages of a server in one write. */
  sendAll(messages: readonly string[]): void {
    if (!this.isClosed) this.connection.write(Buffer.concat(messages.map((message) => this.frame(message).bytes)));
  }

  close(): void {
    this.onClose = () => undefined;
    this.connection.destroy();
  }

  private read(data: Buffer): void {
    let bytes = this.rest === undefined ? data : Buffer.concat([this.rest, data]);
    for (let size = this.readOne(bytes); size > 0; size = this.readOne(bytes)) bytes = bytes.subarray(size);
    this.rest = bytes.length === 0 ? undefined : bytes;
  }

  /** Handles the first frame. Returns its size, or 0 if it is not whole. */
  private readOne(bytes: Buffer): number {
    if (bytes.length < 2) return 0;
    const [first = 0, second = 0] = bytes;
    let length = second & 0x7f;
    let at = 2;
    if (length === 126) {
      if (bytes.length < 4) return 0;
      length = bytes.readUInt16BE(2);
      at = 4;
    } else if (length === 127) {
      if (bytes.length < 10) return 0;
      length = bytes.readUInt32BE(6);
      at = 10;
    }
    if (length > MAX_BYTES) throw new Error(`A message of ${length} bytes came.`);
    const isMasked = (second & MASKED) !== 0;
    const mask = bytes.subarray(at, at + MASK_BYTES);
    if (isMasked) at += MASK_BYTES;
    if (bytes.length < at + length) return 0;
    const message = bytes.subarray(at, at + length);
    if (isMasked) unmask(message, mask);
    const opcode = first & 15;
    if (opcode === TEXT) this.onText(message);
    else if (opcode === PING) this.pong(message);
    else if (opcode === CLOSE) this.closed();
    return at + length;
  }

  private pong(message: Buffer): void {
    const frame = this.frame(message);
    frame.bytes[0] = 0x80 | PONG;
    this.write(frame);
  }

  private closed(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.connection.destroy();
    this.onClose();
  }
}

/** Puts the mask on or off, in place. */
function unmask(message: Buffer, mask: ArrayLike<number>): void {
  const { length } = message;
  for (let n = 0; n < length; n++) message[n] = (message[n] as number) ^ (mask[n & 3] as number);
}
