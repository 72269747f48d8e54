// Messages of the benchmark. Those with audio carry their send time at a fixed place, in a field that the gateway does not use:
// `monotonicMs` in microseconds, sixteen digits.

const STAMP_DIGITS = 16;
const TWILIO_HEAD = '{"event":"media","sequenceNumber":"';
const MODEL_HEAD = '{"type":"response.output_audio.delta","event_id":"';

/** Base64 of 20 ms of mu-law, in which the caller speaks. */
export const FRAME = Buffer.alloc(160, 0x55).toString('base64');
/** Base64 of 20 ms of mu-law, in which the caller is silent. */
const QUIET_FRAME = Buffer.alloc(160, 0xfe).toString('base64');
const SPOKEN = FRAME.slice(0, 32);
/** Base64 of 200 ms of mu-law, a piece of a model's reply. */
export const REPLY_PIECE = Buffer.alloc(1600, 0x55).toString('base64');

/** Returns 20 ms of caller audio, as Twilio sends it. */
export function twilioMedia(streamSid: string, sentMs: number, isSpoken = true): string {
  const audio = isSpoken ? FRAME : QUIET_FRAME;
  return `${TWILIO_HEAD}${stamp(sentMs)}","media":{"track":"inbound","chunk":"6","timestamp":"155","payload":"${audio}"},"streamSid":"${streamSid}"}`;
}

/** Returns a piece of model audio, as OpenAI sends it. */
export function modelDelta(reply: number, audio: string, sentMs: number): string {
  return `${MODEL_HEAD}${stamp(sentMs)}",${ids(reply)},"output_index":0,"content_index":0,"delta":"${audio}"}`;
}

/** Returns any other event of a reply. */
export function modelEvent(reply: number, type: string, delta = ''): string {
  return `{"type":"${type}",${ids(reply)},"delta":"${delta}"}`;
}

function ids(reply: number): string {
  return `"response_id":"resp_${reply}","item_id":"item_${reply}"`;
}

/** Whether a message of caller audio holds speech. */
export function isSpoken(message: Buffer): boolean {
  return message.includes(SPOKEN);
}

/** Returns when a message with audio was sent. `undefined` for every other message. */
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
