import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { type Anomaly, clearMessage, markMessage, mediaMessage, MediaReader, parseMessage } from './messages.js';

const parse = (value: unknown): unknown => parseMessage(Buffer.from(JSON.stringify(value)));
const accepted = (message: unknown): unknown => ({ ok: true, message });

// As Twilio sends them: counters and timestamps are strings; the rate and the channels are numbers.
const START = {
  event: 'start',
  sequenceNumber: '1',
  streamSid: 'MZ1',
  start: {
    accountSid: 'AC1',
    streamSid: 'MZ1',
    callSid: 'CA1',
    tracks: ['inbound'],
    mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
    customParameters: { token: 'tökén', media: '"media"' },
  },
};
const MEDIA = {
  event: 'media',
  sequenceNumber: '2',
  streamSid: 'MZ1',
  media: { track: 'inbound', chunk: '1', timestamp: '155', payload: '/v8=' },
};

test('every message that Twilio sends is read', () => {
  assert.deepEqual(parse({ event: 'connected', protocol: 'Call', version: '1.0.0' }), accepted({ event: 'connected' }));
  assert.deepEqual(
    parse(START),
    accepted({
      event: 'start',
      start: {
        streamSid: 'MZ1',
        callSid: 'CA1',
        accountSid: 'AC1',
        encoding: 'audio/x-mulaw',
        sampleRateHz: 8000,
        channels: 1,
        customParameters: { token: 'tökén', media: '"media"' },
      },
    }),
  );
  assert.deepEqual(parse(MEDIA), accepted({ event: 'media', streamSid: 'MZ1', payload: '/v8=' }));
  for (const digit of '0123456789*#ABCD') {
    assert.deepEqual(
      parse({ event: 'dtmf', streamSid: 'MZ1', sequenceNumber: '5', dtmf: { track: 'inbound_track', digit } }),
      accepted({ event: 'dtmf', streamSid: 'MZ1', digit }),
    );
  }
  // The word "media" in a name must not make the message read as audio. The name is outside ASCII.
  assert.deepEqual(
    parse({ event: 'mark', streamSid: 'MZ1', mark: { name: '"media" é' }, media: 1 }),
    accepted({ event: 'mark', streamSid: 'MZ1', name: '"media" é' }),
  );
  assert.deepEqual(
    parse({ event: 'stop', streamSid: 'MZ1', stop: { accountSid: 'AC1', callSid: 'CA1' } }),
    accepted({ event: 'stop', streamSid: 'MZ1' }),
  );
});

test('a start message may lack the fields the gateway does not need', () => {
  assert.deepEqual(
    parse({ event: 'start', streamSid: 'MZ1', start: { callSid: 'CA1', customParameters: { a: 1, b: 'x' } } }),
    accepted({
      event: 'start',
      start: {
        streamSid: 'MZ1',
        callSid: 'CA1',
        accountSid: '',
        encoding: '',
        sampleRateHz: 0,
        channels: 0,
        customParameters: { b: 'x' },
      },
    }),
  );
});

