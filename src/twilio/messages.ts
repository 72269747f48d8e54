import { AudioChunk, TELEPHONE_RATE_HZ } from '../audio/chunk.js';

/**
 * A message of the Media Streams wire format (Twilio: Media Streams – WebSocket messages). `sequenceNumber`, `chunk`
 * and `timestamp` are strings on the wire. Only fields the gateway uses are kept. They are checked by hand, because
 * this runs fifty times a second for every call.
 */
export type TwilioMessage =
  | { event: 'connected' }
  | { event: 'start'; start: StreamStart }
  | MediaMessage
  | { event: 'dtmf'; streamSid: string; digit: string }
  | { event: 'mark'; streamSid: string; name: string }
  | { event: 'stop'; streamSid: string };

export interface MediaMessage {
  event: 'media';
  streamSid: string;
  /** Base64 of raw mu-law, 8 kHz mono, one byte a sample. */
  payload: string;
}

export interface StreamStart {
  streamSid: string;
  callSid: string;
  accountSid: string;
  encoding: string;
  sampleRateHz: number;
  channels: number;
  customParameters: Readonly<Record<string, string>>;
}

/** Why a message was ignored. A label of `gateway_stream_anomalies_total`, so a closed set. */
export type Anomaly =
  | 'binary'
  | 'not-json'
  | 'not-an-object'
  | 'unknown-event'
  | 'malformed-connected'
  | 'malformed-start'
  | 'malformed-media'
  | 'malformed-dtmf'
  | 'malformed-mark'
  | 'wrong-stream-sid'
  | 'out-of-order'
  | 'unknown-mark'
  | 'backlog';

export type ParsedMessage = { ok: true; message: TwilioMessage } | { ok: false; anomaly: Anomaly };

/** Maximum size of a message. Twilio's have about 400 bytes. A larger one closes the socket (1009). */
export const MAX_MESSAGE_BYTES = 64 * 1024;

