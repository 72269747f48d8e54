import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { describe, test } from 'node:test';
import { type CarrierRig, type CarrierRigOptions, streamTwiml, withCarrier } from '../../test/support/carrier-rig.js';
import { FAKE_HOST, FakeGateway } from '../../test/support/fake-gateway.js';
import { until } from '../../test/support/rig.js';
import { selfSigned } from '../../test/support/self-signed.js';

const STATUS = `https://${FAKE_HOST}/status`;
const WITH_ACTION = streamTwiml(`statusCallback="${STATUS}"`, '', `action="https://${FAKE_HOST}/action"`);
const HANGUP = '<Hangup/>';

/** A call with `twiml`, to its end; the action answers with a hang-up. */
async function runCall(
  options: CarrierRigOptions & { twiml?: string },
  during: (rig: CarrierRig) => Promise<void> | void = () => undefined,
): Promise<{ problems: number[]; events: (string | null)[]; outcomes: string[]; actions: string[]; end: string }> {
  const { twiml = WITH_ACTION, ...carrierOptions } = options;
  const outcomes: string[] = [];
  let result;
  await withCarrier(carrierOptions, async (rig) => {
    rig.gateway.say('/voice', twiml);
    rig.gateway.say('/action', HANGUP);
    const call = rig.call();
    call.on('stream-ended', (outcome) => outcomes.push(outcome));
    await during(rig);
    const end = await call.whenEnded();
    await rig.carrier.whenIdle();
    result = {
      problems: rig.problems,
      events: rig.gateway.of('/status').map(({ form }) => form.get('StreamEvent')),
      actions: rig.gateway.of('/action').map(({ form }) => form.get('CallStatus') ?? ''),
      outcomes,
      end,
    };
  });
  return result as never;
}

const opened = async (rig: CarrierRig): Promise<void> =>
  until(() => rig.gateway.streams.at(-1)?.of('start').length === 1, 'the stream');

/** A server that only knows TCP. */
async function rawServer(onConnection: (socket: Socket) => void): Promise<{ base: string; server: Server }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return { server, base: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe('simulated carrier: a stream that does not open', () => {
  const refused = { events: ['stream-error'], actions: ['in-progress'], end: 'gateway-hung-up' };

  for (const [what, attributes, code] of [
    ['malformed URL', 'url="not a url"', 31923],
    ['missing URL', '', 31923],
    ['scheme other than wss', `url="https://${FAKE_HOST}/stream"`, 31922],
    ['unencrypted scheme', `url="ws://${FAKE_HOST}/stream"`, 31922],
    ['track that is not possible', `url="wss://${FAKE_HOST}/stream" track="both_tracks"`, 31941],
  ] as const) {
    test(`for its ${what} (${code}) ends in the action`, async () => {
      const twiml = `<Connect action="/action"><Stream ${attributes} statusCallback="${STATUS}"/></Connect>`;
      const result = await runCall({ twiml });
      assert.deepEqual(result, { ...refused, problems: [code], outcomes: [] });
    });
  }

  test('because the answer is not 101 (31920)', async () => {
    const result = await runCall({}, ({ gateway }) => {
      gateway.onUpgrade = (_request, socket) => socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    });
    assert.deepEqual(result, { ...refused, problems: [31920], outcomes: ['refused'] });
  });

  test('because the 101 is no WebSocket handshake (31920)', async () => {
    const result = await runCall({}, ({ gateway }) => {
      gateway.onUpgrade = (_request, socket) =>
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n',
        );
    });
    assert.deepEqual(result, { ...refused, problems: [31920], outcomes: ['refused'] });
  });

  test('because nobody listens there (31902)', async () => {
    const { base, server } = await rawServer(() => undefined);
    server.close();
    const result = await runCallElsewhere(base);
    assert.deepEqual(result, { ...refused, problems: [31902], outcomes: ['refused'] });
  });

  test('because there is no such host (31901)', async () => {
    const result = await runCallElsewhere(undefined);
    assert.deepEqual(result, { ...refused, problems: [31901], outcomes: [] });
  });

  test('because nobody answers the upgrade (31901)', async () => {
    let isAsked = false;
    const result = await runCall({}, async ({ clock, gateway }) => {
      gateway.onUpgrade = () => (isAsked = true);
      await until(() => isAsked, 'the upgrade');
      clock.advance(5000);
    });
    assert.deepEqual(result, { ...refused, problems: [31901], outcomes: ['refused'] });
  });

  test('because the connection breaks before the answer (31903)', async () => {
    const result = await runCall({}, ({ gateway }) => {
      gateway.onUpgrade = (_request, socket) => socket.destroy();
    });
    assert.deepEqual(result, { ...refused, problems: [31903], outcomes: ['refused'] });
  });

  test('because nobody speaks TLS there (31910)', async () => {
    const { base, server } = await rawServer((socket) => socket.end('this is no TLS at all\r\n'));
    const result = await runCallElsewhere(base.replace('http:', 'https:'));
    server.close();
    assert.deepEqual(result, { ...refused, problems: [31910], outcomes: ['refused'] });
  });

  test('because the certificate is not one to trust (31910)', async () => {
    const { base, close } = await secureGateway();
    const result = await runCallElsewhere(base);
    await close();
    assert.deepEqual(result, { ...refused, problems: [31910], outcomes: ['refused'] });
  });

  test('goes on with the next verb when there is no action', async () => {
    const twiml = `<Connect><Stream url="ws://${FAKE_HOST}/stream"/></Connect><Say>Sorry.</Say>`;
    const said: string[] = [];
    await withCarrier({}, async ({ call, clock, gateway }) => {
      gateway.say('/voice', twiml);
      const live = call();
      live.on('say', (text) => said.push(text));
      await until(() => said.length > 0, 'the next verb');
      clock.advance(10_000);
      assert.equal(await live.whenEnded(), 'no-more-twiml');
    });
  });

  async function secureGateway(): Promise<{ base: string; close: () => Promise<void> }> {
    const gateway = await new FakeGateway(selfSigned('127.0.0.1')).start();
    return { base: gateway.base, close: () => gateway.close() };
  }

  /** The webhooks reach the gateway, the stream's host is somewhere else. */
  async function runCallElsewhere(address: string | undefined): ReturnType<typeof runCall> {
    const twiml = `<Connect action="/action"><Stream url="wss://elsewhere.example.com/stream" statusCallback="${STATUS}"/></Connect>`;
    return runCall(address === undefined ? { twiml } : { twiml, elsewhere: address });
  }
});