test('every malformed message is refused with the name of its anomaly', () => {
  const media = (payload: unknown): unknown => ({ ...MEDIA, media: { payload } });
  const start = (fields: object): unknown => ({ ...START, start: { ...START.start, ...fields } });
  const cases: [unknown, Anomaly][] = [
    [null, 'not-an-object'],
    [[], 'not-an-object'],
    [1, 'not-an-object'],
    ['media', 'not-an-object'],
    [{}, 'unknown-event'],
    [{ event: 'Media' }, 'unknown-event'],
    [{ event: ['media'] }, 'unknown-event'],
    [{ ...MEDIA, media: undefined }, 'malformed-media'],
    [{ ...MEDIA, media: null }, 'malformed-media'],
    [{ ...MEDIA, streamSid: 7 }, 'malformed-media'],
    [media(undefined), 'malformed-media'],
    [media(5), 'malformed-media'],
    [media(''), 'malformed-media'],
    [media('/v8'), 'malformed-media'],
    [media('/v8=\n'), 'malformed-media'],
    [media('_v8='), 'malformed-media'],
    [media('===='), 'malformed-media'],
    [media('/v=8'), 'malformed-media'],
    [{ event: 'mark', streamSid: 'MZ1' }, 'malformed-mark'],
    [{ event: 'mark', streamSid: 'MZ1', mark: { name: 3 } }, 'malformed-mark'],
    [{ event: 'mark', mark: { name: 'a' } }, 'malformed-mark'],
    [{ event: 'dtmf', streamSid: 'MZ1', dtmf: { digit: 1 } }, 'malformed-dtmf'],
    [{ event: 'dtmf', streamSid: 'MZ1', dtmf: { digit: '12' } }, 'malformed-dtmf'],
    [{ event: 'dtmf', streamSid: 'MZ1', dtmf: { digit: 'E' } }, 'malformed-dtmf'],
    [{ event: 'dtmf', streamSid: 'MZ1', dtmf: null }, 'malformed-dtmf'],
    [{ event: 'dtmf', dtmf: { digit: '1' } }, 'malformed-dtmf'],
    [{ event: 'start' }, 'malformed-start'],
    [{ event: 'start', start: null }, 'malformed-start'],
    [start({ callSid: '' }), 'malformed-start'],
    [start({ callSid: 5 }), 'malformed-start'],
    [start({ streamSid: '' }), 'malformed-start'],
    [start({ streamSid: {} }), 'malformed-start'],
  ];
  for (const [value, anomaly] of cases) {
    assert.deepEqual(parse(value), { ok: false, anomaly }, JSON.stringify(value));
  }
  for (const text of ['', '{', 'x', '{"event":"media"', 'undefined', '"media']) {
    assert.deepEqual(parseMessage(Buffer.from(text)), { ok: false, anomaly: 'not-json' }, text);
  }
});

test('parsing a message never throws, whatever its content', () => {
  const events = fc.constantFrom('connected', 'start', 'media', 'mark', 'dtmf', 'stop', 'other');
  const shaped = fc.record(
    {
      event: events,
      streamSid: fc.jsonValue(),
      start: fc.jsonValue(),
      media: fc.oneof(fc.jsonValue(), fc.record({ payload: fc.jsonValue() })),
      mark: fc.oneof(fc.jsonValue(), fc.record({ name: fc.jsonValue() })),
      dtmf: fc.oneof(fc.jsonValue(), fc.record({ digit: fc.jsonValue() })),
    },
    { requiredKeys: ['event'] },
  );
  const format = fc.record({
    callSid: fc.jsonValue(),
    streamSid: fc.jsonValue(),
    mediaFormat: fc.jsonValue(),
    customParameters: fc.jsonValue(),
  });
  fc.assert(
    fc.property(shaped, (value) => void parse(value)),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(format, (start) => void parse({ event: 'start', start })),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void parseMessage(Buffer.from(bytes))),
    { numRuns: 300 },
  );
});

test('a media message with any audio is read back as it was written', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 4000 }), (bytes) => {
      const payload = Buffer.from(bytes).toString('base64');
      assert.deepEqual(
        parseMessage(Buffer.from(mediaMessage('MZ1', payload))),
        accepted({ event: 'media', streamSid: 'MZ1', payload }),
      );
    }),
    { numRuns: 50 },
  );
});

test('the audio of a message as Twilio writes it is found where JSON has it', () => {
  const usual = (changes: object = {}, media: object = {}): string =>
    JSON.stringify({
      event: 'media',
      sequenceNumber: '7',
      media: { track: 'inbound', chunk: '4', timestamp: '220', payload: '/v8=', ...media },
      streamSid: 'MZ1',
      ...changes,
    });
  const known = new MediaReader('MZ1');
  assert.equal(known.read(Buffer.from(usual()))?.base64, '/v8=');
  const audioOf = (text: string): string | undefined => {
    // A reader that knows where the audio begins no longer reads the counters before it.
    const audio = known.read(Buffer.from(text))?.base64;
    if (audio !== undefined) {
      const { media, streamSid } = JSON.parse(text) as { media: { payload: string }; streamSid: string };
      assert.deepEqual([audio, 'MZ1'], [media.payload, streamSid]);
    }
    return new MediaReader('MZ1').read(Buffer.from(text))?.base64;
  };
  for (const bytes of [1, 2, 3, 160, 4000]) {
    const payload = Buffer.alloc(bytes, 0xfb).toString('base64');
    assert.equal(audioOf(usual({}, { payload })), payload);
  }
  assert.equal(audioOf(usual({ sequenceNumber: '123456789012' }, { timestamp: '0' })), '/v8=');
  for (const other of [
    usual({ streamSid: 'MZ2' }),
    usual({ streamSid: 'XMZ1' }),
    usual({ event: 'mark' }),
    usual({ sequenceNumber: '' }),
    usual({ sequenceNumber: '7a' }),
    usual({}, { track: 'outbound' }),
    usual({ sequenceNumber: '77' }, { chunk: '' }),
    usual({}, { more: 1 }),
    usual({ more: 1 }),
    ...['', '/v8', '/v8=\n', '====', '/v=8', '/v8=","payload":"/w=='].map((payload) => usual({}, { payload })),
    `${usual()} `,
    ` ${usual()}`,
    usual().slice(0, -1),
    '{"event":"media","sequenceNumber":"7',
    '',
  ])
    assert.equal(audioOf(other), undefined, other);
});

