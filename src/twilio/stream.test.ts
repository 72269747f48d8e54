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

for (const [when, waits] of [
  ['', false],
  [' that waited for it', true],
] as const) {
  test(`an owner that throws on a message${when} loses that message and nothing else`, () => throwing(waits));
}

async function throwing(waits: boolean): Promise<void> {
  let found = (): void => undefined;
  const search = new Promise<void>((resolve) => (found = resolve));
  const taken: string[] = [];
  const faults: unknown[] = [];
  const fault = new Error('broken');
  const firstTimeThrows = (what: string): void => {
    taken.push(what);
    if (taken.filter((one) => one === what).length === 1) throw fault;
  };
  const owner: StreamOwner = {
    onStart: () => undefined,
    onAudio: () => firstTimeThrows('audio'),
    onDigit: () => firstTimeThrows('digit'),
    onMark: () => firstTimeThrows('mark'),
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
  // All of it has been read once this is answered.
  socket.ping();
  await once(socket, 'pong');
  found();
  send({ event: 'stop', streamSid: SID });
  await until(() => taken.includes('stop'), 'the end');
  assert.deepEqual(taken, ['audio', 'digit', 'mark', 'audio', 'digit', 'mark', 'stop']);
  assert.deepEqual(faults, [fault, fault, fault]);
  socket.terminate();
  await new Promise((resolve) => server.close(resolve));
}

test('a piece of audio and the mark behind it are written together, at the end of the turn', async (t) => {
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
  assert.ok(now > FRAME.length, 'both wait');
  assert.equal(atEnd, 0);
  await until(() => events.length === 2, 'both');
  assert.deepEqual(events, ['media', 'mark']);
});
