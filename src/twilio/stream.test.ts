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
const brokenOwner: StreamOwner = {
  onStart: () => {
    throw new Error('start');
  },
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
    onEnd: (cause: StreamEnd) => taken.push(cause),
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
  assert.deepEqual(faults, [fault, fault, fault]);
  socket.terminate();
  await new Promise((resolve) => server.close(resolve));
}

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

for (const [how, admit] of [
  [
    'throws',
    () => {
      throw new Error('admission');
    },
  ],
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
