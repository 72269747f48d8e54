import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import { test } from 'node:test';
import { failure, withOpenAi } from '../../../test/support/openai-rig.js';

test('a service that accepts the connection but not the settings in time has stalled', () =>
  withOpenAi(
    async (rig) => {
      rig.service.isSilent = true;
      rig.open();
      await (await rig.service.connected()).next('session.update');
      rig.clock.advance(2999);
      assert.deepEqual(rig.recorder.types, []);
      rig.clock.advance(1);
      assert.equal((await failure(rig)).code, 'VOICE_STALLED');
    },
    { openTimeoutMs: 3000 },
  ));

test('a server that accepts the connection and never answers the handshake has stalled', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  await withOpenAi(
    async (rig) => {
      rig.open();
      await once(server, 'connection');
      rig.clock.advance(5000);
      assert.equal((await failure(rig)).code, 'VOICE_STALLED');
    },
    { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` },
  );
  for (const socket of sockets) socket.destroy();
  server.close();
});

test('a dead connection is noticed at the second ping', () =>
  withOpenAi(
    async (rig) => {
      const { connection } = await rig.ready();
      connection.socket.pause();
      rig.clock.advance(10_000);
      assert.equal(rig.recorder.of('failed').length, 0);
      rig.clock.advance(10_000);
      assert.equal((await failure(rig)).code, 'VOICE_UNREACHABLE');
    },
    { limits: { patienceMs: 3_600_000 } },
  ));

test('a session whose pings are answered stays open', () =>
  withOpenAi(
    async (rig) => {
      const { connection } = await rig.ready();
      for (let round = 0; round < 5; round++) {
        const pinged = once(connection.socket, 'ping');
        rig.clock.advance(10_000);
        await pinged;
        await connection.settled();
      }
      assert.equal(rig.recorder.of('failed').length, 0);
    },
    { limits: { patienceMs: 3_600_000 } },
  ));

test('a service that never answers a request has stalled', () =>
  withOpenAi(async (rig) => {
    const { connection, session } = await rig.ready();
    rig.clock.advance(6000);
    session.say('Hello.', 's1');
    await connection.next('response.create');
    rig.clock.advance(9999);
    assert.equal(rig.recorder.of('failed').length, 0);
    rig.clock.advance(1);
    assert.equal((await failure(rig)).code, 'VOICE_STALLED');
    assert.equal(rig.recorder.of('response-done')[0]?.status, 'failed');
  }));

test("a service that never answers the caller's turn has stalled", () =>
  withOpenAi(async (rig) => {
    const { connection } = await rig.ready();
    connection.callerSpeaks('c1');
    connection.callerStops('c1');
    await rig.recorder.nth('caller-turn');
    rig.clock.advance(10_000);
    assert.equal((await failure(rig)).code, 'VOICE_STALLED');
  }));

test('a silent service that owes nothing is probed for a sign of life', () =>
  withOpenAi(async (rig) => {
    const { connection } = await rig.ready();
    for (let round = 0; round < 3; round++) {
      rig.clock.advance(10_000);
      const probe = await connection.next('session.update');
      assert.deepEqual(probe['session'], { type: 'realtime' });
      connection.error('whatever', probe['event_id']);
      await connection.settled();
    }
    assert.equal(rig.recorder.of('failed').length, 0);
    rig.clock.advance(10_000);
    await connection.next('session.update');
    // Pings are answered all the while.
    await connection.settled();
    rig.clock.advance(10_000);
    assert.equal((await failure(rig)).code, 'VOICE_STALLED');
  }));
