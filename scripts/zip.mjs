// Zip files that are the same byte for byte when their contents are, so that a checksum says what was built. (PKWARE: APPNOTE.TXT.)
import { deflateRawSync } from 'node:zlib';

const DEFLATE = 8;
/** The first moment that the format knows, 1980-01-01, for every file. */
const TIME = 0;
const DATE = 0x21;
/** A file that everybody may read, made on Unix. */
const ATTRIBUTES = 0o100644 * 0x10000;
const MADE_BY_UNIX = 0x031e;
const NEEDS = 20;
/** Names are UTF-8. */
const FLAGS = 0x0800;

/**
 * Returns a zip file.
 * @param {readonly { name: string, content: Buffer }[]} files
 */
export function zip(files) {
  const bodies = [];
  const entries = [];
  let offset = 0;
  for (const { content, name } of files) {
    const packed = deflateRawSync(content, { level: 9 });
    const nameBytes = Buffer.from(name);
    // Both headers have this part: version, flags, method, time, date, checksum, sizes, length of the name, no extra field.
    const common = Buffer.alloc(26);
    common.writeUInt16LE(NEEDS, 0);
    common.writeUInt16LE(FLAGS, 2);
    common.writeUInt16LE(DEFLATE, 4);
    common.writeUInt16LE(TIME, 6);
    common.writeUInt16LE(DATE, 8);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(nameBytes.length, 22);
    const head = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, nameBytes]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(ATTRIBUTES, 6);
    tail.writeUInt32LE(offset, 10);
    const madeBy = Buffer.alloc(2);
    madeBy.writeUInt16LE(MADE_BY_UNIX);
    bodies.push(head, packed);
    entries.push(Buffer.from('PK\x01\x02', 'latin1'), madeBy, common, tail, nameBytes);
    offset += head.length + packed.length;
  }
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, directory, end]);
}

const TABLE = Uint32Array.from({ length: 256 }, (_, start) => {
  let value = start;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** The checksum of zip. Node's own `zlib.crc32` is newer than the oldest Node that is supported. */
function crc32(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = TABLE[(value ^ byte) & 0xff] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
