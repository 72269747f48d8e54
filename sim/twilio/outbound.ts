/** A message that the gateway sends on a stream. */
export type Outbound = { event: 'media'; audio: Uint8Array } | { event: 'mark'; name: string } | { event: 'clear' };

export type CheckedOutbound = { ok: true; message: Outbound } | { ok: false; code: 31950 | 31951; what: string };

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Checks a message as Twilio does: error 31950 if it is not a text frame, 31951 if it is not a valid message. */
export function checkOutbound(data: Buffer, isBinary: boolean, streamSid: string): CheckedOutbound {
  if (isBinary) return bad(31950, 'binary frame');
  let message: unknown;
  try {
    message = JSON.parse(data.toString('utf8'));
  } catch {
    return bad(31951, 'not JSON');
  }
  if (!isObject(message)) return bad(31951, 'not an object');
  const expected = {
    media: ['event', 'media', 'streamSid'],
    mark: ['event', 'mark', 'streamSid'],
    clear: ['event', 'streamSid'],
  };
  const event = message['event'];
  if (event !== 'media' && event !== 'mark' && event !== 'clear') return bad(31951, 'unknown event');
  if (Object.keys(message).sort().join() !== expected[event].join())
    return bad(31951, `missing or extra fields in ${event}`);
  if (message['streamSid'] !== streamSid) return bad(31951, 'wrong streamSid');
  switch (event) {
    case 'clear':
      return { ok: true, message: { event } };
    case 'mark': {
      const mark = message['mark'];
      if (!isObject(mark) || typeof mark['name'] !== 'string') return bad(31951, 'mark without a name');
      return { ok: true, message: { event, name: mark['name'] } };
    }
    case 'media': {
      const media = message['media'];
      const payload = isObject(media) && Object.keys(media).join() === 'payload' ? media['payload'] : undefined;
      if (typeof payload !== 'string' || payload === '' || payload.length % 4 !== 0 || !BASE64.test(payload)) {
        return bad(31951, 'media without base64 audio');
      }
      return { ok: true, message: { event, audio: Buffer.from(payload, 'base64') } };
    }
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bad(code: 31950 | 31951, what: string): CheckedOutbound {
  return { ok: false, code, what };
}
