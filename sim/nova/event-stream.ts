import { EventStreamCodec } from '@smithy/core/event-streams';
import { fromUtf8, toUtf8 } from '@smithy/core/serde';

/**
 * The framing of `application/vnd.amazon.eventstream`: total length, header length, checksum, headers, body, checksum.
 * A client's event is framed twice: the body of a signed message is the message with the event.
 */
const codec = new EventStreamCodec(toUtf8, fromUtf8);
const LENGTH_BYTES = 4;
/** Two lengths and two checksums. */
const SMALLEST_BYTES = 16;
/** "The maximum size of a message is 16 MB" (Amazon Transcribe guide, event stream encoding). */
const LARGEST_BYTES = 16 * 1024 * 1024;

/** Exceptions that the operation declares in its output stream. */
export const EXCEPTION_TYPES = [
  'validationException',
  'modelStreamErrorException',
  'modelTimeoutException',
  'throttlingException',
  'internalServerException',
  'serviceUnavailableException',
] as const;
export type ExceptionType = (typeof EXCEPTION_TYPES)[number];

/** Splits a byte stream into messages. */
export class MessageSplitter {
  private pending: Buffer = Buffer.alloc(0);

  /** Returns the messages that are complete. `undefined` if a length is invalid, after which the stream is unusable. */
  push(bytes: Uint8Array): Buffer[] | undefined {
    this.pending = this.pending.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.pending, bytes]);
    const messages: Buffer[] = [];
    while (this.pending.length >= LENGTH_BYTES) {
      const sizeBytes = this.pending.readUInt32BE(0);
      if (sizeBytes < SMALLEST_BYTES || sizeBytes > LARGEST_BYTES) return undefined;
      if (this.pending.length < sizeBytes) break;
      messages.push(this.pending.subarray(0, sizeBytes));
      this.pending = this.pending.subarray(sizeBytes);
    }
    return messages;
  }
}

export interface SignedFrame {
  date: Date;
  /** Hexadecimal. */
  signature: string;
  /** The signed message. It is empty in the frame that ends the input. */
  inner: Uint8Array;
}

/** Decodes a signed frame. `undefined` if the message is damaged or not a signed frame. */
export function decodeSignedFrame(message: Uint8Array): SignedFrame | undefined {
  const decoded = decode(message);
  const date = decoded?.headers[':date'];
  const signature = decoded?.headers[':chunk-signature'];
  if (decoded === undefined || date?.type !== 'timestamp' || signature?.type !== 'binary') return undefined;
  return { date: date.value, signature: Buffer.from(signature.value).toString('hex'), inner: decoded.body };
}

export function encodeSignedFrame({ date, signature, inner }: SignedFrame): Uint8Array {
  return codec.encode({
    headers: {
      ':date': { type: 'timestamp', value: date },
      ':chunk-signature': { type: 'binary', value: Buffer.from(signature, 'hex') },
    },
    body: inner,
  });
}

/** Returns the bytes of the header that a frame's signature covers. */
export function dateHeaderBytes(date: Date): Uint8Array {
  return codec.formatHeaders({ ':date': { type: 'timestamp', value: date } });
}

/** Returns the JSON text of a chunk from either side. `undefined` if the message is not a chunk. */
export function decodeChunk(message: Uint8Array): string | undefined {
  const decoded = decode(message);
  if (decoded === undefined || text(decoded.headers[':event-type']) !== 'chunk') return undefined;
  try {
    const { bytes } = JSON.parse(toUtf8(decoded.body)) as { bytes?: unknown };
    return typeof bytes === 'string' ? Buffer.from(bytes, 'base64').toString() : undefined;
  } catch {
    return undefined;
  }
}

/** Encodes a chunk. `padding` hides the length of its content on the wire, and a client ignores it. */
export function encodeChunk(json: string, padding?: string): Uint8Array {
  const body = { bytes: Buffer.from(json).toString('base64'), ...(padding === undefined ? {} : { p: padding }) };
  return codec.encode({
    headers: {
      ':event-type': { type: 'string', value: 'chunk' },
      ':content-type': { type: 'string', value: 'application/json' },
      ':message-type': { type: 'string', value: 'event' },
    },
    body: fromUtf8(JSON.stringify(body)),
  });
}

export function encodeException(type: ExceptionType, message: string): Uint8Array {
  return codec.encode({
    headers: {
      ':exception-type': { type: 'string', value: type },
      ':content-type': { type: 'string', value: 'application/json' },
      ':message-type': { type: 'string', value: 'exception' },
    },
    body: fromUtf8(JSON.stringify({ message })),
  });
}

/** Decodes a message of {@link encodeException}. `undefined` if the message is not an exception. */
export function decodeException(message: Uint8Array): { type: string; message: string } | undefined {
  const decoded = decode(message);
  const type = text(decoded?.headers[':exception-type']);
  if (decoded === undefined || type === undefined) return undefined;
  return { type, message: (JSON.parse(toUtf8(decoded.body)) as { message: string }).message };
}

function decode(message: Uint8Array): ReturnType<EventStreamCodec['decode']> | undefined {
  try {
    return codec.decode(message);
  } catch {
    return undefined;
  }
}

function text(header: { type: string; value: unknown } | undefined): string | undefined {
  return header?.type === 'string' ? (header.value as string) : undefined;
}