/** A media message up to its audio, exactly as Twilio writes it. */
const MEDIA_HEAD =
  /^\{"event":"media","sequenceNumber":"\d+","media":\{"track":"inbound","chunk":"\d+","timestamp":"\d+","payload":"$/;
/** What it begins with, and what stands right before the audio. */
const [MEDIA_BEGIN, MEDIA_FIELD] = ['{"event":"media","sequenceNumber":"', '","payload":"'].map((part) =>
  Buffer.from(part),
) as [Buffer, Buffer];
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
/** By byte: whether it is a base64 character, padding aside. JSON has no second way to write these characters. */
const IS_BASE64 = Uint8Array.from({ length: 256 }, (_, code) => Number(BASE64.test(String.fromCharCode(code))));
const PADDING = '='.charCodeAt(0);

/** Parses one text frame. Never throws. */
export function parseMessage(data: Buffer): ParsedMessage {
  let value: unknown;
  try {
    value = JSON.parse(data.toString('utf8'));
  } catch {
    return anomalous('not-json');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return anomalous('not-an-object');
  const message = value as Record<string, unknown>;
  switch (message['event']) {
    case 'media':
      return parseMedia(message);
    case 'mark':
      return parseMark(message);
    case 'dtmf':
      return parseDtmf(message);
    case 'connected':
      return { ok: true, message: { event: 'connected' } };
    case 'start':
      return parseStart(message);
    case 'stop':
      return { ok: true, message: { event: 'stop', streamSid: stringOr(message['streamSid'], '') } };
    default:
      return anomalous('unknown-event');
  }
}

/**
 * Finds the audio in the media messages of one stream, as long as they are written exactly as Twilio writes them. Nothing is
 * parsed or copied, because that would take most of the time a frame spends in the gateway.
 */
export class MediaReader {
  /** What stands behind the audio. */
  private readonly tail: Buffer;
  /** Where the audio of the last message began. It moves only when a counter gets another digit. */
  private start = 0;

  constructor(streamSid: string) {
    this.tail = Buffer.from(`"},"streamSid":"${streamSid}"}`);
  }

  /** Returns the audio of a message. `undefined` for any other message, which {@link parseMessage} then reads as JSON. */
  read(message: Buffer): AudioChunk | undefined {
    const end = message.length - this.tail.length;
    const start = this.isHead(message, this.start) ? this.start : headLength(message);
    if (start <= 0 || (end - start) % 4 !== 0 || !isAt(message, end, this.tail)) return undefined;
    let audioEnd = end;
    while (audioEnd > end - 2 && message[audioEnd - 1] === PADDING) audioEnd--;
    if (!isPlain(message, start, audioEnd)) return undefined;
    this.start = start;
    return AudioChunk.fromMessage('mulaw', TELEPHONE_RATE_HZ, message, start, end);
  }

  /** Whether the message begins as a media message does, and its audio begins where that of the last one did. */
  private isHead(message: Buffer, start: number): boolean {
    return start > 0 && isAt(message, 0, MEDIA_BEGIN) && isAt(message, start - MEDIA_FIELD.length, MEDIA_FIELD);
  }
}

/** Returns how long the head of a media message is. 0 if it is not as Twilio writes it. */
function headLength(message: Buffer): number {
  const end = message.indexOf(MEDIA_FIELD) + MEDIA_FIELD.length;
  return end > MEDIA_FIELD.length && MEDIA_HEAD.test(message.toString('latin1', 0, end)) ? end : 0;
}

function isAt(data: Buffer, at: number, expected: Buffer): boolean {
  return at >= 0 && expected.compare(data, at, Math.min(data.length, at + expected.length)) === 0;
}

/** Whether the range has only base64 characters and is not empty. A regular expression takes three times as long. */
function isPlain(data: Buffer, start: number, end: number): boolean {
  let at = start;
  // Four at a time, because the loop itself costs as much as the look-up.
  for (; at + 4 <= end; at += 4) {
    const isGroup =
      (IS_BASE64[data[at] as number] as number) &
      (IS_BASE64[data[at + 1] as number] as number) &
      (IS_BASE64[data[at + 2] as number] as number) &
      (IS_BASE64[data[at + 3] as number] as number);
    if (isGroup === 0) return false;
  }
  for (; at < end; at++) if (IS_BASE64[data[at] as number] !== 1) return false;
  return end > start;
}

function parseMedia(message: Record<string, unknown>): ParsedMessage {
  const media = message['media'] as { payload?: unknown } | null | undefined;
  const payload = media?.payload;
  const streamSid = message['streamSid'];
  if (typeof payload !== 'string' || typeof streamSid !== 'string') return anomalous('malformed-media');
  // Base64 comes in groups of four characters.
  if (!BASE64.test(payload) || payload.length % 4 !== 0) return anomalous('malformed-media');
  return { ok: true, message: { event: 'media', streamSid, payload } };
}

function parseMark(message: Record<string, unknown>): ParsedMessage {
  const name = (message['mark'] as { name?: unknown } | null | undefined)?.name;
  const streamSid = message['streamSid'];
  if (typeof name !== 'string' || typeof streamSid !== 'string') return anomalous('malformed-mark');
  return { ok: true, message: { event: 'mark', streamSid, name } };
}

function parseDtmf(message: Record<string, unknown>): ParsedMessage {
  const digit = (message['dtmf'] as { digit?: unknown } | null | undefined)?.digit;
  const streamSid = message['streamSid'];
  if (typeof digit !== 'string' || !/^[0-9*#A-D]$/.test(digit) || typeof streamSid !== 'string') {
    return anomalous('malformed-dtmf');
  }
  return { ok: true, message: { event: 'dtmf', streamSid, digit } };
}

function parseStart(message: Record<string, unknown>): ParsedMessage {
  const start = message['start'];
  if (typeof start !== 'object' || start === null) return anomalous('malformed-start');
  const fields = start as Record<string, unknown>;
  const format = (fields['mediaFormat'] ?? {}) as Record<string, unknown>;
  const streamSid = fields['streamSid'] ?? message['streamSid'];
  const callSid = fields['callSid'];
  if (!isSid(streamSid) || !isSid(callSid)) {
    return anomalous('malformed-start');
  }
  return {
    ok: true,
    message: {
      event: 'start',
      start: {
        streamSid,
        callSid,
        accountSid: stringOr(fields['accountSid'], ''),
        encoding: stringOr(format['encoding'], ''),
        sampleRateHz: numberOr(format['sampleRate'], 0),
        channels: numberOr(format['channels'], 0),
        customParameters: stringsOf(fields['customParameters']),
      },
    },
  };
}

/** Whether it can be an id of Twilio's. It is looked up before the sender is known, so its length is bounded. */
function isSid(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9]{1,64}$/.test(value);
}

function stringsOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function stringOr(value: unknown, fallback: string): string {
  return typeof value === 'string' ? value : fallback;
}

/** Reads a number. `Number()` would throw on some arrays and objects. */
function numberOr(value: unknown, fallback: number): number {
  return typeof value === 'number' || typeof value === 'string' ? Number(value) : fallback;
}

function anomalous(anomaly: Anomaly): ParsedMessage {
  return { ok: false, anomaly };
}

// What the gateway sends. `streamSid` was checked on arrival and the gateway makes the mark names, so neither needs
// escaping.

/**
 * Returns a message with audio, which Twilio queues and plays in order. `payload`: base64 of raw mu-law, any length.
 */
export function mediaMessage(streamSid: string, payload: string): string {
  return `{"event":"media","streamSid":"${streamSid}","media":{"payload":"${payload}"}}`;
}

/** Returns a mark. Twilio sends it back once everything before it has been played, or flushed by a `clear`. */
export function markMessage(streamSid: string, name: string): string {
  return `{"event":"mark","streamSid":"${streamSid}","mark":{"name":"${name}"}}`;
}

/** Returns the message that empties Twilio's playback queue. Every outstanding mark then comes back at once. */
export function clearMessage(streamSid: string): string {
  return `{"event":"clear","streamSid":"${streamSid}"}`;
}
