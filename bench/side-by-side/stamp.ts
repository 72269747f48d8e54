// When a frame was sent, inside its audio, so that it survives every gateway that passes audio on. The stamp is 48 bits of
// microseconds, four in each of the first twelve bytes. The bytes are quiet samples of mu-law (0xf0 to 0xff), which no voice
// detector notices. They are sixteen characters of base64.

/** Length of a stamp in characters of base64. */
export const STAMP_CHARACTERS = 16;
const GROUP_BITS = 12;
const GROUPS = 4;

/** The four characters of each group of three samples. */
const CHARACTERS = Array.from({ length: 1 << GROUP_BITS }, (_, bits) =>
  Buffer.from([0xf0 | (bits >> 8), 0xf0 | ((bits >> 4) & 15), 0xf0 | (bits & 15)]).toString('latin1'),
).map((samples) => Buffer.from(samples, 'latin1').toString('base64'));
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUE = Uint8Array.from({ length: 256 }, (_, code) => Math.max(0, BASE64.indexOf(String.fromCharCode(code))));

/** Writes the stamp of this moment into a message, at the place where its base64 begins. */
export function writeStamp(message: Buffer, at: number, nowMs: number): void {
  let rest = Math.round(nowMs * 1000);
  for (let group = GROUPS - 1; group >= 0; group--) {
    const bits = rest % (1 << GROUP_BITS);
    rest = Math.floor(rest / (1 << GROUP_BITS));
    message.write(CHARACTERS[bits] as string, at + group * 4, 'latin1');
  }
}

/** Reads a stamp, in milliseconds. NaN if there is none. */
export function readStamp(message: Buffer, at: number): number {
  let micros = 0;
  for (let group = 0; group < GROUPS; group++) {
    let samples = 0;
    for (let n = 0; n < 4; n++) samples = samples * 64 + (VALUE[message[at + group * 4 + n] as number] as number);
    if ((samples & 0xf0f0f0) !== 0xf0f0f0) return Number.NaN;
    const bits = ((samples >> 8) & 0xf00) | ((samples >> 4) & 0xf0) | (samples & 15);
    micros = micros * (1 << GROUP_BITS) + bits;
  }
  return micros / 1000;
}