test('a media message reads the same in the field order of Twilio and in any other', () => {
  const written = (streamSid: string, payload: string): [string, string] => {
    const media = { track: 'inbound', chunk: '4', timestamp: '220', payload };
    return [
      JSON.stringify({ event: 'media', sequenceNumber: '7', media, streamSid }),
      JSON.stringify({ streamSid, sequenceNumber: '7', media, event: 'media' }),
    ];
  };
  for (const [streamSid, payload, expected] of [
    ['MZ1', '/v8=', accepted({ event: 'media', streamSid: 'MZ1', payload: '/v8=' })],
    ['MZ"', '/v8=', accepted({ event: 'media', streamSid: 'MZ"', payload: '/v8=' })],
    ['MZé', '/v8=', accepted({ event: 'media', streamSid: 'MZé', payload: '/v8=' })],
    ['MZ1', '', { ok: false, anomaly: 'malformed-media' }],
    ['MZ1', '/v8', { ok: false, anomaly: 'malformed-media' }],
    ['MZ1', '/v8=\n', { ok: false, anomaly: 'malformed-media' }],
    ['MZ1', '====', { ok: false, anomaly: 'malformed-media' }],
    ['MZ1', '/v8=","payload":"/w==', { ok: false, anomaly: 'malformed-media' }],
  ] as const) {
    for (const text of written(streamSid, payload)) assert.deepEqual(parseMessage(Buffer.from(text)), expected, text);
  }
  for (const more of [' ', '}', ',"event":"mark"}']) {
    const [text] = written('MZ1', '/v8=');
    const isJson = more === ' ';
    assert.equal(parseMessage(Buffer.from(text + more)).ok, isJson, more);
  }
});

test('the messages of the gateway are JSON with the field names of Twilio', () => {
  assert.deepEqual(JSON.parse(mediaMessage('MZ1', '/v8=')), {
    event: 'media',
    streamSid: 'MZ1',
    media: { payload: '/v8=' },
  });
  assert.deepEqual(JSON.parse(markMessage('MZ1', 'm1')), { event: 'mark', streamSid: 'MZ1', mark: { name: 'm1' } });
  assert.deepEqual(JSON.parse(clearMessage('MZ1')), { event: 'clear', streamSid: 'MZ1' });
});

test('a start whose ids are too long to be ids of Twilio is malformed', () => {
  for (const [streamSid, callSid] of [
    ['MZ1', 'C'.repeat(65)],
    ['M'.repeat(65), 'CA1'],
    ['MZ1', 'CA 1'],
    ['MZ1', ''],
  ])
    assert.deepEqual(parse({ event: 'start', streamSid, start: { callSid } }), {
      ok: false,
      anomaly: 'malformed-start',
    });
});

test('a start whose numbers are deep arrays or odd objects is read without an exception', () => {
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
  for (const odd of [deep, '{"valueOf":1,"toString":1}']) {
    const text = `{"event":"start","streamSid":"MZ1","start":{"callSid":"CA1","mediaFormat":{"sampleRate":${odd}}}}`;
    const parsed = parseMessage(Buffer.from(text));
    assert.ok(parsed.ok && parsed.message.event === 'start');
    assert.equal(parsed.message.start.sampleRateHz, 0);
  }
});
