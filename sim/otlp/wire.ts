// Reads protobuf's wire format, as far as OTLP uses it (protobuf.dev: encoding).

/** One field: its number, and its value by the type on the wire. */
export type Field = { number: number } & (
  { type: 'varint' | 'fixed64'; value: bigint } | { type: 'fixed32'; value: number } | { type: 'bytes'; value: Buffer }
);

/** Returns the fields of a message in order. @throws Error if the bytes are no message */
export function fieldsOf(message: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const take = (bytes: number): number => {
    const from = at;
    at += bytes;
    if (at > message.length) throw new RangeError('The message ends in the middle of a field.');
    return from;
  };
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[take(1)] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('A varint is longer than ten bytes.');
  };
  while (at < message.length) {
    const key = Number(varint());
    const number = key >>> 3;
    switch (key & 7) {
      case 0:
        fields.push({ number, type: 'varint', value: varint() });
        break;
      case 1:
        fields.push({ number, type: 'fixed64', value: message.readBigUInt64LE(take(8)) });
        break;
      case 2: {
        const length = Number(varint());
        const from = take(length);
        fields.push({ number, type: 'bytes', value: message.subarray(from, from + length) });
        break;
      }
      case 5:
        fields.push({ number, type: 'fixed32', value: message.readUInt32LE(take(4)) });
        break;
      default:
        throw new RangeError(`A field has the unknown wire type ${key & 7}.`);
    }
  }
  return fields;
}

/** Returns the values of a field that is a message, a string or bytes, in order. */
export function bytesOf(fields: readonly Field[], number: number): Buffer[] {
  return fields.flatMap((field) => (field.number === number && field.type === 'bytes' ? [field.value] : []));
}

/** Returns the value of a number. 0 if the field is absent. */
export function numberOf(fields: readonly Field[], number: number): bigint {
  const field = fields.findLast((each) => each.number === number && each.type !== 'bytes');
  return field === undefined || field.type === 'bytes' ? 0n : BigInt(field.value);
}