describe('simulated carrier: a stream ends', () => {
  const streamed = { events: ['stream-started', 'stream-stopped'] };

  test('with stop and a close frame when the caller hangs up; the action is asked and its answer ignored', async () => {
    const result = await runCall({}, async (rig) => {
      await opened(rig);
      rig.gateway.say('/action', '<Say>Is anybody there?</Say>');
      const { stream } = rig.gateway;
      const call = rig.carrier.find(stream.of('start')[0]?.start.callSid ?? '');
      call?.on('say', () => assert.fail('nobody is there to hear it'));
      call?.hangup();
      await until(() => stream.closeCode !== undefined, 'the close frame');
      assert.deepEqual(stream.of('stop')[0], {
        event: 'stop',
        sequenceNumber: '2',
        stop: { accountSid: rig.carrier.options.accountSid, callSid: call?.callSid },
        streamSid: stream.streamSid,
      });
      assert.equal(stream.closeCode, 1000);
    });
    assert.deepEqual(result, {
      ...streamed,
      problems: [],
      outcomes: ['stopped'],
      actions: ['completed'],
      end: 'caller-hung-up',
    });
  });

  test('when the server closes it (31921), and the action says what next', async () => {
    const result = await runCall({}, async (rig) => {
      await opened(rig);
      rig.gateway.stream.socket.close(1000);
    });
    assert.deepEqual(result, {
      ...streamed,
      problems: [31921],
      outcomes: ['server-closed'],
      actions: ['in-progress'],
      end: 'gateway-hung-up',
    });
  });

  test('when the connection breaks without a word (31903)', async () => {
    const result = await runCall({}, async (rig) => {
      await opened(rig);
      rig.gateway.stream.raw.destroy();
    });
    assert.deepEqual(result, {
      events: ['stream-started', 'stream-error', 'stream-stopped'],
      problems: [31903],
      outcomes: ['dropped'],
      actions: ['in-progress'],
      end: 'gateway-hung-up',
    });
  });

  test('when the TCP connection is reset (31903)', async () => {
    const result = await runCall({}, async (rig) => {
      await opened(rig);
      (rig.gateway.stream.raw as Socket).resetAndDestroy();
    });
    assert.deepEqual([result.problems, result.outcomes, result.actions], [[31903], ['dropped'], ['in-progress']]);
  });

  for (const [what, bytes] of [
    ['a fragmented control frame', [0x09, 0x00]],
    ['a reserved bit', [0xf1, 0x00]],
    ['a masked frame', [0x81, 0x80, 0, 0, 0, 0]],
    ['text that is not UTF-8', [0x81, 0x01, 0xff]],
  ] as const) {
    test(`at ${what}, which is not WebSocket (31924)`, async () => {
      const result = await runCall({}, async (rig) => {
        await opened(rig);
        rig.gateway.stream.raw.write(Buffer.from(bytes));
      });
      assert.deepEqual([result.problems, result.outcomes, result.actions], [[31924], ['violated'], ['in-progress']]);
      assert.deepEqual(result.events, ['stream-started', 'stream-error', 'stream-stopped']);
    });
  }

  test('not at all while the server hangs with its socket open', async () => {
    const result = await runCall({}, async (rig) => {
      await opened(rig);
      rig.gateway.stream.raw.pause();
      const call = rig.carrier.find(rig.gateway.stream.of('start')[0]?.start.callSid ?? '');
      let heardMs = 0;
      call?.on('heard', (frame) => (heardMs += frame.every((byte) => byte === 0xff) ? 20 : 0));
      rig.clock.advance(60_000);
      assert.equal(call?.isOver, false);
      assert.equal(heardMs, 60_000, 'the caller hears silence');
      call.hangup();
      // The server does not answer the close frame either.
      rig.clock.advance(2000);
    });
    assert.deepEqual(
      [result.problems, result.outcomes, result.actions, result.end],
      [[], ['stopped'], ['completed'], 'caller-hung-up'],
    );
  });

  test('without an action the next verb runs, without one the call is over', async () => {
    for (const [after, end] of [
      [HANGUP, 'gateway-hung-up'],
      ['', 'no-more-twiml'],
    ] as const) {
      const result = await runCall({ twiml: streamTwiml() + after }, async (rig) => {
        await opened(rig);
        rig.gateway.stream.socket.close();
      });
      assert.deepEqual([result.problems, result.end, result.actions], [[31921], end, []]);
    }
  });

  test('and another begins under the same call, with a sid of its own and its counters anew', async () => {
    await runCall({}, async (rig) => {
      await opened(rig);
      const first = rig.gateway.stream;
      rig.gateway.say('/action', streamTwiml());
      first.socket.close();
      await until(() => rig.gateway.streams.length === 2, 'the second stream');
      await opened(rig);
      const [start] = rig.gateway.stream.of('start');
      assert.equal(start?.sequenceNumber, '1');
      assert.equal(start.start.callSid, first.of('start')[0]?.start.callSid);
      assert.notEqual(start.streamSid, first.streamSid);
      rig.gateway.stream.socket.close();
    });
  });

  test('over TLS as without, where the certificate is trusted', async () => {
    const tls = selfSigned('127.0.0.1');
    const result = await runCall({ tls, ca: tls.cert }, async (rig) => {
      await opened(rig);
      rig.gateway.stream.socket.close();
    });
    assert.deepEqual([result.problems, result.actions], [[31921], ['in-progress']]);
  });
});

test('a server that does not answer the close frame is cut off after two seconds, and then a change over REST runs', async () => {
  await withCarrier({}, async (rig) => {
    let socket: Duplex | undefined;
    rig.gateway.onUpgrade = (request, upgraded) => {
      const key = `${request.headers['sec-websocket-key'] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
      const accept = createHash('sha1').update(key).digest('base64');
      upgraded.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      // Reads everything, and says nothing more.
      upgraded.resume();
      socket = upgraded;
    };
    rig.gateway.say('/voice', WITH_ACTION);
    const call = rig.call();
    let isOpen = false;
    call.on('stream-started', () => (isOpen = true));
    await until(() => isOpen, 'the stream');
    let isClosed = false;
    socket?.on('end', () => (isClosed = true));
    socket?.on('close', () => (isClosed = true));
    call.redirect({ twiml: '<Response><Hangup/></Response>' });
    await until(() => call.mediaStream === undefined, 'the stop');
    rig.clock.advance(1999);
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
    assert.deepEqual([isClosed, call.isOver], [false, false]);
    rig.clock.advance(1);
    assert.equal(await call.whenEnded(), 'gateway-hung-up');
    await until(() => isClosed, 'the end of the connection');
  });
});
