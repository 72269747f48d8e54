// Messages of the benchmark. Those with audio carry, at a fixed place, when they were sent: a time in microseconds of
// `monotonicMs`, sixteen digits, in a field the gateway does not use.

const STAMP_DIGITS = 16;
const TWILIO_HEAD = '{"event":"media","sequenceNumber":"';
const MODEL_HEAD = '{"type":"response.output_audio.delta","event_id":"';

/** Base64 of 20 ms of mu-law: a frame. */
export const FRAME = Buffer.alloc(160, 0x55).toString('base64');
/** Base64 of 200 ms of mu-law: a piece of a model's reply. */
export const REPLY_PIECE = Buffer.alloc(1600, 0x55).toString('base64');

/** 20 ms of caller audio, as Twilio sends it. */
export function twilioMedia(streamSid: string, sentMs: number): string {
  return `${TWILIO_HEAD}${stamp(sentMs)}","media":{"track":"inbound","chunk":"6","timestamp":"155","payload":"${FRAME}"},"streamSid":"${streamSid}"}`;
}

/** A piece of model audio, as OpenAI sends it. */
export function modelDelta(audio: string, sentMs: number): string {
  return `${MODEL_HEAD}${stamp(sentMs)}","response_id":"resp_1","item_id":"item_1","output_index":0,"content_index":0,"delta":"${audio}"}`;
}

/** When a message with audio was sent; undefined for every other message. */
export function sentMsOf(message: Buffer): number | undefined {
  const head = message.toString('latin1', 0, MODEL_HEAD.length);
  if (head.startsWith(TWILIO_HEAD)) return stampAt(message, TWILIO_HEAD.length);
  return head === MODEL_HEAD ? stampAt(message, MODEL_HEAD.length) : undefined;
}

function stamp(sentMs: number): string {
  return String(Math.round(sentMs * 1000)).padStart(STAMP_DIGITS, '0');
}

function stampAt(message: Buffer, start: number): number {
  return Number(message.toString('latin1', start, start + STAMP_DIGITS)) / 1000;
}
