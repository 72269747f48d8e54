import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OtlpReceiver } from './receiver.js';
import { spansInProtobuf } from './spans.js';

/** A field that is a message, a string or bytes, in hexadecimal. */
const field = (number: number, ...parts: readonly string[]): string => {
  const value = parts.join('');
  return hex((number << 3) | 2) + hex(value.length / 2) + value;
};
const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
const text = (value: string): string => Buffer.from(value).toString('hex');

// The request of the JSON below, by the field numbers of opentelemetry-proto. A key with the wire type 0 or 1 is written as it is.
const PROTOBUF = Buffer.from(
  field(
    1,
    field(1, field(1, field(1, text('service.name')), field(2, field(1, text('gwc'))))),
    field(
      2,
      field(1, field(1, text('tandem'))),
      field(
        2,
        field(1, '6930bc80'.padEnd(32, 'a')),
        field(2, 'b'.repeat(16)),
        field(5, text('call')),
        '3002',
        '3900ca9a3b00000000',
        '410094357700000000',
        field(9, field(1, text('n')), field(2, '189601')),
        field(15, '1802'),
      ),
    ),
  ),
  'hex',
);
const JSON_REQUEST = {
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'gwc' } }] },
      scopeSpans: [
        {
          scope: { name: 'tandem' },
          spans: [
            {
              traceId: '6930bc80'.padEnd(32, 'a'),
              spanId: 'b'.repeat(16),
              name: 'call',
              kind: 2,
              startTimeUnixNano: '1000000000',
              endTimeUnixNano: '2000000000',
              attributes: [{ key: 'n', value: { intValue: '150' } }],
              status: { code: 2 },
            },
          ],
        },
      ],
    },
  ],
};
const SPAN = {
  traceId: '6930bc80'.padEnd(32, 'a'),
  spanId: 'b'.repeat(16),
  parentId: '',
  name: 'call',
  kind: 'server',
  startMs: 1000,
  endMs: 2000,
  attributes: { n: 150 },
  status: 'error',
  links: [],
  resource: { 'service.name': 'gwc' },
  scope: 'tandem',
};

test('the receiver reads the same spans from protobuf and from JSON', async () => {
  const receiver = await new OtlpReceiver().start();
  try {
    for (const [type, body] of [
      ['application/x-protobuf', PROTOBUF],
      ['application/json', JSON.stringify(JSON_REQUEST)],
    ] as const) {
      const answer = await fetch(`${receiver.url}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': type },
        body,
      });
      assert.equal(answer.status, 200);
    }
    assert.deepEqual(receiver.spans, [SPAN, SPAN]);
    const broken = await fetch(receiver.url, { method: 'POST', body: PROTOBUF.subarray(0, 40) });
    assert.equal(broken.status, 400);
  } finally {
    await receiver.close();
  }
});

test('bytes that are no request of OTLP are refused', () => {
  for (const bytes of ['0a', '0aff', '0b00', '0a04ffffffff'])
    assert.throws(() => spansInProtobuf(Buffer.from(bytes, 'hex')), RangeError, bytes);
});
