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

/**
 * The parts of a media message exactly as Twilio writes it: before the audio, between audio and stream id, and after.
 */
const MEDIA_HEAD =
  /\{"event":"media","sequenceNumber":"\d+","media":\{"track":"\w+","chunk":"\d+","timestamp":"\d+","payload":"/y;
const MEDIA_MIDDLE = '"},"streamSid":"';
const MEDIA_TAIL = '"}';
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
/** By byte: whether it is a base64 character, padding aside. JSON has no second way to write these characters. */
const IS_BASE64 = Uint8Array.from({ length: 256 }, (_, code) => Number(BASE64.test(String.fromCharCode(code))));
const PADDING = '='.charCodeAt(0);

/** Parses one text frame. Never throws. */
export function parseMessage(data: Buffer): ParsedMessage {
  const media = usualMedia(data);
  if (media !== undefined) return media;
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
 * Reads a media message that is written exactly as Twilio writes it, without a JSON parser. Parsing would take most of
 * the time a frame spends in the gateway. Returns `undefined` for any other message, which is then parsed as JSON.
 */
function usualMedia(data: Buffer): ParsedMessage | undefined {
  const text = data.toString('latin1');
  // Sticky, so that `lastIndex` holds the end of the match and no array of matches is built.
  MEDIA_HEAD.lastIndex = 0;
  if (!MEDIA_HEAD.test(text)) return undefined;
  const start = MEDIA_HEAD.lastIndex;
  const end = text.indexOf('"', start);
  const sidStart = end + MEDIA_MIDDLE.length;
  const sidEnd = text.length - MEDIA_TAIL.length;
  if (!text.startsWith(MEDIA_MIDDLE, end) || !text.startsWith(MEDIA_TAIL, sidEnd)) return undefined;
  let audioEnd = end;
  while (audioEnd > end - 2 && data[audioEnd - 1] === PADDING) audioEnd--;
  if (!isPlain(data, start, audioEnd) || !isPlain(data, sidStart, sidEnd)) return undefined;
  return checkedMedia(text.slice(sidStart, sidEnd), text.slice(start, end));
}

/** Whether the range has only base64 characters and is not empty. A regular expression takes three times as long. */
function isPlain(data: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (IS_BASE64[data[at] as number] !== 1) return false;
  return end > start;
}

function parseMedia(message: Record<string, unknown>): ParsedMessage {
  const media = message['media'] as { payload?: unknown } | null | undefined;
  const payload = media?.payload;
  const streamSid = message['streamSid'];
  if (typeof payload !== 'string' || typeof streamSid !== 'string') return anomalous('malformed-media');
  return BASE64.test(payload) ? checkedMedia(streamSid, payload) : anomalous('malformed-media');
}

/** Checks the length, because base64 comes in groups of four characters. */
function checkedMedia(streamSid: string, payload: string): ParsedMessage {
  if (payload.length % 4 !== 0) return anomalous('malformed-media');
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
