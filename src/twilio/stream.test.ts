import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { FakeClock } from '../../test/support/fake-clock.js';
import { until } from '../../test/support/rig.js';
import { type StreamEnd, type StreamOwner, TwilioStream } from './stream.js';

const SID = `MZ${'1'.repeat(32)}`;
const FRAME = Buffer.alloc(160, 0xff).toString('base64');
const start = {
  event: 'start',
  start: {
    streamSid: SID,
    callSid: `CA${'1'.repeat(32)}`,
    mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
  },
  streamSid: SID,
};

const nothing = (): void => undefined;
const boom = (): never => {
  throw new Error('in the owner');
};
const brokenOwner: StreamOwner = {
  onStart: boom,
  onAudio: nothing,
  onDigit: nothing,
  onMark: nothing,
  onEnd: nothing,
};

for (const [which, waits] of [
  ['', false],
  [' that waited for the owner', true],
] as const) {
  test(`an owner that throws on a message${which} loses that message and nothing else`, () => throwingOwner(waits));
}

async function throwingOwner(waits: boolean): Promise<void> {
  let ownerFound = (): void => undefined;
  const search = new Promise<void>((resolve) => (ownerFound = resolve));
  const taken: string[] = [];
  const faults: unknown[] = [];
  const fault = new Error('broken');
  const throwOnFirst = (kind: string): void => {
    taken.push(kind);
    if (taken.filter((earlier) => earlier === kind).length === 1) throw fault;
  };
  const owner: StreamOwner = {
    onStart: () => undefined,
    onAudio: () => throwOnFirst('audio'),
    onDigit: () => throwOnFirst('digit'),
    onMark: () => throwOnFirst('mark'),
    onEnd: (cause: StreamEnd) => throwOnFirst(cause),
  };
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (socket, request) => {
    const stream = new TwilioStream({
      socket,
      transport: request.socket,
      clock: new FakeClock(),
      admit: () => (waits ? search.then(() => owner) : owner),
      count: (anomaly) => taken.push(anomaly),
      onFault: (error) => faults.push(error),
      onRefused: (reason) => taken.push(reason),
    });
    void stream;
  });
  await once(server, 'listening');
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await once(socket, 'open');
  const send = (message: object): void => socket.send(JSON.stringify(message));
  send(start);
  for (let time = 0; time < 2; time++) {
    send({ event: 'media', media: { payload: FRAME }, streamSid: SID });
    send({ event: 'dtmf', dtmf: { digit: '1' }, streamSid: SID });
    send({ event: 'mark', mark: { name: 'm' }, streamSid: SID });
  }
  // The answer comes after all of these have been read.
  socket.ping();
  await once(socket, 'pong');
  ownerFound();
  send({ event: 'stop', streamSid: SID });
  await until(() => taken.includes('stop'), 'the end');
  assert.deepEqual(taken, ['audio', 'digit', 'mark', 'audio', 'digit', 'mark', 'stop']);
  assert.deepEqual(faults, [fault, fault, fault, fault]);
  socket.terminate();
  await new Promise((resolve) => server.close(resolve));
}

test('an owner that throws at the end of a lost connection costs nothing else', async (t) => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  t.after(() => server.close());
  const faults: unknown[] = [];
  server.on('connection', (socket, request) => {
    const stream = new TwilioStream({
      socket,
      transport: request.socket,
      clock: new FakeClock(),
      admit: () => ({ ...brokenOwner, onStart: nothing, onEnd: boom }),
      count: assert.fail,
      onFault: (error) => faults.push(error),
      onRefused: assert.fail,
    });
    void stream;
  });
  await once(server, 'listening');
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await once(socket, 'open');
  socket.send(JSON.stringify(start));
  socket.close();
  await until(() => faults.length > 0, 'the fault');
  assert.equal(faults.length, 1);
});

test('a piece of audio and the mark behind it go out in one write, at the end of the turn', async (t) => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  t.after(() => server.close());
  const written = new Promise<[now: number, atEnd: number]>((resolve) => {
    server.on('connection', (socket, request) => {
      const { socket: transport } = request;
      const stream = new TwilioStream({
        socket,
        transport,
        clock: new FakeClock(),
        admit: () => ({
          onStart: () => {
            const before = transport.writableLength;
            stream.sendAudio(FRAME);
            stream.sendMark('m');
            const waiting = transport.writableLength - before;
            process.nextTick(() => resolve([waiting, transport.writableLength]));
          },
          onAudio: () => undefined,
          onDigit: () => undefined,
          onMark: () => undefined,
          onEnd: () => undefined,
        }),
        count: () => undefined,
        onFault: () => undefined,
        onRefused: () => undefined,
      });
    });
  });
  await once(server, 'listening');
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  t.after(() => socket.terminate());
  const events: string[] = [];
  socket.on('message', (data: Buffer) => events.push((JSON.parse(data.toString()) as { event: string }).event));
  await once(socket, 'open');
  socket.send(JSON.stringify(start));
  const [now, atEnd] = await written;
  assert.ok(now > FRAME.length, 'audio and mark wait');
  assert.equal(atEnd, 0);
  await until(() => events.length === 2, 'audio and mark');
  assert.deepEqual(events, ['media', 'mark']);
});

