import { deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
const MAX_COLOURS = 256;
const RGBA = 6;

/**
 * Writes a picture of a page with 256 colours, in a third of the bytes. Others are shades at the edges of letters, and get the
 * nearest colour. Takes what Chromium writes: 8 bits, RGB or RGBA without transparency, not interlaced
 * (PNG, third edition: filters in 9.2, chunks in 11.2).
 */
export function smallPng(png: Buffer): Buffer {
  const { bytesPerPixel, header, pixels, width } = decoded(png);
  const colours: number[] = [];
  const counts = new Map<number, number>();
  for (let at = 0; at < pixels.length; at += bytesPerPixel) {
    const colour = pixels.readUIntBE(at, 3);
    colours.push(colour);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const palette = paletteOf([...counts].sort((a, b) => b[1] - a[1]).map(([colour]) => colour));
  const indexes = new Map(palette.map((colour, index) => [colour, index]));
  const height = colours.length / width;
  const lines = Buffer.alloc(height * (width + 1));
  for (const [at, colour] of colours.entries()) {
    let index = indexes.get(colour);
    if (index === undefined) indexes.set(colour, (index = nearest(palette, colour)));
    lines[at + Math.floor(at / width) + 1] = index;
  }
  const indexed = Buffer.from(header);
  indexed[9] = 3;
  const plte = Buffer.alloc(palette.length * 3);
  for (const [index, colour] of palette.entries()) plte.writeUIntBE(colour, index * 3, 3);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', indexed),
    chunk('PLTE', plte),
    chunk('IDAT', deflateSync(lines, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function decoded(png: Buffer): { header: Buffer; pixels: Buffer; width: number; bytesPerPixel: number } {
  const data: Buffer[] = [];
  let header = Buffer.alloc(0);
  for (let at = SIGNATURE.length; at < png.length;) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') header = Buffer.from(body);
    if (type === 'IDAT') data.push(body);
    at += length + 12;
  }
  const width = header.readUInt32BE(0);
  const bytesPerPixel = header[9] === RGBA ? 4 : 3;
  return { header, width, bytesPerPixel, pixels: unfiltered(inflateSync(Buffer.concat(data)), width, bytesPerPixel) };
}

function unfiltered(filtered: Buffer, width: number, bytesPerPixel: number): Buffer {
  const lineBytes = width * bytesPerPixel;
  const height = filtered.length / (lineBytes + 1);
  const pixels = Buffer.alloc(height * lineBytes);
  for (let line = 0; line < height; line++) {
    const filter = filtered[line * (lineBytes + 1)];
    for (let x = 0; x < lineBytes; x++) {
      const at = line * lineBytes + x;
      const left = x >= bytesPerPixel ? (pixels[at - bytesPerPixel] ?? 0) : 0;
      const up = line > 0 ? (pixels[at - lineBytes] ?? 0) : 0;
      const upLeft = x >= bytesPerPixel && line > 0 ? (pixels[at - lineBytes - bytesPerPixel] ?? 0) : 0;
      const predicted =
        filter === 1
          ? left
          : filter === 2
            ? up
            : filter === 3
              ? (left + up) >> 1
              : filter === 4
                ? paeth(left, up, upLeft)
                : 0;
      pixels[at] = (filtered[at + line + 1] ?? 0) + predicted;
    }
  }
  return pixels;
}

function paeth(left: number, up: number, upLeft: number): number {
  const [byLeft, byUp, byUpLeft] = [Math.abs(up - upLeft), Math.abs(left - upLeft), Math.abs(left + up - 2 * upLeft)];
  return byLeft <= byUp && byLeft <= byUpLeft ? left : byUp <= byUpLeft ? up : upLeft;
}

/** Returns the colours that differ most, of `colours` by how often they occur, so that a small green dot stays green. */
function paletteOf(colours: readonly number[]): number[] {
  for (let minDistance = 40; ; minDistance *= 1.5) {
    const palette: number[] = [];
    for (const colour of colours) {
      if (palette.every((known) => distance(known, colour) >= minDistance)) palette.push(colour);
      if (palette.length > MAX_COLOURS) break;
    }
    if (palette.length <= MAX_COLOURS) return palette;
  }
}

function nearest(palette: readonly number[], colour: number): number {
  const distances = palette.map((known) => distance(known, colour));
  return distances.indexOf(Math.min(...distances));
}

function distance(one: number, other: number): number {
  const apart = (shift: number): number => ((one >> shift) & 255) - ((other >> shift) & 255);
  return apart(16) ** 2 + apart(8) ** 2 + apart(0) ** 2;
}

function chunk(type: string, body: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  const framed = Buffer.alloc(named.length + 8);
  framed.writeUInt32BE(body.length, 0);
  named.copy(framed, 4);
  framed.writeUInt32BE(checksum(named), named.length + 4);
  return framed;
}

/** CRC-32. Node 20.11 has none. */
function checksum(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
