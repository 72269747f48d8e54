// MessagePack as Terraform writes the values of a configuration (Terraform: plugin protocol, "cty" values). A value that is not
// known yet is an extension, and numbers that do not fit are text.

/** A value that Terraform learns only by applying. */
export const UNKNOWN = Symbol('unknown');

/** @returns {unknown} the value in `bytes` */
export function decode(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (count) => bytes.subarray(at, (at += count));
  const text = (count) => Buffer.from(take(count)).toString('utf8');
  const whole = (size) => {
    at += size;
    if (size === 1) return view.getUint8(at - 1);
    return size === 2 ? view.getUint16(at - 2) : view.getUint32(at - 4);
  };
  const list = (count) => Array.from({ length: count }, value);
  const map = (count) => Object.fromEntries(Array.from({ length: count }, () => [value(), value()]));
  const extension = (count) => {
    take(count + 1);
    return UNKNOWN;
  };
  function value() {
    const head = whole(1);
    if (head < 0x80) return head;
    if (head < 0x90) return map(head & 15);
    if (head < 0xa0) return list(head & 15);
    if (head < 0xc0) return text(head & 31);
    if (head >= 0xe0) return head - 256;
    if (head >= 0xd4 && head <= 0xd8) return extension(2 ** (head - 0xd4));
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
      case 0xc3:
        return head === 0xc3;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return Buffer.from(take(whole(2 ** (head - 0xc4))));
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return extension(whole(2 ** (head - 0xc7)));
      case 0xca:
        return view.getFloat32((at += 4) - 4);
      case 0xcb:
        return view.getFloat64((at += 8) - 8);
      case 0xcc:
      case 0xcd:
      case 0xce:
        return whole(2 ** (head - 0xcc));
      case 0xcf:
        return Number(view.getBigUint64((at += 8) - 8));
      case 0xd0:
        return view.getInt8((at += 1) - 1);
      case 0xd1:
        return view.getInt16((at += 2) - 2);
      case 0xd2:
        return view.getInt32((at += 4) - 4);
      case 0xd3:
        return Number(view.getBigInt64((at += 8) - 8));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return text(whole(2 ** (head - 0xd9)));
      case 0xdc:
      case 0xdd:
        return list(whole(2 ** (head - 0xdb)));
      case 0xde:
      case 0xdf:
        return map(whole(2 ** (head - 0xdd)));
      default:
        throw new Error(`MessagePack: unexpected byte ${head}`);
    }
  }
  return value();
}

/** @returns {Buffer} `value`, which may hold UNKNOWN anywhere */
export function encode(value) {
  const parts = [];
  write(value);
  return Buffer.concat(parts);

  function head(byte, size, count) {
    const bytes = Buffer.alloc(1 + size);
    bytes[0] = byte;
    if (size === 8) bytes.writeDoubleBE(count, 1);
    else if (size > 0) bytes.writeUIntBE(count, 1, size);
    parts.push(bytes);
  }
  function write(item) {
    if (item === UNKNOWN) parts.push(Buffer.from([0xd4, 0, 0]));
    else if (item === null || item === undefined) head(0xc0, 0);
    else if (typeof item === 'boolean') head(item ? 0xc3 : 0xc2, 0);
    else if (typeof item === 'number') head(0xcb, 8, item);
    else if (typeof item === 'string') {
      const bytes = Buffer.from(item);
      head(0xdb, 4, bytes.length);
      parts.push(bytes);
    } else if (Buffer.isBuffer(item)) {
      head(0xc6, 4, item.length);
      parts.push(item);
    } else if (Array.isArray(item)) {
      head(0xdd, 4, item.length);
      for (const each of item) write(each);
    } else {
      const entries = Object.entries(item);
      head(0xdf, 4, entries.length);
      for (const [name, each] of entries) {
        write(name);
        write(each);
      }
    }
  }
}