for (const [what, messages, reason] of [
  ['with twenty unusable messages', Array.from({ length: 21 }, () => '{}'), 'no start among the first messages'],
  ['with a message of 17 KiB', ['x'.repeat(17 * 1024)], 'a message before the call is known is too large'],
] as const) {
  test(`a stream that begins ${what} is closed before it is looked up`, async (t) => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    t.after(() => server.close());
    const refused: string[] = [];
    let lookUps = 0;
    let counted = 0;
    server.on('connection', (socket, request) => {
      const stream = new TwilioStream({
        socket,
        transport: request.socket,
        clock: new FakeClock(),
        admit: () => {
          lookUps++;
          return { refused: 'unknown call' };
        },
        count: () => counted++,
        onFault: () => undefined,
        onRefused: (reason) => refused.push(reason),
      });
      void stream;
    });
    await once(server, 'listening');
    const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    t.after(() => socket.terminate());
    await once(socket, 'open');
    for (const message of messages) socket.send(message);
    socket.send(JSON.stringify(start));
    const [code] = (await once(socket, 'close')) as [number];
    assert.equal(code, 1008);
    assert.deepEqual([refused, lookUps, counted], [[reason], 0, messages.length - 1]);
  });
}
test('a stream whose backlog passes 1 MiB is broken and counted, and one below goes on', async (t) => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  t.after(() => server.close());
  const piece = Buffer.alloc(48 * 1024, 0xff).toString('base64');
  /** Bytes that waited before each piece, until the stream was broken. */
  const waiting: number[] = [];
  const anomalies: string[] = [];
  const ends: StreamEnd[] = [];
  server.on('connection', (socket, request) => {
    const stream = new TwilioStream({
      socket,
      transport: request.socket,
      clock: new FakeClock(),
      admit: () => ({
        onStart: () => {
          // What is sent in one turn waits for its end, as if the network took nothing.
          for (let sent = 1; sent <= 40; sent++) {
            if (anomalies.length === 0) waiting.push(stream.bufferedBytes);
            stream.sendAudio(piece);
          }
        },
        onAudio: () => undefined,
        onDigit: () => undefined,
        onMark: () => undefined,
        onEnd: (cause) => ends.push(cause),
      }),
      count: (anomaly) => anomalies.push(anomaly),
      onFault: () => undefined,
      onRefused: () => undefined,
    });
  });
  await once(server, 'listening');
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  t.after(() => socket.terminate());
  const closed = once(socket, 'close');
  await once(socket, 'open');
  socket.send(JSON.stringify(start));
  await closed;
  await until(() => ends.length === 1, 'the end');
  assert.deepEqual(ends, ['lost']);
  assert.deepEqual(anomalies, ['backlog'], 'counted once');
  const limit = 1024 * 1024;
  assert.deepEqual(
    waiting.map((bytes) => bytes > limit),
    waiting.map((_, index) => index === waiting.length - 1),
    'only the last piece found too much waiting',
  );
});

for (const [how, admit] of [
  ['throws', boom],
  ['rejects', () => Promise.reject(new Error('admission'))],
  ['finds an owner that cannot start', () => brokenOwner],
  ['finds, after a search, an owner that cannot start', () => Promise.resolve(brokenOwner)],
] as const) {
  test(`a stream whose admission ${how} is closed at once, and the fault is reported`, async () => {
    const faults: unknown[] = [];
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    server.on('connection', (socket, request) => {
      const stream = new TwilioStream({
        socket,
        transport: request.socket,
        clock: new FakeClock(),
        admit,
        count: assert.fail,
        onFault: (error) => faults.push(error),
        onRefused: () => undefined,
      });
      void stream;
    });
    await once(server, 'listening');
    const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await once(socket, 'open');
    socket.send(JSON.stringify(start));
    await once(socket, 'close');
    assert.equal(faults.length, 1);
    await new Promise((resolve) => server.close(resolve));
  });
}
